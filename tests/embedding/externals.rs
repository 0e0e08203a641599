//! Which values of the host wasm can still reach.

use stepwell_engine::host::typed::ExternRef;
use stepwell_engine::{
    Budget, Caller, Config, Engine, ExternAddr, Linker, Module, Stop, Store, Tier, Value,
};

const TEXT: &str = r#"(module
  (import "env" "make" (func $make (param i32) (result externref)))
  (import "env" "ask" (func $ask (param externref)))
  (type $pair (struct (field (mut externref)) (field (mut (ref null $pair)))))
  (type $many (array (mut externref)))
  (global $global (mut externref) (ref.null extern))
  (global $data (mut anyref) (ref.null any))
  (global $object (mut (ref null $pair)) (ref.null $pair))
  (global $array (mut (ref null $many)) (ref.null $many))
  (table $table 4 externref)
  (func (export "global") (param i32) (global.set $global (call $make (local.get 0))))
  (func (export "data") (param i32)
    (global.set $data (any.convert_extern (call $make (local.get 0)))))
  (func (export "table") (param i32) (table.set $table (i32.const 3) (call $make (local.get 0))))
  (func (export "object") (param i32)
    (global.set $object (struct.new $pair (ref.null extern)
      (struct.new $pair (call $make (local.get 0)) (ref.null $pair)))))
  (func (export "array") (param i32)
    (global.set $array (array.new $many (call $make (local.get 0)) (i32.const 9))))
  (func (export "clear")
    (global.set $global (ref.null extern))  (global.set $data (ref.null any))
    (table.set $table (i32.const 3) (ref.null extern))
    (global.set $object (ref.null $pair))  (global.set $array (ref.null $many)))
  (func (export "stack") (param $a externref) (param i32) (result externref) (local $b externref)
    (local.set $b (call $make (local.get 1)))
    (call $ask (call $make (i32.add (local.get 1) (i32.const 1))))
    (local.set $a (ref.null extern))
    nop nop nop
    local.get $b))"#;

fn start(tier: Tier) -> (Store, stepwell_engine::InstanceId) {
    let engine = Engine::new(Config::default().tier(tier));
    let module = Module::from_wat(&engine, TEXT).unwrap();
    let mut linker = Linker::new();
    linker.func_wrap("env", "make", |_: &mut Caller<'_>, number: u32| {
        ExternRef(Some(ExternAddr(number).into()))
    });
    let ty = stepwell_engine::FuncType::new([stepwell_engine::ValType::EXTERNREF], []);
    linker.func_unresolved("env", "ask", ty);
    let mut store = Store::new(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn alive(store: &mut Store) -> Vec<u32> {
    store.externals_alive().unwrap().into_iter().map(|addr| addr.0).collect()
}

#[test]
fn what_globals_tables_and_objects_refer_to_is_alive() {
    let (mut store, instance) = start(Tier::Fast);
    let exports = ["global", "data", "table", "object", "array"];
    for (number, export) in (10..).zip(exports) {
        super::invoke(&mut store, instance, export, &[Value::I32(number)]);
    }
    assert_eq!(alive(&mut store), [10, 11, 12, 13, 14]);
    super::invoke(&mut store, instance, "table", &[Value::I32(0)]);
    assert_eq!(alive(&mut store), [0, 10, 11, 13, 14], "0 is not null");
    store.collect_garbage().unwrap();
    assert_eq!(alive(&mut store), [0, 10, 11, 13, 14]);
    super::invoke(&mut store, instance, "clear", &[]);
    assert_eq!(alive(&mut store), [0; 0]);
}

#[test]
fn what_a_stopped_task_refers_to_is_alive() {
    for tier in [Tier::Fast, Tier::Exact] {
        let (mut store, instance) = start(tier);
        let stack = store.export_func(instance, "stack").unwrap();
        let args = [Value::ExternRef(Some(ExternAddr(5).into())), Value::I32(20)];
        let mut task = store.start(stack, &args).unwrap();
        let Stop::HostCall(_) = task.run(&mut store, Budget::unlimited()).unwrap() else {
            panic!("it asks")
        };
        assert_eq!(alive(&mut store), [5, 20, 21], "parameter, local, argument of the call");
        task.resume(&mut store, stepwell_engine::HostAnswer::Return(vec![])).unwrap();
        assert_eq!(alive(&mut store), [5, 20]);
        assert_eq!(task.run(&mut store, Budget::instructions(4)).unwrap(), Stop::Budget);
        assert_eq!(alive(&mut store), [20]);
        let snapshot = (store.state().clone(), task.clone());
        let Stop::Done(_) = task.run(&mut store, Budget::unlimited()).unwrap() else {
            panic!("it ends")
        };
        assert_eq!(alive(&mut store), [20], "its result");
        drop(task);
        drop(snapshot);
        assert_eq!(alive(&mut store), [0; 0]);
    }
}
