//! The sets, and what to say of each.

/// A family of imports that one host module answers.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum HostSet {
    /// The WebAssembly System Interface, preview 1.
    Wasi,
    /// Messages, as tutorials and small programs import them.
    Console,
    /// Functions of JavaScript's `Math`.
    Math,
    /// The module of the specification's test suite.
    Spectest,
    /// What AssemblyScript's runtime imports.
    AssemblyScript,
    /// What programs of Emscripten import that compute and print.
    Emscripten,
    /// The same with shortened names.
    EmscriptenMinified,
    /// Host functions that await a time.
    Timer,
    /// Strings of `wasm:js-string`.
    JsString,
    /// What Go imports from its own JavaScript.
    Gojs,
    /// What `wasm-bindgen` imports from the JavaScript that it writes.
    WasmBindgen,
}

impl HostSet {
    /// All of them, those that are provided first.
    pub const ALL: [HostSet; 11] = [
        HostSet::Wasi,
        HostSet::Console,
        HostSet::Math,
        HostSet::Spectest,
        HostSet::AssemblyScript,
        HostSet::Emscripten,
        HostSet::Timer,
        HostSet::JsString,
        HostSet::EmscriptenMinified,
        HostSet::Gojs,
        HostSet::WasmBindgen,
    ];

    /// Its name in files and on the command line; it stays the same.
    pub fn name(self) -> &'static str {
        match self {
            HostSet::Wasi => "wasi",
            HostSet::Console => "console",
            HostSet::Math => "math",
            HostSet::Spectest => "spectest",
            HostSet::AssemblyScript => "assembly_script",
            HostSet::Emscripten => "emscripten",
            HostSet::EmscriptenMinified => "emscripten_minified",
            HostSet::Timer => "timer",
            HostSet::JsString => "js_string",
            HostSet::Gojs => "gojs",
            HostSet::WasmBindgen => "wasm_bindgen",
        }
    }

    /// The set of this [name](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }

    /// What a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            HostSet::Wasi => "WASI",
            HostSet::Console => "Console",
            HostSet::Math => "Math",
            HostSet::Spectest => "spectest",
            HostSet::AssemblyScript => "AssemblyScript",
            HostSet::Emscripten => "Emscripten",
            HostSet::EmscriptenMinified => "Emscripten, minified",
            HostSet::Timer => "Timer",
            HostSet::JsString => "JS strings",
            HostSet::Gojs => "Go for JavaScript",
            HostSet::WasmBindgen => "wasm-bindgen",
        }
    }

    /// What it does, in a sentence.
    pub fn summary(self) -> &'static str {
        match self {
            HostSet::Wasi => {
                "The system interface of programs built for wasm32-wasip1: arguments, files, clocks, \
                 standard input and output."
            }
            HostSet::Console => {
                "Writes numbers and texts to the console, as log, print, puts and their like do in \
                 tutorials."
            }
            HostSet::Math => "Answers sin, pow, exp and their like, as JavaScript's Math does.",
            HostSet::Spectest => {
                "The functions, globals, table and memory that the specification's test suite imports."
            }
            HostSet::AssemblyScript => {
                "The abort, trace, seed and console functions that AssemblyScript programs import."
            }
            HostSet::Emscripten => {
                "What C and C++ programs built by Emscripten import to compute and print: heap growth, \
                 clocks, setjmp and exceptions; files and the browser are not there."
            }
            HostSet::EmscriptenMinified => {
                "A program of Emscripten whose imports have shortened names; only the JavaScript built \
                 with it knows what they mean."
            }
            HostSet::Timer => {
                "A sleep that awaits its time, while other tasks go on, and a clock in milliseconds."
            }
            HostSet::JsString => "The strings of wasm:js-string, kept in the engine's own heap.",
            HostSet::Gojs => {
                "Go built for GOOS=js: it talks to the page through Go's own JavaScript, wasm_exec.js."
            }
            HostSet::WasmBindgen => {
                "Rust built with wasm-bindgen: its imports are JavaScript that was written for this one \
                 module."
            }
        }
    }

    /// Whether imports can be linked to it here.
    pub fn is_provided(self) -> bool {
        match self {
            HostSet::Wasi
            | HostSet::Console
            | HostSet::Math
            | HostSet::Spectest
            | HostSet::AssemblyScript
            | HostSet::Emscripten
            | HostSet::Timer
            | HostSet::JsString => true,
            HostSet::EmscriptenMinified | HostSet::Gojs | HostSet::WasmBindgen => false,
        }
    }

    /// For a set that is not provided: why, and what a person can do instead.
    pub fn advice(self) -> Option<&'static str> {
        match self {
            HostSet::EmscriptenMinified => Some(
                "Emscripten has shortened the names of these imports (-O2 and above do), and which \
                 function each one is stands only in the JavaScript file built with the module. Build it \
                 again with -O1, with --profiling-funcs or with -sSTANDALONE_WASM, and the names \
                 stay. As it is, answer the calls by hand, or set their policy to zero or trap.",
            ),
            HostSet::Gojs => Some(
                "Go built with GOOS=js calls JavaScript objects through wasm_exec.js, which belongs to \
                 one version of Go and needs a page around it, so it cannot be provided here. Build with \
                 GOOS=wasip1 GOARCH=wasm instead (TinyGo: -target=wasip1), and the program imports \
                 WASI only. As it is, answer the calls by hand, or set their policy to zero or trap.",
            ),
            HostSet::WasmBindgen => Some(
                "These functions are JavaScript that wasm-bindgen wrote for this very module, over \
                 values of a page, so nobody else can provide them. Calls are answered by hand, or by \
                 the policy zero or trap: functions of the module that use no page often run so. To run \
                 the whole program, build it for wasm32-wasip1 without wasm-bindgen; for a library, \
                 leave the bindings out with a feature.",
            ),
            HostSet::Wasi
            | HostSet::Console
            | HostSet::Math
            | HostSet::Spectest
            | HostSet::AssemblyScript
            | HostSet::Emscripten
            | HostSet::Timer
            | HostSet::JsString => None,
        }
    }
}
