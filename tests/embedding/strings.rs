//! The builtins of `wasm:js-string`.

use stepwell_engine::store::ObjectKind;
use stepwell_engine::{
    AnyRef, Config, Engine, Error, InstanceId, Linker, Module, Store, Tier, Value,
};

const IMPORTS: &str = r#"
  (type $units (array (mut i16)))
  (import "wasm:js-string" "cast" (func $cast (param externref) (result (ref extern))))
  (import "wasm:js-string" "test" (func $test (param externref) (result i32)))
  (import "wasm:js-string" "fromCharCodeArray"
    (func $from_array (param (ref null $units) i32 i32) (result (ref extern))))
  (import "wasm:js-string" "intoCharCodeArray"
    (func $into_array (param externref (ref null $units) i32) (result i32)))
  (import "wasm:js-string" "fromCharCode" (func $from_code (param i32) (result (ref extern))))
  (import "wasm:js-string" "fromCodePoint" (func $from_point (param i32) (result (ref extern))))
  (import "wasm:js-string" "charCodeAt" (func $code_at (param externref i32) (result i32)))
  (import "wasm:js-string" "codePointAt" (func $point_at (param externref i32) (result i32)))
  (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
  (import "wasm:js-string" "concat"
    (func $concat (param externref externref) (result (ref extern))))
  (import "wasm:js-string" "substring"
    (func $substring (param externref i32 i32) (result (ref extern))))
  (import "wasm:js-string" "equals" (func $equals (param externref externref) (result i32)))
  (import "wasm:js-string" "compare" (func $compare (param externref externref) (result i32)))
  (import "text" "grüß dich 😀" (global $hello (ref extern)))
"#;

fn program(body: &str, max_heap: u64) -> (Store, InstanceId) {
    let engine = Engine::new(Config::default().max_heap(max_heap).tier(Tier::Mixed));
    let module = Module::from_wat(&engine, &format!("(module {IMPORTS} {body})")).unwrap();
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    linker.js_strings(Some("text"));
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn call(
    store: &mut Store,
    instance: InstanceId,
    name: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let func = store.export_func(instance, name).unwrap();
    store.invoke(func, args).map(|values| values[0])
}

fn text(store: &Store, value: Value) -> String {
    String::from_utf16(&store.code_units(value).expect("a string")).unwrap()
}

#[test]
fn strings_are_made_taken_apart_and_compared() {
    let body = r#"
      (func (export "hello") (result externref) global.get $hello)
      (func (export "concat") (param externref externref) (result externref)
        local.get 0  local.get 1  call $concat)
      (func (export "substring") (param externref i32 i32) (result externref)
        local.get 0  local.get 1  local.get 2  call $substring)
      (func (export "length") (param externref) (result i32) local.get 0  call $length)
      (func (export "code") (param externref i32) (result i32)
        local.get 0  local.get 1  call $code_at)
      (func (export "point") (param externref i32) (result i32)
        local.get 0  local.get 1  call $point_at)
      (func (export "from-point") (param i32) (result externref) local.get 0  call $from_point)
      (func (export "from-code") (param i32) (result externref) local.get 0  call $from_code)
      (func (export "equals") (param externref externref) (result i32)
        local.get 0  local.get 1  call $equals)
      (func (export "compare") (param externref externref) (result i32)
        local.get 0  local.get 1  call $compare)
      (func (export "test") (param externref) (result i32) local.get 0  call $test)
      (func (export "cast") (param externref) (result externref) local.get 0  call $cast)
      (func (export "is-array") (param externref) (result i32)
        local.get 0  any.convert_extern  ref.test (ref array))
      (func (export "round") (param externref) (result externref) (local $a (ref $units))
        i32.const 20  array.new_default $units  local.set $a
        local.get $a  i32.const 3
        local.get 0  local.get $a  i32.const 3  call $into_array
        i32.const 3  i32.add
        call $from_array)"#;
    let (mut store, instance) = program(body, 1 << 20);
    let store = &mut store;
    let null = Value::ExternRef(None);
    let hello = call(store, instance, "hello", &[]).unwrap();
    assert_eq!(text(store, hello), "grüß dich 😀");
    let Value::ExternRef(Some(AnyRef::Object(object))) = hello else { panic!("{hello}") };
    assert_eq!(store.object_kind(object), Some(ObjectKind::String(12)));
    let world = store.new_string(", Welt").unwrap();
    let both = call(store, instance, "concat", &[hello, world]).unwrap();
    assert_eq!(text(store, both), "grüß dich 😀, Welt");
    let i32 = Value::I32;
    let part = |store: &mut Store, start, end| {
        let part = call(store, instance, "substring", &[hello, i32(start), i32(end)]).unwrap();
        text(store, part)
    };
    assert_eq!(part(store, 0, 4), "grüß");
    assert_eq!(part(store, 5, 99), "dich 😀");
    assert_eq!(part(store, 4, 2), "");
    assert_eq!(part(store, 50, 60), "");
    assert_eq!(call(store, instance, "length", &[hello]), Ok(i32(12)));
    assert_eq!(call(store, instance, "code", &[hello, i32(2)]), Ok(i32(0xfc)));
    assert_eq!(call(store, instance, "code", &[hello, i32(10)]), Ok(i32(0xd83d)));
    assert_eq!(call(store, instance, "point", &[hello, i32(10)]), Ok(i32(0x1f600)));
    assert_eq!(call(store, instance, "point", &[hello, i32(11)]), Ok(i32(0xde00)));
    let made = call(store, instance, "from-point", &[i32(0x1f600)]).unwrap();
    assert_eq!(text(store, made), "😀");
    let made = call(store, instance, "from-code", &[i32(0x10041)]).unwrap();
    assert_eq!(text(store, made), "A");
    let made = call(store, instance, "round", &[world]).unwrap();
    assert_eq!(call(store, instance, "equals", &[made, world]), Ok(i32(1)));
    assert_eq!(call(store, instance, "equals", &[made, hello]), Ok(i32(0)));
    assert_eq!(call(store, instance, "equals", &[made, null]), Ok(i32(0)));
    assert_eq!(call(store, instance, "equals", &[null, null]), Ok(i32(1)));
    assert_eq!(call(store, instance, "compare", &[world, hello]), Ok(i32(-1)));
    assert_eq!(call(store, instance, "compare", &[made, world]), Ok(i32(0)));
    assert_eq!(call(store, instance, "test", &[hello]), Ok(i32(1)));
    assert_eq!(call(store, instance, "test", &[null]), Ok(i32(0)));
    let host = Value::ExternRef(Some(stepwell_engine::ExternAddr(5).into()));
    assert_eq!(call(store, instance, "test", &[host]), Ok(i32(0)));
    assert_eq!(call(store, instance, "is-array", &[hello]), Ok(i32(0)));
    for (name, args) in [
        ("cast", vec![null]),
        ("cast", vec![host]),
        ("length", vec![null]),
        ("code", vec![hello, i32(12)]),
        ("point", vec![hello, i32(-1)]),
        ("from-point", vec![i32(0x110000)]),
        ("equals", vec![hello, host]),
        ("round", vec![both]),
    ] {
        let error = call(store, instance, name, &args).unwrap_err();
        assert!(matches!(error, Error::Trap(_)), "{name}: {error}");
    }
}

#[test]
fn strings_that_nobody_refers_to_are_collected() {
    let body = r#"
      (func (export "run") (param $n i32) (result i32) (local $s externref)
        loop
          global.get $hello  global.get $hello  call $concat  local.set $s
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end
        local.get $s  call $length)"#;
    let (mut store, instance) = program(body, 4 << 10);
    assert_eq!(call(&mut store, instance, "run", &[Value::I32(5_000)]), Ok(Value::I32(24)));
    assert!(store.heap().collections() > 20);
    store.collect_garbage().unwrap();
    assert_eq!(store.objects().count(), 1, "the constant");
}

#[test]
fn a_builtin_of_another_type_is_not_linked() {
    let engine = Engine::default();
    let text = r#"(module (import "wasm:js-string" "length" (func (param i32) (result i32))))"#;
    let module = Module::from_wat(&engine, text).unwrap();
    let mut linker = Linker::new();
    linker.js_strings(None);
    let error = linker.instantiate(&mut Store::new(&engine), &module).unwrap_err();
    assert!(matches!(error, Error::Link { .. }), "{error}");
}
