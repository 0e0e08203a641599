//! How often instances call each other: the same in every tier, however the run is cut.

use std::collections::BTreeMap;

use stepwell_engine::{
    Budget, Config, Engine, InstanceId, Linker, Module, Stop, Store, Tier, Value,
};

/// `a` calls `b` by import, by table and by reference, in tail position too; `b` calls back through the
/// table of `a`. `deep` ends at the depth of the stack, `fails` in a trap of the callee.
const A: &str = r#"(module $a
  (import "b" "one" (func $one (param i32) (result i32)))
  (import "b" "tail" (func $tail (param i32) (result i32)))
  (import "b" "deep" (func $deep))
  (import "b" "fails" (func $fails))
  (import "b" "throws" (func $throws))
  (import "b" "oops" (tag $oops))
  (type $unary (func (param i32) (result i32)))
  (table (export "table") 2 funcref)
  (elem (i32.const 0) func $own $one)
  (elem declare func $one)
  (func $own (param i32) (result i32) local.get 0  i32.const 2  i32.mul)
  (func $hops (param i32) (result i32) local.get 0  return_call $one)
  (func (export "run") (param $times i32) (result i32) (local $sum i32)
    loop $next
      local.get $times  call $one
      local.get $times  i32.const 1  call_indirect (type $unary)
      i32.add
      local.get $times  ref.func $one  call_ref $unary
      i32.add
      local.get $times  call $hops
      i32.add
      local.get $times  call $tail
      i32.add
      local.get $times  i32.const 0  call_indirect (type $unary)
      i32.add
      local.get $sum  i32.add  local.set $sum
      local.get $times  i32.const 1  i32.sub  local.tee $times
      br_if $next
    end
    local.get $sum)
  (func (export "caught") (result i32)
    block $h  try_table (catch $oops $h) call $throws end  i32.const 0 return end  i32.const 1)
  (func $deeper (export "deeper") call $deep  call $deeper)
  (func (export "fail") i32.const 1  call $one  drop  call $fails))"#;

const B: &str = r#"(module $b
  (type $unary (func (param i32) (result i32)))
  (tag $oops (export "oops"))
  (table (export "back") 1 funcref)
  (func $one (export "one") (param i32) (result i32) local.get 0  i32.const 1  i32.add)
  (func (export "tail") (param i32) (result i32)
    local.get 0  i32.const 0  return_call_indirect (type $unary))
  (func (export "deep"))
  (func (export "fails") unreachable)
  (func (export "throws") throw $oops))"#;

struct Linked {
    store: Store,
    a: InstanceId,
    b: InstanceId,
}

fn linked(tier: Tier, count: bool) -> Linked {
    let engine = Engine::new(Config::default().tier(tier).max_call_depth(100));
    let mut store = Store::new(&engine);
    store.count_calls(count);
    let load = |text: &str| Module::from_wat(&engine, text).expect(text);
    let mut linker = Linker::new();
    let b = linker.instantiate(&mut store, &load(B)).unwrap();
    linker.define_instance("b", b);
    let a = linker.instantiate(&mut store, &load(A)).unwrap();
    // What `b` calls back is a function of `a`.
    let Some(stepwell_engine::Extern::Table(back)) = store.export(b, "back") else { panic!() };
    let Some(stepwell_engine::Extern::Table(table)) = store.export(a, "table") else { panic!() };
    let own = store.table(table).unwrap().get(0).unwrap();
    store.set_table(back, 0, own).unwrap();
    Linked { store, a, b }
}

impl Linked {
    /// Runs an export in slices; what it returned, if it did.
    fn run(&mut self, export: &str, args: &[Value], slice: u64) -> Option<Vec<Value>> {
        let func = self.store.export_func(self.a, export).unwrap();
        let mut task = self.store.start(func, args).unwrap();
        loop {
            match task.run(&mut self.store, Budget::instructions(slice)).unwrap() {
                Stop::Budget => {}
                Stop::Done(values) => return Some(values),
                Stop::Trap(_) => return None,
                other => panic!("{other:?}"),
            }
        }
    }

    fn counts(&self) -> BTreeMap<(InstanceId, InstanceId), u64> {
        self.store.calls_between().collect()
    }
}

const TIERS: [Tier; 3] = [Tier::Exact, Tier::Fast, Tier::Mixed];

#[test]
fn calls_that_change_the_instance_are_counted_in_every_tier() {
    for tier in TIERS {
        for slice in [1, 2, 3, 7, 16, 50, 1_000, u64::MAX] {
            let mut linked = linked(tier, true);
            let values = linked.run("run", &[Value::I32(20)], slice).unwrap();
            // Of 4 (n + 1) and 2 times 2 n.
            assert_eq!(values, [Value::I32(1760)], "{tier:?} {slice}");
            let counted = BTreeMap::from([((linked.a, linked.b), 100), ((linked.b, linked.a), 20)]);
            assert_eq!(linked.counts(), counted, "{tier:?} in slices of {slice}");
        }
    }
}

#[test]
fn a_call_that_does_not_come_back_counts_and_one_that_is_not_made_does_not() {
    for tier in TIERS {
        for slice in [1, 5, u64::MAX] {
            let mut linked = linked(tier, true);
            assert_eq!(linked.run("caught", &[], slice).unwrap(), [Value::I32(1)]);
            assert_eq!(linked.counts()[&(linked.a, linked.b)], 1);
            assert_eq!(linked.run("fail", &[], slice), None);
            assert_eq!(linked.counts()[&(linked.a, linked.b)], 3);
            // 99 frames of `a` have room for one of `b` above them; the hundredth has none.
            assert_eq!(linked.run("deeper", &[], slice), None);
            assert_eq!(linked.counts()[&(linked.a, linked.b)], 3 + 99, "{tier:?} {slice}");
        }
    }
}

#[test]
fn nothing_is_counted_unless_it_is_asked_for() {
    for tier in TIERS {
        let mut linked = linked(tier, false);
        linked.run("run", &[Value::I32(5)], u64::MAX).unwrap();
        assert_eq!(linked.counts(), BTreeMap::new());
        linked.store.count_calls(true);
        linked.run("run", &[Value::I32(1)], u64::MAX).unwrap();
        linked.store.count_calls(false);
        linked.run("run", &[Value::I32(5)], u64::MAX).unwrap();
        assert_eq!(linked.counts()[&(linked.a, linked.b)], 5);
    }
}

#[test]
fn a_state_put_back_has_the_counts_of_its_time() {
    let mut linked = linked(Tier::Fast, true);
    linked.run("run", &[Value::I32(1)], u64::MAX).unwrap();
    let (then, counts) = (linked.store.state().clone(), linked.counts());
    linked.run("run", &[Value::I32(3)], u64::MAX).unwrap();
    assert_ne!(linked.counts(), counts);
    linked.store.restore(then).unwrap();
    assert_eq!(linked.counts(), counts);
}
