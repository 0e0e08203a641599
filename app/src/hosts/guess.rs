//! Which set an import means, by its module's name, its own name and its type.

use std::fmt;

use stepwell_engine::module::Import;
use stepwell_engine::{ExternType, Module};

use super::call::Lookup;
use super::{
    HostSet, assembly_script, console, emscripten, js_string, math, spectest, timer, wasi,
};

/// That a set has something of an import's name, but of another type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// The set.
    pub set: HostSet,
    /// What it has, in words or as a type.
    pub expected: String,
    /// What the module asks for.
    pub found: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { set, expected, found } = self;
        write!(f, "{} has one of this name, but it is {expected}; imported is {found}", set.title())
    }
}

/// A module whose imports are looked at, one after the other.
#[derive(Clone, Debug)]
pub struct Importer {
    is_emscripten: bool,
}

impl Importer {
    /// What a module's other imports and its exports say about each import.
    pub fn of(module: &Module) -> Self {
        Self { is_emscripten: emscripten::is_emscripten(module) }
    }

    /// The sets that could be meant, likely ones first. Names alone decide.
    fn candidates(&self, import: &Import) -> &'static [HostSet] {
        use HostSet::{
            AssemblyScript, Console, Emscripten, EmscriptenMinified, Gojs, JsString, Math,
            Spectest, Timer, Wasi, WasmBindgen,
        };
        let name = &*import.name;
        match &*import.module {
            module if wasi::MODULES.contains(&module) => &[Wasi],
            "spectest" => &[Spectest],
            module if js_string::MODULES.contains(&module) => &[JsString],
            "gojs" => &[Gojs],
            "go" if name.contains('.') || name == "debug" => &[Gojs],
            module if is_wasm_bindgen(module) => &[WasmBindgen],
            "a" if is_minified(name) => &[EmscriptenMinified],
            "Math" => &[Math],
            timer::MODULE => &[Timer],
            "env" => match import.ty {
                ExternType::Func(_) => &[AssemblyScript, Emscripten, Console, Math],
                _ if self.is_emscripten => &[Emscripten],
                _ => &[Console],
            },
            module if console::MODULES.contains(&module) => &[Console, Math],
            _ => &[],
        }
    }

    /// The set that an import of a module most likely means; it may be one that is
    /// [not provided](HostSet::is_provided). `None` if there is none, or it does not
    /// [fit](Self::misfit).
    pub fn guess(&self, import: &Import) -> Option<HostSet> {
        let recognised = |set: &&HostSet| provides(**set, import) || !set.is_provided();
        self.candidates(import).iter().find(recognised).copied()
    }

    /// Why an import has no [`guess`](Self::guess) although a set has something of its name.
    pub fn misfit(&self, import: &Import) -> Option<Misfit> {
        let candidates = self.candidates(import);
        if candidates.iter().any(|set| provides(*set, import)) {
            return None;
        }
        candidates.iter().find_map(|set| {
            let wanted = match set {
                HostSet::JsString if js_string::is_named(import) => "something else".to_owned(),
                set => match look_up(*set, import) {
                    Lookup::Misfit(wanted) => wanted,
                    Lookup::Unknown | Lookup::Found(_) => return None,
                },
            };
            Some(Misfit { set: *set, expected: wanted, found: import.ty.to_string() })
        })
    }

    /// What to tell a person about an import that no set provides: what it is and what can be done.
    pub fn advice(&self, import: &Import) -> Option<String> {
        if let Some(misfit) = self.misfit(import) {
            return Some(misfit.to_string());
        }
        match self.guess(import) {
            Some(set) => {
                let mut text = set.advice()?.to_owned();
                let likely = match set {
                    HostSet::EmscriptenMinified => emscripten::could_be(import),
                    _ => Vec::new(),
                };
                if !likely.is_empty() {
                    text.push_str(&format!(" By its type it could be {}.", likely.join(" or ")));
                }
                Some(text)
            }
            None if &*import.module == "env" => emscripten::advice(&import.name).map(str::to_owned),
            None => None,
        }
    }
}

fn is_wasm_bindgen(module: &str) -> bool {
    matches!(module, "wbg" | "__wbindgen_placeholder__" | "__wbindgen_externref_xform__")
        || module.ends_with("_bg.js")
        || module.ends_with("_bg.mjs")
}

fn is_minified(name: &str) -> bool {
    (1..=2).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
}

/// What a set has for an import.
pub(super) fn look_up(set: HostSet, import: &Import) -> Lookup {
    match set {
        HostSet::Console => console::look_up(import),
        HostSet::Math => math::look_up(import),
        HostSet::Spectest => spectest::look_up(import),
        HostSet::AssemblyScript => assembly_script::look_up(import),
        HostSet::Emscripten => emscripten::look_up(import),
        HostSet::Wasi => wasi::misfit(import).map_or(Lookup::Unknown, Lookup::Misfit),
        HostSet::Timer => timer::misfit(import).map_or(Lookup::Unknown, Lookup::Misfit),
        HostSet::JsString | HostSet::EmscriptenMinified | HostSet::Gojs | HostSet::WasmBindgen => {
            Lookup::Unknown
        }
    }
}

/// Whether a set has exactly this import, its type included.
pub fn provides(set: HostSet, import: &Import) -> bool {
    match set {
        HostSet::Wasi => wasi::provides(import),
        HostSet::Timer => timer::provides(import),
        HostSet::JsString => js_string::provides(import),
        set => matches!(look_up(set, import), Lookup::Found(_)),
    }
}
