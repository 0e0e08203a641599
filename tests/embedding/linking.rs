//! Import matching, and what links leave behind.

use std::sync::Arc;

use stepwell_engine::types::{GlobalType, Limits, MemoryType, TableType};
use stepwell_engine::{
    Config, Engine, Error, Extern, ExternType, Features, FuncType, ImportError, LinkError, Linker,
    Module, Mutability, RefType, Store, ValType, Value,
};

use super::{invoke, module};

/// Instantiates the first module and links the second against it, as "m".
fn link(exports: &str, imports: &str) -> Result<(), Error> {
    let mut store = Store::new(&Engine::default());
    let exporter = Linker::new().instantiate(&mut store, &module(exports)).unwrap();
    let mut linker = Linker::new();
    linker.define_instance("m", exporter);
    linker.instantiate(&mut store, &module(imports)).map(drop)
}

fn reason(exports: &str, imports: &str) -> LinkError {
    match link(exports, imports) {
        Err(Error::Link { errors }) => {
            let [ImportError { module, name, reason, .. }] = &errors[..] else {
                panic!("{errors:?}")
            };
            assert_eq!((&**module, &**name), ("m", "x"));
            reason.clone()
        }
        other => panic!("{exports} / {imports}: {other:?}"),
    }
}

/// Exports one thing and imports it as another.
fn matches(exported: &str, imported: &str) -> bool {
    let exports = format!("(module {})", exported.replacen(' ', " (export \"x\") ", 1));
    let imports = format!("(module (import \"m\" \"x\" ({imported})))");
    match link(&exports, &imports) {
        Ok(()) => true,
        Err(Error::Link { errors }) => {
            let LinkError::Incompatible { expected, found } = &errors[0].reason else {
                panic!("{errors:?}");
            };
            assert!(errors.len() == 1 && !expected.is_empty() && !found.is_empty());
            false
        }
        Err(other) => panic!("{exported} / {imported}: {other}"),
    }
}

#[test]
fn types_match_as_the_specification_says() {
    assert!(matches(
        "(func (param i32) (result i64) unreachable)",
        "func (param i32) (result i64)"
    ));
    assert!(!matches("(func (param i32) unreachable)", "func (param i64)"));
    assert!(!matches("(func (result i32) unreachable)", "func"));

    assert!(matches("(memory 2 4)", "memory 1 5"));
    assert!(matches("(memory 2 4)", "memory 2 4"));
    assert!(matches("(memory 2)", "memory 1"));
    assert!(!matches("(memory 2 4)", "memory 3"), "too small");
    assert!(!matches("(memory 2 4)", "memory 2 3"), "may grow too far");
    assert!(!matches("(memory 2)", "memory 2 3"), "may grow without bound");

    assert!(matches("(table 2 4 funcref)", "table 1 5 funcref"));
    assert!(!matches("(table 2 funcref)", "table 2 externref"));
    assert!(!matches("(table 2 funcref)", "table 3 funcref"));

    assert!(matches("(global i32 i32.const 1)", "global i32"));
    assert!(matches("(global (mut i32) i32.const 1)", "global (mut i32)"));
    assert!(!matches("(global (mut i32) i32.const 1)", "global i32"));
    assert!(!matches("(global i32 i32.const 1)", "global (mut i32)"));
    assert!(!matches("(global i32 i32.const 1)", "global i64"));

    assert!(!matches("(memory 1)", "table 1 funcref"), "another kind");
}

#[test]
fn what_is_missing_is_named() {
    let imports = r#"(module (import "m" "x" (func)))"#;
    assert_eq!(reason("(module)", imports), LinkError::Unknown);
    let error = link("(module)", imports).unwrap_err();
    assert_eq!(error.to_string(), "cannot link m.x: unknown import");
    let error = link(r#"(module (func (export "x") (param f32)))"#, imports).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("incompatible import type") && text.contains("f32"), "{text}");
}

#[test]
fn all_imports_that_do_not_fit_are_told_at_once() {
    let exports = r#"(module (memory (export "mem") 1) (func (export "f") (param i32))
      (global (export "g") (mut i32) (i32.const 3)) (tag (export "e") (param i32)))"#;
    let imports = r#"(module (import "m" "mem" (memory 2)) (import "m" "f" (func (param i32)))
      (import "m" "g" (global i32)) (import "m" "e" (tag)) (import "m" "a.b" (func))
      (import "" "" (func)))"#;
    let error = link(exports, imports).unwrap_err();
    let Error::Link { errors } = &error else { panic!("{error}") };
    let names: Vec<(&str, &str)> =
        errors.iter().map(|error| (&*error.module, &*error.name)).collect();
    assert_eq!(names, [("m", "mem"), ("m", "g"), ("m", "e"), ("m", "a.b"), ("", "")]);
    let unknown = errors.iter().map(|error| error.reason == LinkError::Unknown);
    assert_eq!(unknown.collect::<Vec<_>>(), [false, false, false, true, true]);
    let text = error.to_string();
    assert!(text.starts_with("cannot link 5 imports:\n"), "{text}");
    assert!(text.contains("\n  m.\"a.b\": unknown import"), "{text}");
    // A host function of another type is not unknown.
    let mut linker = Linker::new();
    linker.func("h", "f", FuncType::new([ValType::I32], []), |_, _| Ok(Vec::new()));
    let wants = module(r#"(module (import "h" "f" (func (param i64))))"#);
    let error = linker.instantiate(&mut Store::new(&Engine::default()), &wants).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("func (i64) -> () expected, func (i32) -> () defined"), "{text}");
}

#[test]
fn a_memory_grown_before_linking_counts_as_large_as_it_is() {
    let mut store = Store::new(&Engine::default());
    let text = r#"(module (memory (export "x") 1 4)
      (func (export "grow") (result i32) i32.const 2 memory.grow))"#;
    let exporter = Linker::new().instantiate(&mut store, &module(text)).unwrap();
    let mut linker = Linker::new();
    linker.define_instance("m", exporter);
    let wants = module(r#"(module (import "m" "x" (memory 3)))"#);
    assert!(linker.instantiate(&mut store, &wants).is_err());
    invoke(&mut store, exporter, "grow", &[]);
    assert!(linker.instantiate(&mut store, &wants).is_ok());
}

#[test]
fn instances_share_what_they_import() {
    let mut store = Store::new(&Engine::default());
    let memory = MemoryType::new(Limits { min: 1, max: Some(2) });
    let memory = store.new_memory(memory).unwrap();
    let table = TableType::new(RefType::FUNC, Limits { min: 2, max: None });
    let table = store.new_table(table).unwrap();
    let ty = GlobalType { content: ValType::I64, mutability: Mutability::Var };
    let global = store.new_global(ty, Value::I64(5)).unwrap();
    let mut linker = Linker::new();
    linker.define("host", "memory", Extern::Memory(memory));
    linker.define("host", "table", Extern::Table(table));
    linker.define("host", "global", Extern::Global(global));
    let text = r#"(module
      (import "host" "memory" (memory 1 2))
      (import "host" "table" (table 2 funcref))
      (import "host" "global" (global $g (mut i64)))
      (elem (i32.const 1) $seven)
      (func $seven (result i32) i32.const 7)
      (func (export "write") i32.const 8 i32.const 77 i32.store
        global.get $g i64.const 1 i64.add global.set $g)
      (func (export "read") (result i32 i64 i32)
        i32.const 8 i32.load  global.get $g
        i32.const 1 call_indirect (result i32)))"#;
    let module = module(text);
    let first = linker.instantiate(&mut store, &module).unwrap();
    let second = linker.instantiate(&mut store, &module).unwrap();
    invoke(&mut store, first, "write", &[]);
    let read = invoke(&mut store, second, "read", &[]);
    assert_eq!(read, [Value::I32(77), Value::I64(6), Value::I32(7)]);
    assert_eq!(store.global(global).unwrap().1, Value::I64(6));
    assert_eq!(store.memory(memory).unwrap().bytes()[8], 77);
    // A function in a table belongs to the instance that put it there.
    store.set_global(global, Value::I64(-1)).unwrap();
    assert_eq!(invoke(&mut store, first, "read", &[])[1], Value::I64(-1));
}

#[test]
fn a_segment_beyond_the_end_traps_and_keeps_what_was_written() {
    let mut store = Store::new(&Engine::default());
    let memory = store.new_memory(MemoryType::new(Limits { min: 1, max: None })).unwrap();
    let mut linker = Linker::new();
    linker.define("host", "memory", Extern::Memory(memory));
    let text = r#"(module (import "host" "memory" (memory 1))
      (data (i32.const 0) "written") (data (i32.const 65530) "too long"))"#;
    let error = linker.instantiate(&mut store, &module(text)).unwrap_err();
    assert!(matches!(error, Error::Trap(_)), "{error}");
    assert_eq!(&store.memory(memory).unwrap().bytes()[..8], b"written\0");
}

#[test]
fn the_later_definition_of_a_name_counts() {
    let mut store = Store::new(&Engine::default());
    let mut linker = Linker::new();
    for number in [1, 2] {
        let ty = FuncType::new([], [ValType::I32]);
        linker.func("env", "f", ty, move |_, _| Ok(vec![Value::I32(number)]));
    }
    let text = r#"(module (import "env" "f" (func (result i32))) (export "f" (func 0)))"#;
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    assert_eq!(invoke(&mut store, instance, "f", &[]), [Value::I32(2)]);
}

#[test]
fn modules_are_shared_between_stores() {
    let module = module(r#"(module (global (export "g") (mut i32) (i32.const 1)))"#);
    let copy: Module = module.clone();
    assert!(copy.same(&module));
    let mut stores = [Store::new(&Engine::default()), Store::new(&Engine::default())];
    for store in &mut stores {
        let instance = Linker::new().instantiate(store, &module).unwrap();
        let Some(Extern::Global(global)) = store.export(instance, "g") else { panic!("a global") };
        let (_, Value::I32(value)) = store.global(global).unwrap() else { panic!("an i32") };
        store.set_global(global, Value::I32(value + 1)).unwrap();
        assert_eq!(store.global(global).unwrap().1, Value::I32(2));
    }
}

#[test]
fn imports_that_name_their_module_once() {
    let engine = Engine::default();
    // Of one type, and each of its own: a name without letters, and what follows.
    let types = b"\x01\x08\x02\x60\x01\x7f\0\x60\0\0";
    let of_one_type = b"\x02\x10\x01\x03env\0\x7e\0\0\x03\x01a\x01b\x01c";
    let of_several = b"\x02\x18\x02\x03env\0\x7f\x02\x01a\0\0\x01b\0\x01\x03env\x01c\0\0";
    for (imports, second) in [(&of_one_type[..], "(i32) -> ()"), (&of_several[..], "() -> ()")] {
        let bytes = [b"\0asm\x01\0\0\0", &types[..], imports].concat();
        let module = Module::new(&engine, &bytes).unwrap();
        let shown: Vec<_> = module
            .imports()
            .iter()
            .map(|import| format!("{}.{}: {}", import.module, import.name, import.ty))
            .collect();
        let expected = [
            "env.a: func (i32) -> ()",
            &format!("env.b: func {second}"),
            "env.c: func (i32) -> ()",
        ];
        assert_eq!(shown, expected);
        // However many there are, the name of their module takes its room once.
        let imports = module.imports();
        assert!(imports.iter().all(|import| Arc::ptr_eq(&import.module, &imports[0].module)));
        assert_eq!(module.sections()[1].count, Some(3));
        let mut linker = Linker::new();
        for import in module.imports() {
            let ExternType::Func(ty) = &import.ty else { panic!("a function") };
            linker.func_unresolved(&import.module, &import.name, ty.clone());
        }
        linker.instantiate(&mut Store::new(&engine), &module).unwrap();

        let features = Features::ALL.without(Features::COMPACT_IMPORTS);
        let without = Engine::new(Config::default().features(features));
        let error = Module::new(&without, &bytes).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. } | Error::Malformed { .. }), "{error}");
    }
}
