use stepwell_engine::{
    Config, Engine, Extern, GlobalType, Linker, Module, Mutability, Ref, Store, ValType, Value,
};

use super::super::place_symbols;

/// As `wasm-ld -shared` writes them.
const MODULE: &str = r#"(module
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 3 funcref))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "outside" (func $outside (result i32)))
  (import "GOT.mem" "own" (global $own_at (mut i32)))
  (import "GOT.mem" "elsewhere" (global $elsewhere_at (mut i32)))
  (import "GOT.mem" "known" (global $known_at (mut i32)))
  (import "GOT.func" "seven" (global $seven_at (mut i32)))
  (import "GOT.func" "again" (global $again_at (mut i32)))
  (import "GOT.func" "outside" (global $outside_at (mut i32)))
  (import "GOT.func" "nobody" (global $nobody_at (mut i32)))
  (import "GOT.func" "of_another" (global $of_another (mut i32)))
  (global (export "own") i32 (i32.const 20))
  (global (export "known") i32 (i32.const 24))
  (func $seven (export "seven") (export "again") (result i32) i32.const 7)
  (func $placed (export "of_another") (result i32) i32.const 8)
  (elem (global.get $table_base) func $placed)
  (func (export "got") (param i32) (result i32)
    block block block block block block block
      local.get 0  br_table 0 1 2 3 4 5 6
    end global.get $own_at return
    end global.get $elsewhere_at return
    end global.get $known_at return
    end global.get $seven_at return
    end global.get $again_at return
    end global.get $outside_at return
    end global.get $nobody_at)
  (func (export "call") (param i32) (result i32)
    local.get 0  call_indirect (result i32))
  (func (export "of_another_at") (result i32) global.get $of_another))"#;

#[test]
fn symbols_of_a_shared_module_are_where_it_has_them() {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, MODULE).unwrap();
    let (mut store, mut linker) = (Store::new(&engine), Linker::new());
    for import in module.imports() {
        if let Some(item) = store.new_import(&module, &import.ty).unwrap() {
            linker.define(&import.module, &import.name, item);
        }
    }
    let constant = GlobalType { content: ValType::I32, mutability: Mutability::Const };
    for (name, value) in [("__memory_base", 1000), ("__table_base", 2)] {
        let base = store.new_global(constant, Value::I32(value)).unwrap();
        linker.define("env", name, Extern::Global(base));
    }
    let var = GlobalType { content: ValType::I32, mutability: Mutability::Var };
    let known = store.new_global(var, Value::I32(5)).unwrap();
    linker.define("GOT.mem", "known", Extern::Global(known));
    let ty = stepwell_engine::FuncType::new([], [ValType::I32]);
    linker.func("env", "outside", ty, |_, _| Ok(vec![Value::I32(9)]));
    let made = linker.begin_instantiate(&mut store, &module).unwrap();
    let of_another = |import: usize| &*module.imports()[import].name == "of_another";
    place_symbols(&mut store, made.instance, |import| !of_another(import)).unwrap();

    let mut call = |export: &str, args: &[i32]| {
        let func = store.export_func(made.instance, export).unwrap();
        let args: Vec<Value> = args.iter().copied().map(Value::I32).collect();
        match store.invoke(func, &args).unwrap()[..] {
            [Value::I32(value)] => value,
            ref other => panic!("{other:?}"),
        }
    };
    let got: Vec<i32> = (0..7).map(|which| call("got", &[which])).collect();
    // The table had room for three; what has two names has one place.
    assert_eq!(got, [1020, 0, 5, 3, 3, 4, 0]);
    assert_eq!((call("call", &[3]), call("call", &[4])), (7, 9));
    // What another module defines is its own affair.
    assert_eq!(call("of_another_at", &[]), 0);
    // Once more changes nothing, and a function that has a place keeps it.
    place_symbols(&mut store, made.instance, of_another).unwrap();
    let Some(Extern::Table(table)) =
        store.instance(made.instance).map(|of| Extern::Table(of.tables()[0]))
    else {
        panic!("a table")
    };
    assert_eq!(store.table(table).unwrap().size(), 5);
    assert_eq!(store.table(table).unwrap().get(0), Some(Value::from(Ref::Func(None))));
    let func = store.export_func(made.instance, "of_another_at").unwrap();
    assert_eq!(store.invoke(func, &[]).unwrap(), [Value::I32(2)]);
}
