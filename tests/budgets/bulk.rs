//! A bulk instruction is one in the count, and a run may stop in the middle of it.

use std::time::{Duration, Instant};

use stepwell_engine::observe::{Breakpoint, Watched, Watchpoint};
use stepwell_engine::sched::{BULK_BYTES, Priority, Scheduler};
use stepwell_engine::store::StoreState;
use stepwell_engine::{
    AnyRef, Budget, BulkProgress, Config, Engine, GlobalAddr, InstanceId, Linker, MemAddr, Module,
    ObjectAddr, Stop, Store, Tier, TrapCode, Value, WatchKind,
};

use super::{Program, TIERS};

/// Memories, tables, segments and arrays that the bodies work on, some of each kind.
fn module(body: &str) -> String {
    let bytes: String = (0..997).map(|byte| char::from(b'!' + (byte % 90) as u8)).collect();
    let bytes = bytes.replace(['"', '\\'], "#");
    let entries =
        "(item (ref.i31 (i32.const 7))) (item (ref.i31 (i32.const 8))) (item (ref.null i31))";
    let entries = entries.repeat(40);
    format!(
        r#"(module
          (type $bytes (array (mut i8))) (type $shorts (array (mut i16)))
          (type $words (array (mut i32))) (type $longs (array (mut i64)))
          (type $vectors (array (mut v128))) (type $refs (array (mut i31ref)))
          (memory $m 1) (memory $other 1) (memory $wide i64 1)
          (table $t 300 i31ref) (table $u 300 i31ref)
          (global $bytes (mut (ref null $bytes)) (array.new_default $bytes (i32.const 700)))
          (global $made (mut anyref) (ref.null any))
          (data $data "{bytes}") (elem $elem i31ref {entries})
          (func $mark (param $at i32)
            loop
              (i32.store8 (local.get $at) (i32.mul (local.get $at) (i32.const 7)))
              (br_if 0 (local.tee $at (i32.sub (local.get $at) (i32.const 1))))
            end)
          (func (export "run") (param $x i32) (result i32)
            (local $shorts (ref null $shorts)) (local $refs (ref null $refs))
            {body}
            i32.const 5))"#
    )
}

/// Every bulk operator, with lengths that pieces do not divide.
const BODIES: [&str; 26] = [
    "(memory.fill $m (i32.const 9) (i32.const 7) (i32.const 1003))",
    "(memory.fill $other (i32.const 9) (i32.const 7) (i32.const 1003))",
    "(memory.fill $wide (i64.const 9) (i32.const 7) (i64.const 1003))",
    "(call $mark (i32.const 999)) (memory.copy $m $m (i32.const 5000) (i32.const 3) (i32.const 900))",
    "(call $mark (i32.const 999)) (memory.copy $m $m (i32.const 30) (i32.const 3) (i32.const 900))",
    "(call $mark (i32.const 999)) (memory.copy $m $m (i32.const 3) (i32.const 30) (i32.const 900))",
    "(call $mark (i32.const 999)) (memory.copy $m $m (i32.const 3) (i32.const 3) (i32.const 900))",
    "(call $mark (i32.const 999)) (memory.copy $other $m (i32.const 30) (i32.const 3) (i32.const 900))",
    "(memory.init $m $data (i32.const 9) (i32.const 5) (i32.const 901))",
    "(memory.init $other $data (i32.const 9) (i32.const 5) (i32.const 901)) (data.drop $data)",
    "(table.fill $t (i32.const 3) (ref.i31 (i32.const 4)) (i32.const 201))",
    "(table.init $t $elem (i32.const 3) (i32.const 2) (i32.const 101))",
    "(table.init $t $elem (i32.const 3) (i32.const 2) (i32.const 101))
     (table.copy $u $t (i32.const 7) (i32.const 1) (i32.const 201))",
    "(table.init $t $elem (i32.const 3) (i32.const 2) (i32.const 101))
     (table.copy $t $t (i32.const 7) (i32.const 1) (i32.const 201))",
    "(table.init $t $elem (i32.const 3) (i32.const 2) (i32.const 101))
     (table.copy $t $t (i32.const 1) (i32.const 7) (i32.const 201))",
    "(array.fill $bytes (global.get $bytes) (i32.const 3) (i32.const 77) (i32.const 601))",
    "(array.init_data $bytes $data (global.get $bytes) (i32.const 3) (i32.const 5) (i32.const 601))
     (array.copy $bytes $bytes (global.get $bytes) (i32.const 20) (global.get $bytes) (i32.const 3)
       (i32.const 600))",
    "(array.init_data $bytes $data (global.get $bytes) (i32.const 3) (i32.const 5) (i32.const 601))
     (array.copy $bytes $bytes (global.get $bytes) (i32.const 3) (global.get $bytes) (i32.const 20)
       (i32.const 600))",
    "(global.set $made (array.new $bytes (i32.const 200) (i32.const 777)))",
    "(global.set $made (array.new $longs (i64.const -3) (i32.const 99)))",
    "(global.set $made (array.new $vectors (v128.const i64x2 4 5) (i32.const 55)))",
    "(global.set $made (array.new_data $words $data (i32.const 5) (i32.const 201)))
     (global.set $made (array.new_data $shorts $data (i32.const 5) (i32.const 401)))",
    "(global.set $made (array.new_elem $refs $elem (i32.const 5) (i32.const 101)))",
    "(local.set $refs (array.new_default $refs (i32.const 120)))
     (array.init_elem $refs $elem (local.get $refs) (i32.const 3) (i32.const 5) (i32.const 101))
     (global.set $made (local.get $refs))",
    "(local.set $shorts (array.new_default $shorts (i32.const 400)))
     (array.fill $shorts (local.get $shorts) (i32.const 3) (i32.const -9) (i32.const 301))
     (array.copy $shorts $shorts (local.get $shorts) (i32.const 200) (local.get $shorts)
       (i32.const 150) (i32.const 200))
     (global.set $made (local.get $shorts))",
    "(array.fill $vectors (array.new_default $vectors (i32.const 40)) (i32.const 3)
       (v128.const i64x2 4 5) (i32.const 31))",
];

/// A run without a bound on bulk work.
fn in_one_go(text: &str) -> (StoreState, Stop) {
    let mut program = Program::new(text, 1, Tier::Exact);
    let mut task = program.start();
    let stop = task.run(&mut program.store, Budget::unlimited()).unwrap();
    (program.store.state().clone(), stop)
}

/// The states at which a run with these pieces stops, and how often that is in the middle.
fn in_pieces(text: &str, tier: Tier, bytes: u64) -> (Vec<StoreState>, usize, Stop) {
    let mut program = Program::new(text, 1, tier);
    let mut task = program.start();
    let (mut states, mut within) = (Vec::new(), 0);
    loop {
        let budget = Budget::unlimited().bulk_bytes(bytes);
        let stop = task.run(&mut program.store, budget).unwrap();
        states.push(program.store.state().clone());
        within += usize::from(task.bulk_progress(&program.store).is_some());
        assert!(states.len() < 1000, "the pieces are to end");
        if stop != Stop::Budget {
            return (states, within, stop);
        }
    }
}

#[test]
fn whatever_the_pieces_a_run_ends_as_it_does_in_one_go() {
    for body in BODIES {
        let text = module(body);
        let (state, end) = in_one_go(&text);
        assert!(matches!(end, Stop::Done(_)), "{body}: {end:?}");
        for bytes in [1, 16, 100, 333] {
            let (expected, within, _) = in_pieces(&text, Tier::Exact, bytes);
            assert!(within > 0, "{body} is never left within");
            for tier in TIERS {
                let (states, _, stop) = in_pieces(&text, tier, bytes);
                assert_eq!(stop, end, "{body} {tier:?} {bytes}");
                assert_eq!(states.last(), Some(&state), "{body} {tier:?} {bytes}");
                // Wherever the bytes are used up, that is the same place on every tier.
                assert_eq!(states, expected, "{body} {tier:?} {bytes}");
            }
        }
    }
}

#[test]
fn a_state_goes_on_from_the_middle() {
    for (body, tier) in BODIES.into_iter().flat_map(|body| TIERS.map(|tier| (body, tier))) {
        let text = module(body);
        let (state, end) = in_one_go(&text);
        let mut program = Program::new(&text, 1, tier);
        let mut task = program.start();
        loop {
            let budget = Budget::unlimited().bulk_bytes(100);
            let stop = task.run(&mut program.store, budget).unwrap();
            let kept = program.store.state().clone();
            assert_eq!(task.run(&mut program.store, Budget::unlimited()).unwrap(), end);
            assert_eq!(program.store.state(), &state, "{body} {tier:?}");
            program.store.restore(kept.clone()).unwrap();
            // Single steps do not stop within.
            while !task.is_finished(&program.store) {
                let before = task.executed();
                task.step(&mut program.store).unwrap();
                assert_eq!(task.executed(), before + 1);
                assert_eq!(task.bulk_progress(&program.store), None);
            }
            assert_eq!(program.store.state(), &state, "{body} {tier:?}");
            program.store.restore(kept).unwrap();
            if stop != Stop::Budget {
                break;
            }
        }
    }
}

#[test]
fn an_instruction_counts_when_it_is_done_and_keeps_its_operands_until_then() {
    for tier in TIERS {
        let text = module("(memory.fill $m (i32.const 9) (i32.const 7) (i32.const 1000))");
        let mut program = Program::new(&text, 1, tier);
        let mut task = program.start();
        let memory = MemAddr(0);
        for done in [300, 600, 900] {
            let budget = Budget::instructions(50).bulk_bytes(300);
            assert_eq!(task.run(&mut program.store, budget).unwrap(), Stop::Budget);
            assert_eq!(task.executed(), 3, "the operands");
            assert_eq!(task.bulk_progress(&program.store), Some(BulkProgress { done, len: 1000 }));
            let operands = task.frames(&program.store).next().unwrap().operands();
            assert_eq!(operands, [9, 7, 1000].map(Value::I32));
            let bytes = program.store.memory(memory).unwrap().bytes();
            assert!(bytes[9..9 + done as usize].iter().all(|byte| *byte == 7));
            assert!(bytes[9 + done as usize..].iter().all(|byte| *byte == 0));
        }
        // No instruction at all leaves it as it is.
        let before = program.store.state().clone();
        assert_eq!(task.run(&mut program.store, Budget::instructions(0)).unwrap(), Stop::Budget);
        assert_eq!(program.store.state(), &before);
        let budget = Budget::instructions(1).bulk_bytes(300);
        assert_eq!(task.run(&mut program.store, budget).unwrap(), Stop::Budget);
        assert_eq!((task.executed(), task.bulk_progress(&program.store)), (4, None));
    }
}

#[test]
fn what_does_not_fit_traps_before_its_first_byte() {
    let bodies = [
        ("(memory.fill $m (i32.const 9) (i32.const 7) (i32.const 65528))", "memory"),
        ("(memory.copy $m $m (i32.const 9) (i32.const 0) (i32.const 65528))", "memory"),
        ("(memory.copy $m $m (i32.const 0) (i32.const 9) (i32.const 65528))", "memory"),
        ("(memory.init $m $data (i32.const 9) (i32.const 0) (i32.const 998))", "memory"),
        ("(table.fill $t (i32.const 3) (ref.i31 (i32.const 4)) (i32.const 298))", "table"),
        ("(table.copy $t $u (i32.const 3) (i32.const 0) (i32.const 298))", "table"),
        ("(table.init $t $elem (i32.const 3) (i32.const 1) (i32.const 120))", "table"),
        (
            "(array.fill $bytes (global.get $bytes) (i32.const 3) (i32.const 77) (i32.const 698))",
            "array",
        ),
        (
            "(array.copy $bytes $bytes (global.get $bytes) (i32.const 1) (global.get $bytes)
               (i32.const 0) (i32.const 700))",
            "array",
        ),
    ];
    for (body, tier) in bodies.into_iter().flat_map(|body| TIERS.map(|tier| (body, tier))) {
        let (body, what) = body;
        let text = module(body);
        let expected = match what {
            "memory" => TrapCode::MemoryOutOfBounds,
            "table" => TrapCode::TableOutOfBounds,
            _ => TrapCode::ArrayOutOfBounds,
        };
        let before = Program::new(&text, 1, tier).store.state().clone();
        let (_, within, stop) = in_pieces(&text, tier, 16);
        let Stop::Trap(trap) = stop else { panic!("{body} {tier:?}: {stop:?}") };
        assert_eq!((trap.code, within), (expected, 0), "{body} {tier:?}");
        let mut program = Program::new(&text, 1, tier);
        let mut task = program.start();
        while task.run(&mut program.store, Budget::unlimited().bulk_bytes(16)).unwrap()
            == Stop::Budget
        {}
        program.store.end_task(task).unwrap();
        assert!(program.store.state() == &before, "{body} {tier:?}");
    }
}

#[test]
fn an_instruction_whose_operands_a_person_changes_begins_anew() {
    for tier in TIERS {
        let text = module("(memory.fill $m (i32.const 9) (i32.const 7) (i32.const 1000))");
        let mut program = Program::new(&text, 1, tier);
        let mut task = program.start();
        let budget = Budget::unlimited().bulk_bytes(300);
        task.run(&mut program.store, budget).unwrap();
        // What it is already changes nothing, nor does a local.
        task.set_operand(&mut program.store, 0, 1, Value::I32(7)).unwrap();
        task.set_local(&mut program.store, 0, 0, Value::I32(3)).unwrap();
        task.run(&mut program.store, budget).unwrap();
        assert_eq!(task.bulk_progress(&program.store), Some(BulkProgress { done: 600, len: 1000 }));
        task.set_operand(&mut program.store, 0, 1, Value::I32(8)).unwrap();
        task.set_operand(&mut program.store, 0, 2, Value::I32(500)).unwrap();
        task.run(&mut program.store, budget).unwrap();
        assert_eq!(task.bulk_progress(&program.store), Some(BulkProgress { done: 300, len: 500 }));
        let end = task.run(&mut program.store, budget).unwrap();
        assert!(matches!(end, Stop::Done(_)));
        let bytes = program.store.memory(MemAddr(0)).unwrap().bytes();
        assert!(bytes[9..509].iter().all(|byte| *byte == 8));
        assert!(bytes[509..609].iter().all(|byte| *byte == 7));
        assert!(bytes[609..].iter().all(|byte| *byte == 0));

        let mut task = program.start();
        task.run(&mut program.store, budget).unwrap();
        task.set_operand(&mut program.store, 0, 2, Value::I32(2)).unwrap();
        let one = Budget::instructions(1).bulk_bytes(300);
        task.run(&mut program.store, one).unwrap();
        assert_eq!(
            (task.executed(), task.bulk_progress(&program.store)),
            (4, None),
            "little is done at once"
        );
    }
}

#[test]
fn a_breakpoint_stops_once_and_an_access_is_seen_once() {
    let text = module("(memory.copy $m $m (i32.const 9) (i32.const 0) (i32.const 1000))");
    let budget = Budget::unlimited().bulk_bytes(300);
    for (tier, begun) in TIERS.into_iter().flat_map(|tier| [(tier, false), (tier, true)]) {
        let mut program = Program::new(&text, 1, tier);
        let mut task = program.start();
        let to_copy = Budget::instructions(3);
        task.run(&mut program.store, to_copy).unwrap();
        if begun {
            task.run(&mut program.store, budget).unwrap();
        }
        let offset = task.frames(&program.store).next().unwrap().offset();
        let breakpoint = Breakpoint { instance: InstanceId(0), offset };
        program.store.debugger_mut().add_breakpoint(breakpoint);
        let watchpoint = Watchpoint::memory(MemAddr(0), 20, 1, WatchKind::Write);
        program.store.debugger_mut().add_watchpoint(watchpoint);
        let stops: Vec<Stop> =
            (0..6).map(|_| task.run(&mut program.store, budget).unwrap()).collect();
        // What has begun has passed it.
        let breaks = stops.iter().filter(|stop| matches!(stop, Stop::Breakpoint(_))).count();
        assert_eq!(breaks, usize::from(!begun), "{tier:?}: {stops:?}");
        let mut hits = stops.iter().filter_map(|stop| match stop {
            Stop::Watchpoint(hit) => Some((hit.accessed, hit.site.offset)),
            _ => None,
        });
        let copied = Watched::Memory { memory: MemAddr(0), address: 9, len: 1000 };
        assert_eq!(hits.next(), Some((copied, offset)), "{tier:?}: {stops:?}");
        assert_eq!(hits.next(), None);
        assert!(matches!(stops.last(), Some(Stop::Done(_))));
    }
}

#[test]
fn a_log_has_each_access_once() {
    let text = module("(memory.copy $m $m (i32.const 9) (i32.const 0) (i32.const 1000))");
    let mut program = Program::new(&text, 1, Tier::Fast);
    program.store.debugger_mut().log_accesses(100);
    let mut task = program.start();
    while task.run(&mut program.store, Budget::unlimited().bulk_bytes(64)).unwrap() == Stop::Budget
    {
    }
    let accesses = program.store.debugger().accesses();
    let found: Vec<_> = accesses.map(|access| (access.address, access.len, access.write)).collect();
    assert_eq!(found, [(0, 1000, false), (9, 1000, true)]);
}

#[test]
fn a_segment_dropped_by_another_task_traps_what_reads_it() {
    for body in [
        "(memory.init $m $data (i32.const 9) (i32.const 5) (i32.const 901)) (data.drop $data)",
        "(table.init $t $elem (i32.const 3) (i32.const 2) (i32.const 101)) (elem.drop $elem)",
    ] {
        let mut program = Program::new(&module(body), 1, Tier::Fast);
        let mut first = program.start();
        let budget = Budget::unlimited().bulk_bytes(64);
        first.run(&mut program.store, budget).unwrap();
        let mut second = program.start();
        let end = second.run(&mut program.store, Budget::unlimited()).unwrap();
        assert!(matches!(end, Stop::Done(_)));
        let end = first.run(&mut program.store, budget).unwrap();
        assert!(matches!(end, Stop::Trap(_)), "{end:?}");
        assert_eq!(first.bulk_progress(&program.store), None);
    }
}

#[test]
fn an_array_that_is_half_made_survives_a_collection() {
    for tier in TIERS {
        let body = "(global.set $made (array.new $longs (i64.extend_i32_s (local.get $x)) (i32.const 99)))";
        let mut program = Program::new(&module(body), 1, tier);
        let mut half = program.start();
        let budget = Budget::unlimited().bulk_bytes(100);
        assert_eq!(half.run(&mut program.store, budget).unwrap(), Stop::Budget);
        assert_eq!(half.bulk_progress(&program.store), Some(BulkProgress { done: 12, len: 99 }));
        program.store.collect_garbage().unwrap();
        // What is free now is taken by another.
        program.argument = 2;
        let mut other = program.start();
        other.run(&mut program.store, Budget::unlimited()).unwrap();
        let others = made(&program.store);
        while half.run(&mut program.store, budget).unwrap() == Stop::Budget {}
        for (array, value) in [(others, 2), (made(&program.store), 1)] {
            let elements: Vec<_> = (0..99).map(|at| program.store.element(array, at)).collect();
            assert_eq!(elements, vec![Some(Value::I64(value)); 99], "{tier:?}");
        }
    }
}

/// The array that a run has left in the global.
fn made(store: &Store) -> ObjectAddr {
    let (_, made) = store.global(GlobalAddr(1)).unwrap();
    let Value::AnyRef(Some(AnyRef::Object(array))) = made else { panic!("{made:?}") };
    array
}

#[test]
fn a_turn_that_ends_within_an_instruction_is_followed_by_others() {
    let text = r#"(module (memory 1000)
      (func (export "fill") (memory.fill (i32.const 0) (i32.const 7) (i32.const 65000000)))
      (func (export "count") (local i32)
        (local.set 0 (i32.const 50000))
        loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) end))"#;
    let engine = Engine::default();
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let mut scheduler = Scheduler::with_budget(10_000);
    let [fill, count] = ["fill", "count"].map(|export| {
        let func = store.export_func(instance, export).unwrap();
        scheduler.spawn(store.start(func, &[]).unwrap(), Priority::Normal)
    });
    let turns: Vec<_> = std::iter::from_fn(|| scheduler.turn(&mut store)).collect();
    let of = |handle| turns.iter().filter(move |turn| turn.handle == handle);
    let executed = |handle| of(handle).map(|turn| turn.executed).collect::<Vec<_>>();
    let (fills, counts) = (executed(fill), executed(count));
    // The operands in the first turn, the instruction and the end in the last.
    let pieces = 65_000_000_u64.div_ceil(BULK_BYTES) as usize;
    assert_eq!((fills.len(), fills[0], fills[pieces - 1]), (pieces, 3, 2));
    assert!(fills[1..pieces - 1].iter().all(|executed| *executed == 0));
    assert_eq!(counts.len(), 31);
    let over = turns.iter().position(|turn| turn.outcome.is_news()).unwrap();
    assert_eq!((turns[over].handle, over), (count, 61), "they alternate");
    let bytes = store.memory(MemAddr(0)).unwrap().bytes();
    assert!(bytes[..65_000_000].iter().all(|byte| *byte == 7));
}

/// Four gigabytes, filled and copied in a loop that does not end.
const ENDLESS: &str = r#"(module (memory i64 65536)
  (func (export "run") (param i32) (result i32)
    loop
      (memory.fill (i64.const 0) (i32.const 7) (i64.const 0x1_0000_0000))
      (memory.copy (i64.const 1) (i64.const 0) (i64.const 0xffff_ffff))
      br 0
    end
    unreachable))"#;

#[test]
#[cfg(target_pointer_width = "64")]
fn fills_of_four_gigabytes_can_be_paused() {
    const PIECE: u64 = 4 << 20;
    for (tier, text) in [
        (Tier::Fast, ENDLESS.to_owned()),
        (Tier::Exact, ENDLESS.to_owned()),
        // With addresses of 32 bits the fast tier fills itself what is small.
        (Tier::Fast, ENDLESS.replace("i64", "i32").replace("0x1_0000_0000", "0xffff_ffff")),
    ] {
        let engine = Engine::new(Config::default().tier(tier));
        let module = Module::from_wat(&engine, &text).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let run = store.export_func(instance, "run").unwrap();
        let mut task = store.start(run, &[Value::I32(0)]).unwrap();
        let mut longest = Duration::ZERO;
        for piece in 1..=20 {
            let begun = Instant::now();
            let budget = Budget::unlimited().bulk_bytes(PIECE);
            assert_eq!(task.run(&mut store, budget).unwrap(), Stop::Budget);
            longest = longest.max(begun.elapsed());
            // loop, three operands.
            assert_eq!(task.executed(), 4);
            let done = task.bulk_progress(&store).map(|progress| progress.done);
            assert_eq!(done, Some(piece * PIECE), "{tier:?}");
        }
        // A quarter of a second for 4 MiB is what a machine under heavy load may take.
        assert!(longest < Duration::from_millis(250), "{tier:?}: {longest:?}");
    }
}
