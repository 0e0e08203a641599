//! Values that an embedder or a person hands in.

use stepwell_engine::{
    AnyRef, Budget, Config, Engine, Error, FuncAddr, Linker, Module, ObjectAddr, Stop, Store, Value,
};

/// A module whose first type is one function type, and another one whose first type is another.
fn two() -> (Store, Vec<stepwell_engine::InstanceId>) {
    let engine = Engine::new(Config::default());
    let mut store = Store::new(&engine);
    let instances = [("i32", "i64"), ("f64", "i32")].map(|(own, other)| {
        let text = format!(
            r#"(module
              (type $own (func (param {own}) (result {own})))
              (type $other (func (param {other}) (result {other})))
              (func $f (export "f") (type $own) (local.get 0))
              (func $g (export "g") (type $other) (local.get 0))
              (elem declare func $f $g)
              (func (export "run") (result {own}) (local $to (ref null $own))
                (local.set $to (ref.func $f))
                ({own}.const 7) (nop)
                (call_ref $own (local.get $to))))"#
        );
        let module = Module::from_wat(&engine, &text).unwrap();
        Linker::new().instantiate(&mut store, &module).unwrap()
    });
    (store, instances.into())
}

#[test]
fn a_function_set_into_a_local_is_checked_by_its_type_in_the_store() {
    let (mut store, instances) = two();
    for instance in instances {
        let [own, other] = ["f", "g"].map(|name| store.export_func(instance, name).unwrap());
        let mut task = store.start(store.export_func(instance, "run").unwrap(), &[]).unwrap();
        task.run(&mut store, Budget::instructions(3)).unwrap();
        assert_eq!(task.set_local(&mut store, 0, 0, Value::FuncRef(Some(own))), Ok(()));
        let wrong = task.set_local(&mut store, 0, 0, Value::FuncRef(Some(other)));
        assert!(matches!(wrong, Err(Error::Type { .. })), "{wrong:?}");
        task.run(&mut store, Budget::instructions(2)).unwrap();
        let operand = task.frames(&store).next().unwrap().operands().len() as u32 - 1;
        assert_eq!(task.set_operand(&mut store, 0, operand, Value::FuncRef(Some(own))), Ok(()));
        let wrong = task.set_operand(&mut store, 0, operand, Value::FuncRef(Some(other)));
        assert!(matches!(wrong, Err(Error::Type { .. })), "{wrong:?}");
        let stop = task.run(&mut store, Budget::unlimited()).unwrap();
        assert!(matches!(stop, Stop::Done(_)), "{stop:?}");
    }
}

#[test]
fn addresses_that_the_store_does_not_have_are_refused() {
    let engine = Engine::new(Config::default());
    let mut store = Store::new(&engine);
    let text = r#"(module
      (type $s (struct (field funcref) (field i64) (field i64)))
      (table (export "t") 2 funcref)
      (table (export "any") 2 anyref)
      (global (export "f") (mut funcref) (ref.null func))
      (global (export "s") (mut (ref null $s)) (ref.null $s))
      (func (export "take") (param funcref anyref externref))
      (func (export "make") (result (ref $s)) (struct.new $s (ref.null func) (i64.const 1) (i64.const 2))))"#;
    let module = Module::from_wat(&engine, text).unwrap();
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let made = store.invoke(store.export_func(instance, "make").unwrap(), &[]).unwrap();
    let Value::AnyRef(Some(AnyRef::Object(object))) = made[0] else { panic!("{made:?}") };
    let func = Value::FuncRef(Some(FuncAddr(99)));
    // Within the object, behind it, and far from any.
    let inside = [1, 2, 3, 4, 1_000_000].map(|words| object.0.wrapping_add(words));
    let objects = inside.map(|word| Value::AnyRef(Some(AnyRef::Object(ObjectAddr(word)))));
    let export = |name| store.export(instance, name).unwrap();
    use stepwell_engine::Extern::{Global, Table};
    let (Table(table), Table(any)) = (export("t"), export("any")) else { panic!() };
    let (Global(global), Global(structure)) = (export("f"), export("s")) else { panic!() };
    assert!(store.set_table(table, 0, func).is_err());
    assert!(store.set_global(global, func).is_err());
    for object in objects {
        assert!(store.set_table(any, 0, object).is_err(), "{object:?}");
        assert!(store.set_global(structure, object).is_err(), "{object:?}");
    }
    let take = store.export_func(instance, "take").unwrap();
    let null = [Value::FuncRef(None), Value::AnyRef(None), Value::ExternRef(None)];
    for (position, value) in [(0, func), (1, objects[0])] {
        let mut args = null;
        args[position] = value;
        assert!(store.start(take, &args).is_err(), "{value:?}");
    }
    assert!(store.start(FuncAddr(99), &[]).is_err());
    assert_eq!(store.set_global(structure, made[0]), Ok(()));
}
