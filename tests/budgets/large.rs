//! Large functions are decoded and translated in pieces, which changes nothing but how soon a run can stop.

use stepwell_engine::observe::Breakpoint;
use stepwell_engine::{
    Budget, Config, Engine, FuncAddr, Linker, Module, Stop, Store, Tier, TrapCode, Value,
};

use super::TIERS;

/// A loop that allocates and loads, in a function with 300 KiB of code that is never executed. The loop ends
/// with a load outside of the memory. `late` is what the cold code ends with.
fn text(late: &str) -> String {
    let cold = "(local.set $sum (i32.add (local.get $sum) (i32.const 1)))".repeat(42_000);
    format!(
        r#"(module
          (type $pair (struct (field i32) (field (ref null $pair))))
          (memory 1)
          (func $large (param $at i32) (result i32) (local $sum i32) (local $pair (ref null $pair))
            block $cold
              (br_if $cold (i32.eqz (local.get $at)))
              loop
                (local.set $pair (struct.new $pair (local.get $at) (ref.null $pair)))
                (local.set $pair (struct.new $pair (local.get $at) (local.get $pair)))
                (i32.store (local.get $at) (i32.add (local.get $at) (local.get $sum)))
                (local.set $sum (i32.add (local.get $sum)
                  (i32.mul (i32.load (local.get $at)) (struct.get $pair 0 (local.get $pair)))))
                (local.set $at (i32.add (local.get $at) (i32.const 40)))
                br 0
              end
            end
            {cold} {late}
            local.get $sum)
          (func (export "run") (param $at i32) (result i32)
            (i32.add (i32.const 1) (call $large (local.get $at)))))"#
    )
}

/// A store of its own, whose module nobody has run.
fn program(bytes: &[u8], tier: Tier) -> (Store, FuncAddr) {
    let engine = Engine::new(Config::default().max_heap(6 << 10).tier(tier));
    let module = Module::new(&engine, bytes).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "run").unwrap();
    (store, func)
}

fn encoded(late: &str) -> Vec<u8> {
    Module::from_wat(&Engine::default(), &text(late)).unwrap().bytes().to_vec()
}

/// Runs in pieces beside the exact tier, which comes to the same states.
fn alike(bytes: &[u8], tier: Tier, argument: i32) -> (Stop, usize) {
    let (mut expected, func) = program(bytes, Tier::Exact);
    let mut exact = expected.start(func, &[Value::I32(argument)]).unwrap();
    let (mut store, func) = program(bytes, tier);
    let mut task = store.start(func, &[Value::I32(argument)]).unwrap();
    let mut standing = 0;
    loop {
        let before = task.executed();
        let budget = Budget::instructions(1_013).bulk_bytes(256 << 10);
        let stop = task.run(&mut store, budget).unwrap();
        let count = task.executed() - before;
        if count == 0 {
            standing += 1;
            assert!(standing < 1000, "it gets further");
            continue;
        }
        let other = exact.run(&mut expected, Budget::instructions(count)).unwrap();
        assert!(store.state() == expected.state(), "{tier:?} after {}", task.executed());
        if stop != Stop::Budget {
            assert_eq!(stop, exact.run(&mut expected, Budget::unlimited()).unwrap());
            return (stop, standing);
        }
        assert_eq!(other, Stop::Budget);
    }
}

#[test]
#[cfg_attr(miri, ignore = "it takes hours")]
fn decoding_and_translating_in_pieces_changes_no_state() {
    let bytes = encoded("");
    for tier in TIERS {
        let (stop, standing) = alike(&bytes, tier, 4);
        let Stop::Trap(trap) = stop else { panic!("{stop:?}") };
        assert_eq!(trap.code, TrapCode::MemoryOutOfBounds);
        // 300 KiB to be decoded, and again for their types, 4 KiB at a time.
        assert!((120..250).contains(&standing), "{standing} runs executed nothing");
    }
}

#[test]
#[cfg_attr(miri, ignore = "it takes hours")]
fn a_function_that_has_to_be_read_twice_is_decoded_in_pieces_too() {
    let bytes = encoded("(v128.const i64x2 1 2) drop");
    for tier in [Tier::Exact, Tier::Fast] {
        let (stop, standing) = alike(&bytes, tier, 0);
        assert_eq!(stop, Stop::Done(vec![Value::I32(42_001)]));
        assert!((120..250).contains(&standing), "{standing} runs executed nothing");
    }
}

#[test]
#[cfg_attr(miri, ignore = "it takes hours")]
fn a_breakpoint_in_a_large_function_is_met() {
    let bytes = encoded("");
    let (mut store, func) = program(&bytes, Tier::Fast);
    let mut task = store.start(func, &[Value::I32(4)]).unwrap();
    task.run(&mut store, Budget::instructions(10_000)).unwrap();
    let (instance, offset) = {
        let frame = task.frames(&store).next().unwrap();
        (frame.instance(), frame.offset())
    };
    store.debugger_mut().add_breakpoint(Breakpoint { instance, offset });
    let mut met = 0;
    // Long enough for a translation that stops there.
    for _ in 0..2_000 {
        match task.run(&mut store, Budget::unlimited()).unwrap() {
            Stop::Breakpoint(at) => met += u32::from(at.offset == offset),
            Stop::Trap(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(met > 1_000, "{met} times");
}

#[test]
#[cfg_attr(miri, ignore = "it takes hours")]
fn a_large_function_is_prepared_in_pieces() {
    let bytes = encoded("");
    let (mut store, _) = program(&bytes, Tier::Fast);
    let large = FuncAddr(0);
    let pieces = std::iter::repeat_with(|| store.prepare(large, 8 << 10).unwrap());
    let pieces = pieces.take(1000).take_while(|ready| !ready).count();
    assert!((60..120).contains(&pieces), "{pieces}");
    let mut task = store.start(large, &[Value::I32(0)]).unwrap();
    let stop = task.run(&mut store, Budget::unlimited().bulk_bytes(16)).unwrap();
    assert_eq!(stop, Stop::Done(vec![Value::I32(42_000)]));
}
