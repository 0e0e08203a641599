//! What counts: every executed instruction that has an opcode in the code section.

use stepwell_engine::{Budget, Config, Engine, FuncType, Linker, Module, Store, ValType, Value};

/// Instructions that `run` takes to its end.
fn executed(body: &str, argument: i32) -> u64 {
    let text = format!(
        r#"(module (import "env" "host" (func $host (result i32)))
             (memory 1) (table 2 funcref) (elem (i32.const 0) $empty)
             (func $empty)
             (func $early return)
             (func (export "run") (param $x i32) {body}))"#
    );
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, &text).expect(body);
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    linker.func("env", "host", FuncType::new([], [ValType::I32]), |_, _| Ok(vec![Value::I32(1)]));
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    let mut task = store.start(run, &[Value::I32(argument)]).unwrap();
    task.run(&mut store, Budget::unlimited()).unwrap();
    assert!(task.is_finished(&store));
    task.executed()
}

#[test]
fn structure_counts_too() {
    // The function's last `end` is one.
    assert_eq!(executed("", 0), 1);
    assert_eq!(executed("nop", 0), 2);
    assert_eq!(executed("block nop end", 0), 4);
    assert_eq!(executed("loop nop end", 0), 4);
}

#[test]
fn after_return_the_last_end_does_not_count() {
    assert_eq!(executed("return", 0), 1);
    assert_eq!(executed("call $early", 0), 3);
    assert_eq!(executed("call $empty", 0), 3);
    assert_eq!(executed("br 0", 0), 1, "a branch to the function's label returns");
}

#[test]
fn a_branch_goes_on_behind_the_end() {
    // block, br, end of the function.
    assert_eq!(executed("block br 0 end", 0), 3);
    // block, local.get, br_if, (nop, end,) end of the function.
    assert_eq!(executed("block local.get $x br_if 0 nop end", 1), 4);
    assert_eq!(executed("block local.get $x br_if 0 nop end", 0), 6);
}

#[test]
fn a_branch_to_a_loop_counts_the_loop_again() {
    let body = "loop local.get $x i32.const 1 i32.sub local.tee $x br_if 0 end";
    // Three times six instructions, end, end.
    assert_eq!(executed(body, 3), 3 * 6 + 2);
}

#[test]
fn an_if_counts_the_arm_that_is_taken() {
    assert_eq!(executed("local.get $x if nop end", 0), 4, "local.get, if, end, end");
    assert_eq!(executed("local.get $x if nop end", 1), 5, "local.get, if, nop, end, end");
    let both = "local.get $x if nop else nop nop end";
    assert_eq!(executed(both, 0), 6, "local.get, if, nop, nop, end, end");
    assert_eq!(executed(both, 1), 5, "local.get, if, nop, else, end of the function");
}

#[test]
fn bulk_operators_and_host_calls_are_one() {
    assert_eq!(executed("i32.const 0 i32.const 7 i32.const 60000 memory.fill", 0), 5);
    assert_eq!(executed("i32.const 0 i32.const 9 i32.const 60000 memory.copy", 0), 5);
    assert_eq!(executed("call $host drop", 0), 3);
    assert_eq!(executed("i32.const 0 call_indirect", 0), 4, "and the end of the callee");
}

#[test]
fn a_trapping_instruction_counts() {
    assert_eq!(executed("nop unreachable", 0), 2);
    assert_eq!(executed("i32.const 65536 i32.load drop", 0), 2);
}
