use super::super::{HostSet, Importer, provides};
use super::module;

/// What each import of a module is taken for.
fn sets(wat: &str) -> Vec<Option<HostSet>> {
    let module = module(wat);
    let importer = Importer::of(&module);
    module.imports().iter().map(|import| importer.guess(import)).collect()
}

fn one(import: &str) -> Option<HostSet> {
    sets(&format!("(module (import {import}))"))[0]
}

#[test]
fn typical_imports() {
    let cases = [
        (r#""my_namespace" "imported_func" (func (param i32))"#, Some(HostSet::Console)),
        (r#""imports" "imported_func" (func (param i32))"#, Some(HostSet::Console)),
        (r#""console" "log" (func (param i32 i32))"#, Some(HostSet::Console)),
        (r#""env" "log" (func (param i32))"#, Some(HostSet::Console)),
        (r#""env" "log" (func (param f64) (result f64))"#, Some(HostSet::Math)),
        (r#""js" "mem" (memory 1)"#, Some(HostSet::Console)),
        (r#""js" "global" (global (mut i32))"#, Some(HostSet::Console)),
        (r#""env" "__stack_pointer" (global (mut i32))"#, None),
        (
            r#""env" "emscripten_resize_heap" (func (param i32) (result i32))"#,
            Some(HostSet::Emscripten),
        ),
        (r#""env" "invoke_vii" (func (param i32 i32 i32))"#, Some(HostSet::Emscripten)),
        (
            r#""env" "__syscall_openat" (func (param i32 i32 i32 i32) (result i32))"#,
            Some(HostSet::Emscripten),
        ),
        (r#""env" "abort" (func)"#, Some(HostSet::Emscripten)),
        (r#""env" "abort" (func (param i32 i32 i32 i32))"#, Some(HostSet::AssemblyScript)),
        (r#""env" "seed" (func (result f64))"#, Some(HostSet::AssemblyScript)),
        (r#""env" "console.log" (func (param i32))"#, Some(HostSet::AssemblyScript)),
        (
            r#""wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))"#,
            Some(HostSet::Wasi),
        ),
        (r#""wasi_unstable" "proc_exit" (func (param i32))"#, Some(HostSet::Wasi)),
        (r#""spectest" "print_i32" (func (param i32))"#, Some(HostSet::Spectest)),
        (
            r#""wasm:js-string" "concat" (func (param externref externref) (result (ref extern)))"#,
            Some(HostSet::JsString),
        ),
        (r#""gojs" "runtime.wasmExit" (func (param i32))"#, Some(HostSet::Gojs)),
        (r#""go" "syscall/js.valueGet" (func (param i32))"#, Some(HostSet::Gojs)),
        (r#""wbg" "__wbg_log_1" (func (param i32 i32))"#, Some(HostSet::WasmBindgen)),
        (r#""./game_bg.js" "__wbindgen_throw" (func (param i32 i32))"#, Some(HostSet::WasmBindgen)),
        (r#""__wbindgen_placeholder__" "x" (func)"#, Some(HostSet::WasmBindgen)),
        (r#""a" "a" (func (param i32))"#, Some(HostSet::EmscriptenMinified)),
        (r#""a" "log" (func (param i32))"#, None),
        (r#""env" "rust_magic" (func)"#, None),
        (r#""elsewhere" "log" (func (param i32))"#, None),
    ];
    for (import, expected) in cases {
        assert_eq!(one(import), expected, "{import}");
    }
}

#[test]
fn a_memory_of_env_belongs_to_whom_the_module_does() {
    let plain = r#"(module (import "env" "memory" (memory 1)))"#;
    assert_eq!(sets(plain), [Some(HostSet::Console)]);
    let emscripten = r#"(module (import "env" "memory" (memory 1))
        (import "env" "__indirect_function_table" (table 4 funcref))
        (import "env" "emscripten_get_now" (func (result f64))))"#;
    assert_eq!(sets(emscripten), [Some(HostSet::Emscripten); 3]);
}

#[test]
fn what_does_not_fit_says_why() {
    let cases = [
        (r#""console" "log" (func (param v128))"#, HostSet::Console, "takes numbers"),
        (r#""env" "log_str" (func (param f64))"#, HostSet::Console, "address"),
        (r#""env" "putchar" (func (param f64))"#, HostSet::Console, "(i32)"),
        (r#""env" "emscripten_resize_heap" (func)"#, HostSet::Emscripten, "(i32) -> (i32)"),
        (r#""env" "invoke_v" (func)"#, HostSet::Emscripten, "index"),
        (r#""env" "seed" (func)"#, HostSet::AssemblyScript, "() -> (f64)"),
        (r#""Math" "sin" (func)"#, HostSet::Math, "(f64) -> (f64)"),
        (
            r#""wasi_snapshot_preview1" "fd_write" (func (param i64 i64 i64 i64) (result i32))"#,
            HostSet::Wasi,
            "(i32, i32, i32, i32) -> (i32)",
        ),
    ];
    for (import, set, said) in cases {
        let module = module(&format!("(module (import {import}))"));
        let import = &module.imports()[0];
        assert_eq!(Importer::of(&module).guess(import), None, "{import:?}");
        let misfit = Importer::of(&module).misfit(import).expect(said);
        assert_eq!(misfit.set, set, "{misfit}");
        assert!(misfit.expected.contains(said), "{misfit}");
        assert!(Importer::of(&module).advice(import).is_some_and(|text| text.contains(said)));
    }
}

#[test]
fn what_is_not_provided_comes_with_advice() {
    let told = |import: &str| {
        let module = module(&format!("(module (import {import}))"));
        let import = &module.imports()[0];
        assert!(HostSet::ALL.iter().all(|set| !provides(*set, import)), "{import:?}");
        Importer::of(&module).advice(import)
    };
    assert!(told(r#""gojs" "debug" (func (param i32))"#).unwrap().contains("GOOS=wasip1"));
    assert!(told(r#""wbg" "__wbg_x" (func)"#).unwrap().contains("wasm32-wasip1"));
    assert!(told(r#""a" "b" (func)"#).unwrap().contains("shortened"));
    let resize = told(r#""a" "b" (func (param i32) (result i32))"#).unwrap();
    assert!(resize.ends_with("could be emscripten_resize_heap or fd_close."), "{resize}");
    assert!(
        told(r#""env" "_embind_register_void" (func (param i32 i32))"#).unwrap().contains("Embind")
    );
    assert!(told(r#""env" "glClear" (func (param i32))"#).unwrap().contains("browser"));
    assert_eq!(told(r#""env" "global_thing" (func)"#), None);
    assert_eq!(told(r#""env" "allocate" (func)"#), None);
    for set in HostSet::ALL {
        assert_eq!(HostSet::named(set.name()), Some(set));
        assert_eq!(set.advice().is_some(), !set.is_provided(), "{set:?}");
        assert_eq!(serde_json::to_string(&set).unwrap(), format!("{:?}", set.name()));
        assert!(set.summary().ends_with('.') && !set.title().is_empty());
    }
}
