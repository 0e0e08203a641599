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
