//! Modules that are linked once and instantiated often, in stores that differ.

use stepwell_engine::{
    Caller, Engine, Error, FuncType, ImportError, LinkError, Linker, Module, Store, ValType, Value,
};

use super::{invoke, module};

const USER: &str = r#"(module
  (import "host" "next" (func $next (result i32)))
  (import "host" "plain" (func $plain (result i32)))
  (import "other" "seven" (func $seven (result i32)))
  (func (export "run") (result i32)
    (i32.add (i32.mul (call $next) (i32.const 100)) (i32.add (call $plain) (call $seven)))))"#;

fn linker() -> Linker {
    let mut linker = Linker::new();
    linker.func_wrap("host", "next", |caller: &mut Caller<'_>| {
        let count = caller.data_mut::<i32>().ok_or(stepwell_engine::HostError::new("no count"))?;
        *count += 1;
        Ok(*count)
    });
    let ty = FuncType::new([], [ValType::I32]);
    linker.func("host", "plain", ty, |_, _| Ok(vec![Value::I32(20)]));
    linker
}

/// Each store gets functions of its own instances, at its own addresses.
#[test]
fn stores_that_differ_are_linked_alike() {
    let engine = Engine::default();
    let user = Module::from_wat(&engine, USER).unwrap();
    let other = |seven: i32| {
        module(&format!(r#"(module (func (export "seven") (result i32) i32.const {seven}))"#))
    };
    let linker = linker();
    let mut stores: Vec<_> = [7, 8].map(|seven| (Store::with_data(&engine, 0), seven)).into();
    // The instance has the same number in both; in the second store other functions come before.
    linker.instantiate(&mut stores[1].0, &module("(module (func) (func))")).unwrap();
    for (store, seven) in &mut stores {
        let instance = linker.instantiate(store, &other(*seven)).unwrap();
        let mut own = linker.clone();
        own.define_instance("other", instance);
        let prelinked = own.prelink(&user).unwrap();
        let first = prelinked.instantiate(store).unwrap();
        let second = prelinked.clone().instantiate(store).unwrap();
        let func = |instance| store.instance(instance).unwrap().func(stepwell_engine::FuncIndex(0));
        assert_eq!(func(first), func(second), "one definition, one address");
        assert_eq!(invoke(store, first, "run", &[]), [Value::I32(120 + *seven)]);
        assert_eq!(invoke(store, second, "run", &[]), [Value::I32(220 + *seven)]);
        // As linking by name has it.
        let third = own.instantiate(store, &user).unwrap();
        assert_eq!(func_of(store, third), func_of(store, first));
    }
}

fn func_of(
    store: &Store,
    instance: stepwell_engine::InstanceId,
) -> Option<stepwell_engine::FuncAddr> {
    store.instance(instance)?.func(stepwell_engine::FuncIndex(0))
}

#[test]
fn later_definitions_do_not_change_it() {
    let mut linker = Linker::new();
    linker.func_wrap("host", "one", || 1);
    let text = r#"(module (import "host" "one" (func (result i32))) (export "one" (func 0)))"#;
    let prelinked = linker.prelink(&module(text)).unwrap();
    linker.func_wrap("host", "one", || 2);
    drop(linker);
    let mut store = Store::new(&Engine::default());
    let instance = prelinked.instantiate(&mut store).unwrap();
    assert_eq!(invoke(&mut store, instance, "one", &[]), [Value::I32(1)]);
    // A state from before it was instantiated does not know the function.
    let mut store = Store::new(&Engine::default());
    let before = store.state().clone();
    prelinked.instantiate(&mut store).unwrap();
    store.restore(before).unwrap();
    let instance = prelinked.instantiate(&mut store).unwrap();
    assert_eq!(invoke(&mut store, instance, "one", &[]), [Value::I32(1)]);
}

#[test]
fn what_cannot_be_linked_is_told_as_early_as_it_is_known() {
    let unknown = |error| match error {
        Err(Error::Link { errors }) => errors,
        _ => panic!("it does not link"),
    };
    let errors = unknown(linker().prelink(&module(USER)).map(|_| ()));
    let [ImportError { module: from, name, reason: LinkError::Unknown, .. }] = &errors[..] else {
        panic!("{errors:?}")
    };
    assert_eq!((&**from, &**name), ("other", "seven"));
    // Of another type: the store is asked.
    let text = r#"(module (import "host" "plain" (func (result i64))))"#;
    let prelinked = linker().prelink(&module(text)).unwrap();
    let mut store = Store::new(&Engine::default());
    let before = store.state().clone();
    let errors = unknown(prelinked.instantiate(&mut store).map(|_| ()));
    assert!(matches!(errors[0].reason, LinkError::Incompatible { .. }));
    assert_eq!(&before, store.state());
}

/// Functions whose types name other types, strings and builtins.
#[test]
fn types_of_the_module_and_strings_are_linked_too() {
    let text = r#"(module
      (type $pair (struct (field i32)))
      (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
      (import "text" "five!" (global $text (ref extern)))
      (func (export "run") (result i32) (call $length (global.get $text))))"#;
    let mut linker = Linker::new();
    linker.js_strings(Some("text"));
    let prelinked = linker.prelink(&module(text)).unwrap();
    for _ in 0..2 {
        let mut store = Store::new(&Engine::default());
        let instance = prelinked.instantiate(&mut store).unwrap();
        assert_eq!(invoke(&mut store, instance, "run", &[]), [Value::I32(5)]);
    }
}
