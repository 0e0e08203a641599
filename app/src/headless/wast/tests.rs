use super::run_script;

fn failures(script: &str) -> Vec<String> {
    run_script(script).failures.iter().map(ToString::to_string).collect()
}

#[test]
fn assertions_pass_and_fail_with_their_place() {
    let script = "(module (func (export \"f\") (result i32) i32.const 1))\n\
         (assert_return (invoke \"f\") (i32.const 1))\n\
         (assert_return (invoke \"f\") (i32.const 2))\n\
         (assert_trap (invoke \"f\") \"unreachable\")\n";
    let report = run_script(script);
    assert_eq!(report.passed, 2);
    assert_eq!(
        failures(script),
        ["3:2: expected i32:2, got i32:1", "4:2: expected trap: unreachable, returned i32:1"]
    );
}

#[test]
fn malformed_and_invalid_are_told_apart() {
    let invalid = "(assert_malformed (module (func (result i32))) \"x\")";
    assert!(failures(invalid)[0].contains("got invalid"));
    let malformed = "(assert_invalid (module binary \"\\00asn\") \"x\")";
    assert!(failures(malformed)[0].contains("got malformed"));
}

#[test]
fn a_script_that_cannot_be_read_fails_once() {
    let failures = failures("(module");
    assert_eq!(failures.len(), 1);
    assert!(failures[0].starts_with("1:8: unexpected end of the text: expected `)`"));
}

const SHARED: &str = "(module $Mem (memory (export \"shared\") 1 1 shared))";

/// A thread that has the shared memory, with functions and commands.
fn thread(name: &str, funcs: &str, commands: &str) -> String {
    format!(
        "(thread ${name} (shared (module $Mem)) (register \"mem\" $Mem)\n\
         (module (memory (import \"mem\" \"shared\") 1 1 shared) {funcs})\n{commands})\n"
    )
}

#[test]
fn threads_take_turns_over_one_memory() {
    // Each waits in a loop for what the other writes.
    let spin = |from: u32, to: u32| {
        format!(
            "(func (export \"run\") (result i32)
               (i32.atomic.store (i32.const {to}) (i32.const 1))
               (loop (br_if 0 (i32.eqz (i32.atomic.load (i32.const {from})))))
               (i32.atomic.load (i32.const {from})))"
        )
    };
    let commands = "(assert_return (invoke \"run\") (either (i32.const 7) (i32.const 1)))";
    let script = [
        SHARED.to_owned(),
        thread("A", &spin(0, 4), commands),
        thread("B", &spin(4, 0), commands),
        "(wait $A) (wait $B)".to_owned(),
    ];
    let report = run_script(&script.concat());
    assert_eq!(report.failures, []);
    // The module, two threads, two waits, and three commands in each thread.
    assert_eq!(report.passed, 11);
}

#[test]
fn a_notification_or_the_time_ends_a_wait() {
    let wait = "(func (export \"wait\") (param i64) (result i32)
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (local.get 0)))";
    let notify = "(func (export \"notify\") (result i32)
        (memory.atomic.notify (i32.const 0) (i32.const 9)))";
    let script = |commands: &str, waker: &str| {
        let waiting = thread("A", wait, commands);
        format!("{SHARED}{waiting}{}(wait $A) (wait $B)", thread("B", notify, waker))
    };
    let woken = "(assert_return (invoke \"wait\" (i64.const -1)) (i32.const 0))";
    let notified = "(assert_return (invoke \"notify\") (i32.const 1))";
    assert_eq!(failures(&script(woken, notified)), [""; 0]);
    let late = "(assert_return (invoke \"wait\" (i64.const 500)) (i32.const 2))";
    assert_eq!(failures(&script(late, "")), [""; 0]);
    let [failure] = &failures(&script(woken, ""))[..] else { panic!("it waits for ever") };
    assert!(failure.contains("waits for ever at address 0x0"), "{failure}");
}

#[test]
fn a_thread_sees_what_it_is_given_only() {
    let script = "(module $Other (func (export \"f\")))
        (module $Mem (memory (export \"shared\") 1 1 shared))
        (thread $T (shared (module $Mem)) (invoke $Other \"f\"))
        (wait $T) (wait $T)";
    let failures = failures(script);
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(failures[0].starts_with("3:44: no module named $Other"), "{failures:?}");
    assert!(failures[1].contains("no thread named $T"), "{failures:?}");
}

#[test]
fn functions_are_compared_by_index_and_name() {
    let module = "(module (func $a) (func $b (export \"b\") (result funcref) (ref.func $a))
        (elem declare func $a))\n";
    let passes =
        "(assert_return (invoke \"b\") (ref.func 0)) (assert_return (invoke \"b\") (ref.func $a))
        (assert_return (invoke \"b\") (ref.func))";
    assert_eq!(failures(&format!("{module}{passes}")), [""; 0]);
    let fails =
        "(assert_return (invoke \"b\") (ref.func 1))(assert_return (invoke \"b\") (ref.func $b))";
    let failures = failures(&format!("{module}{fails}"));
    assert_eq!(failures.len(), 2);
    assert!(failures[0].contains("expected funcref of function 1, got funcref:"), "{failures:?}");
}

#[test]
fn vectors_are_told_in_the_shape_of_their_pattern() {
    let script = "(module (func (export \"v\") (result v128) (v128.const i32x4 1 -1 0 0x7fc00000)))\n\
        (assert_return (invoke \"v\") (v128.const f32x4 0 nan:canonical 0 nan:arithmetic))\n\
        (assert_return (invoke \"v\") (v128.const i16x8 1 0 -1 -1 0 0 0 0))";
    assert_eq!(
        failures(script),
        [
            "2:2: expected v128:f32x4 0 nan:canonical 0 nan:arithmetic, got v128:f32x4 1e-45 \
             nan:0xffffffff 0 nan:0x7fc00000",
            "3:2: expected v128:i16x8 1 0 -1 -1 0 0 0 0, got v128:i16x8 1 0 -1 -1 0 0 0 32704",
        ]
    );
}

#[test]
fn folded_legacy_exceptions_are_read_in_scripts() {
    let script = "(module (tag $e) (func (export \"f\") (result i32)
          (try (result i32) (do (throw $e)) (catch_all (i32.const 3)))))
        (assert_return (invoke \"f\") (i32.const 3))
        (module quote \"(func (export \\\"g\\\") (result i32) (try (result i32) (do (i32.const 4))))\")
        (assert_return (invoke \"g\") (i32.const 4))
        (assert_malformed (module quote \"(func (try (nop)))\") \"unexpected token\")
        (assert_return (invoke \"g\") (i32.const 5))";
    assert_eq!(failures(script), ["7:10: expected i32:5, got i32:4"]);
}
