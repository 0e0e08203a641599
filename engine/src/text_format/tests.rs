//! Errors of texts as a person gets them.
#![allow(clippy::unwrap_used)]

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::format;

use super::TextError;
use crate::{Config, Engine, Error, Linker, Module, Store, Value};

fn errors(text: &str) -> Vec<TextError> {
    match Module::from_wat(&Engine::new(Config::default()), text) {
        Err(Error::Text { errors }) => errors,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted: {text}"),
    }
}

/// The one error of a text, in a line.
fn told(text: &str) -> String {
    let errors = errors(text);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].to_string()
}

#[test]
fn operands_are_told_as_expected_and_found() {
    let text = "(module
  (func $bad (param $x i64) (result i32)
    i32.const 4
    (i32.add (local.get $x))))";
    let all = errors(text);
    let [error] = &all[..] else { panic!("{all:?}") };
    assert_eq!((error.line, error.column, error.length), (4, 6, 7));
    assert_eq!(error.item.as_deref(), Some("function $bad"));
    assert_eq!(error.operator.as_deref(), Some("i32.add"));
    assert_eq!(error.expected.as_deref(), Some("[i32, i32]"));
    assert_eq!(error.found.as_deref(), Some("[i32, i64]"));
    assert!(matches!(error.cause.as_deref(), Some(Error::Invalid { .. })), "{error:?}");
    assert_eq!(
        error.in_file("a.wat"),
        "a.wat:4:6: error: type mismatch in i32.add: expected [i32, i32], found [i32, i64], in \
         function $bad\n    (i32.add (local.get $x))))\n     ^^^^^^^"
    );
}

#[test]
fn what_an_operator_expects_is_known_for_every_kind() {
    let module = |code: &str| {
        format!(
            "(module (memory 1) (table 1 funcref) (tag $e (param f32))
  (type $s (struct (field $x i32))) (type $t (struct (field $x i64))) (type $a (array (mut i8)))
  (func $callee (param (ref $s) i32)) (func $f (param $p i64) (result f64) {code}))"
        )
    };
    for (code, expected, found) in [
        ("(call $callee (i32.const 1))", "[(ref $s), i32]", "[i32]"),
        ("(call $callee (ref.null $t) (i32.const 1))", "[(ref $s), i32]", "[(ref null $t), i32]"),
        ("(call_indirect (param i64) (i32.const 1))", "[i64, i32]", "[i32]"),
        ("(return (i64.const 1))", "[f64]", "[i64]"),
        ("(block (result i64) (br 0 (i32.const 1))) drop", "[i64]", "[i32]"),
        ("(loop (param i32) (br 0))", "[i32]", "[]"),
        ("(block (result i32) (br_if 0 (i64.const 1)))", "[i32, i32]", "[i64]"),
        ("(throw $e (i32.const 1))", "[f32]", "[i32]"),
        ("drop", "[any]", "[]"),
        (
            "(select (i32.const 1) (i32.const 1) (i64.const 1))",
            "[any, any, i32]",
            "[i32, i32, i64]",
        ),
        ("(if (i64.const 1) (then))", "[i32]", "[i64]"),
        ("(if (i32.const 1) (then (i32.const 7)))", "[]", "[i32]"),
        ("(memory.fill (i32.const 1) (i32.const 2))", "[i32, i32, i32]", "[i32, i32]"),
        ("(f32x4.add (f32.const 1) (f32.const 1))", "[v128, v128]", "[f32, f32]"),
        ("(i32.atomic.rmw.add (i32.const 1) (i64.const 2))", "[i32, i32]", "[i32, i64]"),
        ("(struct.new $s (i64.const 1))", "[i32]", "[i64]"),
        ("(struct.get $s $x (ref.null $t))", "[(ref null $s)]", "[(ref null $t)]"),
        (
            "(array.set $a (i32.const 1) (i32.const 2) (i32.const 3))",
            "[(ref null $a), i32, i32]",
            "[i32, i32, i32]",
        ),
        ("(ref.is_null (i32.const 1))", "ref", "i32"),
        ("(i32.store (local.get $p) (i32.const 1))", "[i32, i32]", "[i64, i32]"),
        ("(local.set $p (f32.const 1))", "[i64]", "[f32]"),
        ("(f32.const 1)", "[f64]", "[f32]"),
    ] {
        let all = errors(&module(code));
        let [error] = &all[..] else { panic!("{code}: {all:?}") };
        let (Some(wanted), Some(there)) = (&error.expected, &error.found) else {
            panic!("{code}: {error}");
        };
        assert_eq!((&**wanted, &**there), (expected, found), "{code}: {error}");
        assert_eq!(error.item.as_deref(), Some("function $f"), "{code}");
        assert_eq!(error.line, 3, "{code}");
    }
}

#[test]
fn the_first_error_of_each_function_is_told() {
    let text =
        "(module (func $a (drop)) (func $good) (func $b (i32.const 1)) (func $c (local.get 3)))";
    let told: Vec<String> = errors(text).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "1:19: type mismatch in drop: expected [any], found [], in function $a",
            "1:49: type mismatch at the end of the function: expected [], found [i32], in function $b",
            "1:73: unknown local 3 in local.get: there is no local, in function $c",
        ]
    );
}

#[test]
fn errors_outside_of_functions_have_their_place_too() {
    for (text, wanted) in [
        (
            "(module\n (global $g i32 (i64.const 3)))",
            "2:18: type mismatch: expected i32, found i64, in global $g",
        ),
        (
            "(module\n (memory 1)\n (data (i32.const 0) \"a\") (data (offset f32.const 0) \"a\"))",
            "3:41: type mismatch: expected i32, found f32, in data segment 1",
        ),
        (
            "(module (func $f) (export \"a\" (func $f))\n (export \"a\" (func $f)))",
            "2:3: duplicate export name `a` already defined, in export \"a\"",
        ),
        (
            "(module\n (memory 2 1))",
            "2:3: size minimum must not be greater than maximum, in memory 0",
        ),
        ("(module (func $f (param i32))\n (start $f))", "2:9: invalid start function type"),
        (
            "(module\n (import \"a\" \"b\" (memory 70000)))",
            "2:3: memory size must be at most 0x10000 65536-byte pages, in import \"a\" \"b\"",
        ),
        (
            "(module (table 1 externref) (func $f)\n (elem (i32.const 0) $f))",
            "2:3: type mismatch: invalid element type `(ref func)` for table type `externref`, in element segment 0",
        ),
        (
            "(module (type $s (struct))\n (type $f (sub $s (func))))",
            "2:3: sub type cannot have a final super type, in type $f",
        ),
    ] {
        assert!(told(text).starts_with(wanted), "{}", told(text));
    }
}

#[test]
fn slips_and_old_names_are_recognised() {
    let func = |code: &str| {
        format!("(module (memory 1) (func $helper) (func $f (param $first i32) {code}))")
    };
    for (code, wanted) in [
        (
            "(i32.cosnt 4)",
            "1:64: unknown operator i32.cosnt, in function $f; did you mean i32.const?",
        ),
        (
            "(get_local 0)",
            "1:64: unknown operator get_local, in function $f; it is called local.get now",
        ),
        ("(i32.trunc_s/f64 (f64.const 0))", "it is called i32.trunc_f64_s now"),
        ("(i32.trunc_u:sat/f32 (f32.const 0))", "it is called i32.trunc_sat_f32_u now"),
        ("(i32.wrap/i64 (i64.const 0))", "it is called i32.wrap_i64 now"),
        ("(f64x2.convert_low_s/i32x4)", "it is called f64x2.convert_low_i32x4_s now"),
        ("(i64.atomic.rmw32_u.add)", "it is called i64.atomic.rmw32.add_u now"),
        ("(grow_memory (i32.const 1))", "it is called memory.grow now"),
        ("(call $helpr)", "1:69: unknown function $helpr, in function $f; did you mean $helper?"),
        ("(local.get $frist)", "1:74: unknown local $frist, in function $f; did you mean $first?"),
        ("(block $out (br $uot))", "unknown label $uot, in function $f; did you mean $out?"),
        ("(parm i32)", "did you mean param?"),
        ("(call $nothing_like_it)", "unknown function $nothing_like_it, in function $f"),
    ] {
        let told = told(&func(code));
        assert!(told.contains(wanted), "{code}: {told}");
    }
    assert!(told("(module (fnuc))").ends_with("did you mean func?"));
    assert!(!told("(module (func (call $a) (xyzzy)))").contains("did you mean"));
}

#[test]
fn every_old_name_leads_to_an_operator_that_exists() {
    let names: Vec<_> = crate::module::operator::text_names().collect();
    for (old, _) in super::mnemonics::RENAMED {
        let new = super::mnemonics::renamed(old).unwrap();
        assert!(new == "funcref" || names.iter().any(|name| **name == *new), "{old}: {new}");
        assert!(names.iter().all(|name| *name != old), "{old} is no old name");
    }
}

#[test]
fn the_line_is_shown_without_what_would_move_the_cursor() {
    let error = &errors("(module\n\t(func $\"\u{9b}2J\u{202e}語\" (i32.cosnt 1)))")[0];
    assert!(!error.source.contains(['\u{9b}', '\u{202e}']), "{error:?}");
    assert!(!error.sentence().contains(['\u{9b}', '\u{202e}']), "{error:?}");
    // A letter that is twice as wide has a mark twice as far away.
    assert_eq!(error.marker, "\t                 ^^^^^^^^^");
    let long = format!("(module (func {} (i32.cosnt 1)))", "(nop) ".repeat(10_000));
    let error = &errors(&long)[0];
    assert!(error.source.chars().count() <= 120);
    assert!(error.source[error.marker.find('^').unwrap()..].starts_with("i32.cosnt"));
}

#[test]
fn the_end_of_the_text_is_a_place() {
    assert_eq!(
        told("(module\n  (func"),
        "2:8: unexpected end of the text: expected `)`, in function 0"
    );
    assert!(told("").starts_with("1:1: "));
    assert!(told("(module (data \"abc").starts_with("1:19: "));
}

/// What an exported function answers.
fn answer(text: &str, name: &str) -> Vec<Value> {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, name).unwrap();
    store.invoke(func, &[Value::I32(41)]).unwrap()
}

/// The same functions flat, and folded as wabt and Binaryen print them.
const THROWS: &str = "(tag $e (param i32)) (func $g (param i32) (throw $e (local.get 0)))";

#[test]
fn folded_legacy_exceptions_are_those_of_the_flat_form() {
    let func = |code: &str| {
        format!("(module {THROWS} (func (export \"f\") (param i32) (result i32) {code}))")
    };
    let folded = "(try (result i32) (do (call $g (local.get 0)) (i32.const 1))";
    for (code, wanted) in [
        (format!("{folded} (catch $e (i32.const 1) (i32.add)))"), 42),
        (format!("{folded} (catch $e (i32.add (pop i32) (i32.const 1))))"), 42),
        (format!("{folded} (catch_all (i32.const 9)))"), 9),
        (format!("{folded} (catch $e) (catch_all (i32.const 9)))"), 41),
        ("(try (result i32) (do (i32.const 3)))".to_string(), 3),
        ("(try (do)) (i32.const 4)".to_string(), 4),
        (format!("(i32.mul (i32.const 2) {folded} (catch $e)))"), 82),
        (format!("(i32.mul {folded} (catch $e (pop i32))) (i32.const 3))"), 123),
        (format!("(if (result i32) {folded} (catch $e)) (then (i32.const 5)) (else (i32.const 6)))"), 5),
        (
            format!("(try $o (result i32) (do {folded} (delegate $o))) (catch $e (pop i32)))"),
            41,
        ),
        (format!("(try (result i32) (do {folded} (delegate 0))) (catch $e))"), 41),
        (
            format!("(try (result i32) (do {folded} (catch $e (drop (pop i32)) (rethrow 0 (;@1;))))) (catch $e))"),
            41,
        ),
        (
            "(try $l (result i32) (do (br $l (i32.const 7))) (catch $e))".to_string(),
            7,
        ),
        ("(block $o (result i32) (try (result i32) (do (br $o (i32.const 8))) ;; (do\n (catch_all (br $o (i32.const 0)))))".to_string(), 8),
    ] {
        assert_eq!(answer(&func(&code), "f"), [Value::I32(wanted)], "{code}");
    }
}

#[test]
fn places_in_folded_exceptions_are_those_of_the_text() {
    let text = "(module (tag $e)\n (func $f (try (do (nop)\n  (try (do) (delegate 0)))\n (catch $e (i32.cosnt 1)))))";
    assert_eq!(
        told(text),
        "4:13: unknown operator i32.cosnt, in function $f; did you mean i32.const?"
    );
    let text = "(module (tag $e)\n (func $f (try (do (nop)\n  (try (do) (delegate $x)))\n (catch $e (i32.const 1)))))";
    assert!(told(text).starts_with("3:"), "{}", told(text));
    let text = "(module (tag $e)\n (func $f (try (do (nop))\n (catch $e\n  (i32.add)))))";
    assert_eq!(
        told(text),
        "4:4: type mismatch in i32.add: expected [i32, i32], found [], in function $f"
    );
    assert!(
        told("(module (func (try (nop))) (func $do))").contains("has its instructions in (do …)")
    );
    assert!(told("(module (func (try (do) (nop))))").contains("(catch …)"));
    // Without `do` nothing is folded.
    assert!(
        told("(module (func (pop i32)))")
            .contains("unknown operator pop, in function 0; it is Binaryen's own")
    );
}

#[test]
fn hostile_texts_take_no_time_and_no_stack() {
    let engine = Engine::new(Config::default());
    let deep = 50_000;
    let text = format!("(module (func {} {}))", "(try (do ".repeat(deep), "))".repeat(deep));
    assert!(Module::from_wat(&engine, &text).is_ok());
    let text = format!("(module (func {}", "(try (do (pop ".repeat(deep));
    assert!(Module::from_wat(&engine, &text).is_err());
    let name = "x".repeat(100_000);
    let text = format!("(module (func ${name}) (func $f (call ${name}y)))");
    assert!(errors(&text)[0].sentence().len() < 1_000);
    let many = format!("(module {})", "(func (drop))".repeat(1_000));
    assert!(errors(&many).len() <= 20);
}
