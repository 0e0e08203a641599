//! Watchpoints on everything that a program writes: every tier stops at the same accesses, and tells what the
//! machine holds.

use stepwell_engine::observe::{Contents, Watched, Watchpoint, WatchpointHit};
use stepwell_engine::store::ObjectKind;
use stepwell_engine::{
    Budget, Config, Engine, FuncIndex, GlobalAddr, InstanceId, Linker, MemAddr, Module, ObjectAddr,
    Stop, Store, TableAddr, Task, Tier, Value, WatchKind,
};

const TEXT: &str = r#"(module
  (type $node (struct (field $tag (mut i8)) (field $wide (mut v128)) (field $next (mut (ref null $node)))))
  (type $bytes (array (mut i8)))
  (type $refs (array (mut funcref)))
  (memory 1)
  (table $t 4 40 funcref)
  (elem $e func $one $two)
  (data $d "\01\02\03\04")
  (global $count (mut i32) (i32.const 0))
  (global $wide (mut v128) (v128.const i64x2 0 0))
  (global $node (mut (ref null $node)) (ref.null $node))
  (global $bytes (mut (ref null $bytes)) (ref.null $bytes))
  (global $refs (mut (ref null $refs)) (ref.null $refs))
  (func $one) (func $two)
  (func (export "make")
    (global.set $node (struct.new $node (i32.const 7) (v128.const i64x2 1 2) (ref.null $node)))
    (global.set $bytes (array.new $bytes (i32.const 5) (i32.const 300)))
    (global.set $refs (array.new_default $refs (i32.const 4))))
  (func $down (param $n i32) (result i32) (local $w v128) (local $kept i64)
    (local.set $w (i32x4.splat (local.get $n)))
    (local.set $kept (i64.extend_i32_u (local.get $n)))
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (drop (call $down (i32.sub (local.get $n) (i32.const 1))))
    (drop (local.tee $w (local.get $w)))
    (i32.wrap_i64 (local.get $kept)))
  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $v v128)
    (loop $again
      (global.set $count (i32.shr_u (local.get $i) (i32.const 1)))
      (global.set $wide (i64x2.splat (i64.extend_i32_u (local.get $i))))
      (drop (global.get $count))
      (i32.store offset=4 (i32.const 4) (local.get $i))
      (i64.store8 (i32.const 9) (i64.const 1))
      (v128.store (i32.const 0) (global.get $wide))
      (drop (i32.load16_u (i32.const 8)))
      (memory.fill (i32.const 10) (local.get $i) (i32.const 700))
      (memory.copy (i32.const 6) (i32.const 8) (i32.const 600))
      (memory.init $d (i32.const 8) (i32.const 0) (i32.and (local.get $i) (i32.const 3)))
      (struct.set $node $tag (global.get $node) (i32.shl (local.get $i) (i32.const 7)))
      (struct.set $node $wide (global.get $node) (global.get $wide))
      (struct.set $node $next (global.get $node) (global.get $node))
      (drop (struct.get_s $node $tag (global.get $node)))
      (array.set $bytes (global.get $bytes) (local.get $i) (local.get $i))
      (array.fill $bytes (global.get $bytes) (i32.const 2) (local.get $i) (i32.const 280))
      (array.copy $bytes $bytes (global.get $bytes) (i32.const 1) (global.get $bytes) (i32.const 2) (i32.const 290))
      (array.init_data $bytes $d (global.get $bytes) (i32.const 3) (i32.const 0) (i32.const 2))
      (drop (array.get_u $bytes (global.get $bytes) (i32.const 3)))
      (array.init_elem $refs $e (global.get $refs) (i32.const 1) (i32.const 0) (i32.const 2))
      (table.set $t (i32.const 1) (ref.func $one))
      (drop (table.get $t (i32.const 1)))
      (table.fill $t (i32.const 0) (ref.func $two) (i32.and (local.get $i) (i32.const 3)))
      (table.copy $t $t (i32.const 2) (i32.const 0) (i32.const 2))
      (table.init $t $e (i32.const 1) (i32.const 0) (i32.const 2))
      (drop (table.grow $t (ref.func $one) (i32.const 9)))
      (local.set $v (i64x2.splat (i64.const 3)))
      (drop (call $down (i32.const 2)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $i)))"#;

struct Program {
    store: Store,
    task: Task,
    bytes: ObjectAddr,
    node: ObjectAddr,
    refs: ObjectAddr,
}

const HERE: InstanceId = InstanceId(0);
const DOWN: FuncIndex = FuncIndex(3);
const RUN: FuncIndex = FuncIndex(4);

impl Program {
    fn new(tier: Tier) -> Self {
        let engine = Engine::new(Config::default().tier(tier));
        let module = Module::from_wat(&engine, TEXT).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let make = store.export_func(instance, "make").unwrap();
        store.invoke(make, &[]).unwrap();
        let [mut node, mut bytes, mut refs] = [ObjectAddr(0); 3];
        for (object, _) in store.objects() {
            match store.object_kind(object) {
                Some(ObjectKind::Struct(_)) => node = object,
                Some(ObjectKind::Array(_, 300)) => bytes = object,
                _ => refs = object,
            }
        }
        let run = store.export_func(instance, "run").unwrap();
        let task = store.start(run, &[Value::I32(6)]).unwrap();
        Self { store, task, bytes, node, refs }
    }

    /// Everything that is watched in turn.
    fn places(&self) -> Vec<Watched> {
        let (memory, table) = (MemAddr(0), TableAddr(0));
        let object = |object, first, len| Watched::Object { object, first, len };
        let local = |func, local| Watched::Local { instance: HERE, func, local, frame: None };
        vec![
            Watched::Memory { memory, address: 8, len: 4 },
            Watched::Memory { memory, address: 9, len: 1 },
            Watched::Memory { memory, address: 100, len: 400 },
            Watched::Global(GlobalAddr(0)),
            Watched::Global(GlobalAddr(1)),
            local(RUN, 1),
            local(RUN, 2),
            local(DOWN, 0),
            local(DOWN, 1),
            local(DOWN, 2),
            object(self.node, 0, 1),
            object(self.node, 1, 1),
            object(self.node, 0, 3),
            object(self.bytes, 3, 1),
            object(self.bytes, 0, 300),
            object(self.refs, 0, 4),
            Watched::Table { table, first: 1, len: 1 },
            Watched::Table { table, first: 2, len: 30 },
        ]
    }

    /// Runs to the end in budgets of so many instructions; all hits, with the clock.
    fn hits(&mut self, instructions: u64, bulk: u64) -> Vec<(u64, WatchpointHit)> {
        let mut hits = Vec::new();
        loop {
            let budget = Budget::instructions(instructions).bulk_bytes(bulk);
            match self.task.run(&mut self.store, budget).unwrap() {
                Stop::Done(values) => {
                    assert_eq!(values, [Value::I32(6)]);
                    return hits;
                }
                Stop::Watchpoint(hit) => {
                    assert_eq!(contents(&self.store, &self.task, hit.part), hit.new, "{hit:?}");
                    hits.push((self.task.executed(), *hit));
                }
                Stop::Budget => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

/// What a part holds, as the views of a stopped task tell it. Of a local, in the innermost frame.
pub(super) fn contents(store: &Store, task: &Task, part: Watched) -> Contents {
    Contents::Values(match part {
        Watched::Memory { memory, address, len } => {
            let bytes = store.memory(memory).unwrap().bytes();
            return Contents::Bytes(bytes[address as usize..(address + len) as usize].to_vec());
        }
        Watched::Global(global) => vec![store.global(global).unwrap().1],
        Watched::Local { local, .. } => {
            vec![task.frames(store).next().unwrap().locals()[local as usize].value]
        }
        Watched::Object { object, first, len } => {
            let indices = first..first + len;
            match store.object_kind(object).unwrap() {
                ObjectKind::Array(_, size) => {
                    let indices = first..(first + len).min(size);
                    indices.map(|index| store.element(object, index).unwrap()).collect()
                }
                _ => {
                    let fields = store.object(object).unwrap().fields;
                    indices.filter_map(|index| fields.get(index as usize).copied()).collect()
                }
            }
        }
        Watched::Table { table, first, len } => {
            let table = store.table(table).unwrap();
            let indices = first..(first + len).min(table.size());
            indices.map(|index| table.get(index).unwrap()).collect()
        }
    })
}

#[test]
fn all_tiers_stop_at_the_same_accesses_and_tell_the_same() {
    let kinds = [WatchKind::Read, WatchKind::Write, WatchKind::Access, WatchKind::Change];
    let mut stops = 0;
    for watched in Program::new(Tier::Exact).places() {
        for kind in kinds {
            let watchpoint = Watchpoint { watched, kind };
            let hits = |tier, instructions, bulk| {
                let mut program = Program::new(tier);
                program.store.debugger_mut().add_watchpoint(watchpoint);
                let hits = program.hits(instructions, bulk);
                (hits, program.task.executed(), program.store.state().clone())
            };
            let (exact, executed, state) = hits(Tier::Exact, u64::MAX, u64::MAX);
            assert!(exact.iter().all(|(_, hit)| hit.watchpoint == watchpoint));
            for (tier, instructions, bulk) in [
                (Tier::Fast, u64::MAX, u64::MAX),
                (Tier::Fast, 13, u64::MAX),
                (Tier::Mixed, u64::MAX, 64),
                (Tier::Exact, 1, 16),
            ] {
                let (other, other_executed, other_state) = hits(tier, instructions, bulk);
                assert_eq!(exact, other, "{watchpoint:?} {tier:?}");
                assert_eq!(executed, other_executed);
                assert!(state == other_state, "{watchpoint:?} {tier:?}");
            }
            stops += exact.len();
        }
    }
    assert!(stops > 500, "{stops}");
}

#[test]
fn a_change_is_what_looking_after_each_instruction_finds() {
    let places = Program::new(Tier::Exact).places();
    for watched in places {
        // Locals come and go with their frames.
        if matches!(watched, Watched::Local { .. }) {
            continue;
        }
        let mut stepped = Program::new(Tier::Exact);
        let mut changes = Vec::new();
        let mut before = contents(&stepped.store, &stepped.task, clipped(watched, &stepped.store));
        while stepped.task.step(&mut stepped.store).unwrap() == Stop::Budget {
            let after = contents(&stepped.store, &stepped.task, clipped(watched, &stepped.store));
            if after != before {
                changes.push(stepped.task.executed());
            }
            before = after;
        }
        let mut watching = Program::new(Tier::Fast);
        let kind = WatchKind::Change;
        watching.store.debugger_mut().add_watchpoint(Watchpoint { watched, kind });
        let hits = watching.hits(u64::MAX, u64::MAX);
        let found: Vec<u64> = hits.iter().map(|(executed, _)| *executed).collect();
        assert!(!found.is_empty());
        assert_eq!(found, changes, "{watched:?}");
        assert!(hits.iter().any(|(_, hit)| hit.old != hit.new));
    }
}

/// A table grows into what is watched.
fn clipped(watched: Watched, store: &Store) -> Watched {
    match watched {
        Watched::Table { table, first, len } => {
            let size = store.table(table).unwrap().size();
            Watched::Table { table, first, len: len.min(size.saturating_sub(first)) }
        }
        other => other,
    }
}

#[test]
fn an_element_is_told_with_what_it_was_and_is() {
    let mut program = Program::new(Tier::Fast);
    let watched = Watched::Global(GlobalAddr(0));
    let kind = WatchKind::Change;
    program.store.debugger_mut().add_watchpoint(Watchpoint { watched, kind });
    let hits = program.hits(u64::MAX, u64::MAX);
    let told: Vec<_> = hits.into_iter().map(|(_, hit)| (hit.old, hit.new, hit.write)).collect();
    let value = |value| Contents::Values(vec![Value::I32(value)]);
    // Each is set twice.
    assert_eq!(told, [(value(0), value(1), true), (value(1), value(2), true)]);
}

#[test]
fn a_bulk_instruction_in_parts_tells_what_was_there_before_the_first() {
    let hit = |bulk| {
        let mut program = Program::new(Tier::Fast);
        let kind = WatchKind::Write;
        let watched = Watched::Memory { memory: MemAddr(0), address: 300, len: 2 };
        program.store.debugger_mut().add_watchpoint(Watchpoint { watched, kind });
        let hits = program.hits(u64::MAX, bulk);
        // The fill of the third round.
        hits.into_iter().map(|(_, hit)| hit).filter(|hit| hit.new == Contents::Bytes(vec![2, 2]))
    };
    let first = hit(u64::MAX).next().unwrap();
    assert_eq!(first.old, Contents::Bytes(vec![1, 1]));
    assert_eq!(hit(16).next(), Some(first));
}

#[test]
fn what_watches_a_collected_object_ends_and_says_so() {
    let mut program = Program::new(Tier::Fast);
    let object = program.bytes;
    let watched = Watched::Object { object, first: 0, len: 1 };
    let watchpoint = Watchpoint { watched, kind: WatchKind::Write };
    program.store.debugger_mut().add_watchpoint(watchpoint);
    program.store.collect_garbage().unwrap();
    assert_eq!(program.store.debugger().watchpoints(), [watchpoint]);
    let mut kept = program.store.state().clone();
    // Nothing else refers to it.
    let make = program.store.export_func(HERE, "make").unwrap();
    program.store.invoke(make, &[]).unwrap();
    program.store.collect_garbage().unwrap();
    assert_eq!(program.store.debugger().watchpoints(), []);
    assert_eq!(program.store.debugger_mut().take_ended(), [watchpoint]);
    assert_eq!(program.store.debugger_mut().take_ended(), []);

    // Nor does one watch what a state that is put back does not have.
    program.store.restore(kept.clone()).unwrap();
    program.store.debugger_mut().add_watchpoint(watchpoint);
    assert!(program.task.run(&mut program.store, Budget::instructions(1)).is_ok());
    kept = program.store.state().clone();
    program.store.restore(kept).unwrap();
    assert_eq!(program.store.debugger().watchpoints(), [watchpoint]);
    let nothing = ObjectAddr(object.0 + 1);
    let watched = Watched::Object { object: nothing, first: 0, len: 1 };
    let nowhere = Watchpoint { watched, kind: WatchKind::Write };
    program.store.debugger_mut().add_watchpoint(nowhere);
    assert!(program.task.run(&mut program.store, Budget::instructions(1)).is_ok());
    assert_eq!(program.store.debugger_mut().take_ended(), [nowhere]);
}

/// A function that calls itself, returns in several ways, throws and calls on; each time with the same frame base.
const FRAMES: &str = r#"(module
  (tag $oops)
  (func $leave (param $n i32) (param $how i32)
    (local.set $n (i32.add (local.get $n) (i32.const 100)))
    (if (i32.gt_s (local.get $how) (i32.const 10))
      (then (call $leave (local.get $n) (i32.sub (local.get $how) (i32.const 10)))))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (if (i32.eq (local.get $how) (i32.const 1)) (then (return)))
    (if (i32.eq (local.get $how) (i32.const 2)) (then (throw $oops)))
    (if (i32.eq (local.get $how) (i32.const 3))
      (then (return_call $leave (local.get $n) (i32.const 0))))
    (br_if 0 (i32.eq (local.get $how) (i32.const 4)))
    (local.set $n (i32.const 7)))
  (func $try (param $how i32)
    (block $caught
      (try_table (catch_all $caught) (call $leave (i32.const 0) (local.get $how)))))
  (func (export "run") (param $how i32) (local $i i32)
    (loop $again
      (call $try (local.get $how))
      (br_if $again
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))))"#;

#[test]
fn a_local_of_one_frame_is_watched_until_that_is_left() {
    for how in [0, 1, 2, 3, 4, 10, 11, 12, 13, 24] {
        let run = |tier, instructions| {
            let engine = Engine::new(Config::default().tier(tier));
            let module = Module::from_wat(&engine, FRAMES).unwrap();
            let mut store = Store::new(&engine);
            let instance = Linker::new().instantiate(&mut store, &module).unwrap();
            let func = store.export_func(instance, "run").unwrap();
            let mut task = store.start(func, &[Value::I32(how)]).unwrap();
            while task.frames(&store).len() < 3 {
                task.step(&mut store).unwrap();
            }
            let frame = Some(task.frames(&store).next().unwrap().id());
            let watched = Watched::Local { instance, func: FuncIndex(0), local: 0, frame };
            let watchpoint = Watchpoint { watched, kind: WatchKind::Write };
            store.debugger_mut().add_watchpoint(watchpoint);
            let mut hits = Vec::new();
            loop {
                match task.run(&mut store, Budget::instructions(instructions)).unwrap() {
                    Stop::Done(_) => break,
                    Stop::Watchpoint(hit) => {
                        let here = task.frames(&store).next().unwrap();
                        assert_eq!(Some(here.id()), frame);
                        assert_eq!(contents(&store, &task, hit.part), hit.new);
                        hits.push((task.executed(), *hit));
                    }
                    Stop::Budget => {}
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(store.debugger_mut().take_ended(), [watchpoint], "{how} {tier:?}");
            assert!(store.debugger().watchpoints().is_empty());
            hits
        };
        let exact = run(Tier::Exact, u64::MAX);
        // In the first call, and never again.
        let writes = match how {
            1..=4 => 2,
            // What it calls throws.
            12 => 1,
            _ => 3,
        };
        assert_eq!(exact.len(), writes, "{how}");
        for (tier, instructions) in [
            (Tier::Fast, u64::MAX),
            (Tier::Fast, 9),
            (Tier::Fast, 30),
            (Tier::Mixed, u64::MAX),
            (Tier::Exact, 1),
        ] {
            assert_eq!(run(tier, instructions), exact, "{how} {tier:?} {instructions}");
        }
    }
}
