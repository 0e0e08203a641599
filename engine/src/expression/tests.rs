#![allow(clippy::unwrap_used, clippy::expect_used)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::{Budget, Config, Engine, FuncType, Linker, Module, Stop, Store, Task, ValType, Value};

const MODULE: &str = r#"(module
  (type $pair (struct (field $left (mut i32)) (field $small i8)))
  (type $row (array (mut i64)))
  (memory $main 1) (memory $other 2)
  (data (i32.const 16) "hello\00\ff\ff\ff\ff\2a\00\00\00\00\00\80\3f")
  (data (memory $other) (i32.const 0) "\07")
  (table $funcs 3 funcref) (elem (i32.const 1) $f)
  (global $sum (mut i64) (i64.const -5))
  (global $limit (export "top") i32 (i32.const 100))
  (func $f (export "f") (param $p i32) (param $p.addr i64) (param $x f64) (param $y f32)
    (local $v v128) (local $pair (ref null $pair)) (local $row (ref null $row)) (local $null eqref)
    (local $n i32)
    (local.set $v (v128.const i32x4 1 -2 3 4))
    (local.set $pair (struct.new $pair (i32.const 9) (i32.const 255)))
    (local.set $row (array.new $row (i64.const 6) (i32.const 3)))
    (local.set $n (i32.const -3))
    (i32.const 11) (i64.const 22) (f32.const 1.5)
    (nop)
    (drop) (drop) (drop)))"#;

/// Stopped at the `nop`, three operands on the stack.
pub(super) fn stopped() -> (Store, Task) {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, MODULE).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let args = [Value::I32(16), Value::I64(1 << 40), Value::F64(0.5), Value::F32(0.1)];
    let mut task = store.start(func, &args).unwrap();
    assert_eq!(task.run(&mut store, Budget::instructions(15)).unwrap(), Stop::Budget);
    assert_eq!(task.frames(&store).next().unwrap().operands().len(), 3);
    (store, task)
}

/// The value as text, or the error with the part of the text that it is about.
pub(super) fn answer_in(store: &Store, task: &Task, text: &str) -> String {
    let frame = task.frames(store).next().unwrap();
    let counts = Counts { hits: 3, executed: 14, depth: 1, task: 1 };
    let context = Context::of_frame(store, &frame).with_counts(counts);
    let told = |error: ExpressionError| {
        format!("{error} [{}]", text.get(error.at.clone()).unwrap_or("no such range"))
    };
    let program = Expression::parse(text).and_then(|read| read.resolve(&Scope::of_frame(&frame)));
    let program = match program {
        Ok(program) => program,
        Err(error) => return told(error),
    };
    match program.evaluate(&context) {
        Ok(datum) => {
            if let Some(ty) = program.ty() {
                assert_eq!(datum.ty(), ty, "the type told of {text}");
            }
            format!("{}:{datum}", datum.ty())
        }
        Err(error) => told(error),
    }
}

fn check(cases: &[(&str, &str)]) {
    let (store, task) = stopped();
    for (text, wanted) in cases {
        assert_eq!(answer_in(&store, &task, text), *wanted, "{text}");
    }
}

#[test]
fn values_by_name_and_number() {
    check(&[
        ("$p", "i32:16"),
        ("local 0", "i32:16"),
        ("local[0]", "i32:16"),
        ("local0", "i32:16"),
        ("local $n", "i32:-3"),
        ("$p.addr", "i64:1099511627776"),
        ("$x", "f64:0.5"),
        ("$n", "i32:-3"),
        ("$\"n\"", "i32:-3"),
        ("stack 0", "f32:1.5"),
        ("stack[1]", "i64:22"),
        ("stack 2", "i32:11"),
        ("$sum", "i64:-5"),
        ("global 0", "i64:-5"),
        ("global $limit", "i32:100"),
        ("$top", "i32:100"),
        ("hits", "u64:3"),
        ("executed + depth + task", "u64:16"),
        ("memory.size", "u64:1"),
        ("memory.size@$other", "u64:2"),
        ("table.size", "u64:3"),
        ("table[1]", "ref:funcref:0"),
        ("table@$funcs[0] == null", "bool:true"),
        ("table[1] == 0", "bool:true"),
    ]);
}

#[test]
fn memory_of_every_width() {
    check(&[
        ("i8[22]", "i32:-1"),
        ("u8[22]", "u32:255"),
        ("i16[$p + 6]", "i32:-1"),
        ("u16[22]", "u32:65535"),
        ("i32[22]", "i32:-1"),
        ("u32[22]", "u32:4294967295"),
        ("i64[22]", "i64:184683593727"),
        ("u64[22]", "u64:184683593727"),
        ("f32[30]", "f32:1"),
        ("f64[0]", "f64:0"),
        ("u8@1[0]", "u32:7"),
        ("u8@$other[0]", "u32:7"),
        ("u8[$p] == 'h'", "bool:true"),
        ("cstr[$p]", "text:\"hello\""),
        ("cstr[16] == \"hello\"", "bool:true"),
        ("str[16, 2]", "text:\"he\""),
        ("str[16, 2] != \"h\\65\"", "bool:false"),
        // Addresses of 32 bits have no sign.
        ("u8[-1]", "-1 does not fit u64 [u8[-1]]"),
        ("u8[$n]", "out of bounds: 1 bytes at 0xfffffffd of a memory of 65536 bytes [u8[$n]]"),
        ("i32[65533]", "out of bounds: 4 bytes at 0xfffd of a memory of 65536 bytes [i32[65533]]"),
        (
            "cstr[65536]",
            "out of bounds: 1 bytes at 0x10000 of a memory of 65536 bytes [cstr[65536]]",
        ),
        ("str[0, 70000]", "the text is longer than 65536 bytes [str[0, 70000]]"),
        ("table[3] == null", "out of bounds: 3 of 3 elements [table[3]]"),
    ]);
}

#[test]
fn arithmetic_is_that_of_the_instructions() {
    check(&[
        ("2 + 3 * 4 - -1", "integer:15"),
        ("(2 + 3) * 4", "integer:20"),
        ("7 / 2 * 2", "integer:6"),
        ("-7 / 2", "integer:-3"),
        ("-7 % 2", "integer:-1"),
        ("$n * 2 + 1", "i32:-5"),
        ("$n / 0", "division by zero [$n / 0]"),
        ("1 / 0", "division by zero [1 / 0]"),
        ("i32(0x80000000) / -1", "the result does not fit i32 [i32(0x80000000) / -1]"),
        ("i32(0x80000000) % -1", "i32:0"),
        ("i32(0x7fffffff) + 1", "i32:-2147483648"),
        ("u32($n) / 2", "u32:2147483646"),
        ("$n >> 1", "i32:-2"),
        ("$n >>> 1", "i32:2147483646"),
        ("u32($n) >> 1", "u32:2147483646"),
        ("1 << 33", "integer:8589934592"),
        ("$p << 33", "i32:32"),
        ("$p & 24 | 3 ^ 1", "i32:18"),
        ("~$p", "i32:-17"),
        ("~0", "integer:-1"),
        ("-$x", "f64:-0.5"),
        ("!$p", "bool:false"),
        ("$p == 16 && $n < 0", "bool:true"),
        // What decides is not followed by anything.
        ("$p != 16 && u8[99999] == 0", "bool:false"),
        ("$p == 16 || 1 / 0 == 0", "bool:true"),
        ("$p == 17 || $n", "bool:true"),
        ("$p ? $n : $sum", "i64:-3"),
        ("0 ? 1 : 1 ? 2 : 3", "integer:2"),
        ("$null == null ? 1 : u8[99999]", "u32:1"),
        ("($p == 16) + 1", "i32:2"),
        ("$x + 1", "f64:1.5"),
        ("$y == 0.1", "bool:true"),
        ("$y + $x == 0.6", "bool:false"),
        ("1e3 + 1", "number:1001"),
        ("1_000 + 0x_f", "`0x_f` is not a number [0x_f]"),
        ("0b101", "integer:5"),
        ("nan == nan", "bool:false"),
        ("$x < inf", "bool:true"),
        ("bits($x)", "u64:4602678819172646912"),
        ("18446744073709551615", "integer:18446744073709551615"),
        ("18446744073709551615 + 1", "the result does not fit integer [18446744073709551615 + 1]"),
        ("18446744073709551616", "`18446744073709551616` is not a number [18446744073709551616]"),
    ]);
}

#[test]
fn integers_are_compared_as_what_they_are() {
    check(&[
        ("$n == -3", "bool:true"),
        ("$n == 0xfffffffd", "bool:true"),
        ("$n == u32($n)", "bool:false"),
        ("u32($n) > $p", "bool:true"),
        ("$sum < hits", "bool:true"),
        ("u64($sum) > 5", "bool:true"),
        ("$n == 4294967296", "4294967296 does not fit i32 [$n == 4294967296]"),
        ("4294967295 == $n + 2", "bool:true"),
    ]);
}

#[test]
fn conversions() {
    check(&[
        ("i8(255)", "i32:-1"),
        ("u8(-1)", "u32:255"),
        ("u16(65537)", "u32:1"),
        ("i32(1 << 32)", "i32:0"),
        ("i64($n)", "i64:-3"),
        ("u64($n)", "u64:18446744073709551613"),
        ("i32(-0.9)", "i32:0"),
        ("u32(-1.5)", "the result does not fit u32 [u32(-1.5)]"),
        ("i32(inf)", "the result does not fit i32 [i32(inf)]"),
        ("u8(256.0)", "the result does not fit u32 [u8(256.0)]"),
        ("i32(nan)", "NaN is no integer [i32(nan)]"),
        ("f32(16777217)", "f32:16777216"),
        ("f64($n) * $x", "f64:-1.5"),
        ("i32(\"5\")", "`i32` does not take text [i32(\"5\")]"),
    ]);
}

#[test]
fn vectors_and_objects() {
    check(&[
        ("$v.i32x4[1]", "i32:-2"),
        ("$v.u8x16[4]", "u32:254"),
        ("$v.u64x2[0]", "u64:18446744065119617025"),
        ("$v.i32x4[4]", "out of bounds: 4 of 4 lanes [$v.i32x4[4]]"),
        ("$v == $v", "bool:true"),
        ("$pair.left", "i32:9"),
        ("$pair.0 + 1", "i32:10"),
        ("$pair.small", "u32:255"),
        ("i8($pair.1)", "i32:-1"),
        ("$pair.other", "it has no field `other` [$pair.other]"),
        ("$row[2]", "i64:6"),
        ("$row.length", "u32:3"),
        ("$row[3]", "out of bounds: 3 of 3 elements [$row[3]]"),
        ("$row[-1]", "out of bounds: -1 of 3 elements [$row[-1]]"),
        ("$null.left", "it is null [$null.left]"),
        ("$pair != null && $null == null", "bool:true"),
        ("$pair[0]", "it is no array [$pair[0]]"),
        ("$p.left", "`.` does not take i32 [$p.left]"),
    ]);
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    check(&[
        ("", "a value is needed here, not the end []"),
        ("1 +", "a value is needed here, not the end []"),
        ("(1", "`)` is needed here, not the end []"),
        ("1 2", "an operator or the end is needed here, not `2` [2]"),
        ("$q + 1", "no local of this function and no global is named $q [$q]"),
        ("p == 3", "`p` means nothing here; a local or global of that name is `$p` [p]"),
        ("local 9", "there is no local 9: the last local is 8 [local 9]"),
        ("stack 3", "there is no operand 3: the last operand is 2 [stack 3]"),
        ("global 2", "there is no global 2: the last global is 1 [global 2]"),
        ("u8@2[0]", "there is no memory 2: the last memory is 1 [u8@2[0]]"),
        ("u8@$mem[0]", "no memory is named $mem [u8@$mem[0]]"),
        ("arg 0", "an argument cannot be had here: it is for calls of an import [arg 0]"),
        ("1 < 2 < 3", "comparisons do not follow each other: write `a < b && b < c` [<]"),
        ("$x == $p", "f64 and i32 do not go together: convert one, as `f64(...)` [$x == $p]"),
        ("$p & 0.5", "`&` does not take number [$p & 0.5]"),
        ("$p == \"a\"", "`==` does not take text [$p == \"a\"]"),
        ("\"abc", "the closing \" is missing [\"abc]"),
        ("'ab'", "one character between the marks is needed here, not `'` [']"),
        ("$p # 3", "an operator, a name or a number is needed here, not `#` [#]"),
        ("$", "a name is needed here, not the end []"),
        ("i32 5", "`[address]` or `(value)` is needed here, not `5` [5]"),
        ("u8[$x]", "`[]` does not take f64 [u8[$x]]"),
        ("1 ? 2", "`:` and what it is otherwise is needed here, not the end []"),
        ("$x ? 1 : 2", "f64 is neither true nor false: compare it with something [$x ?]"),
    ]);
}

#[test]
fn a_condition_is_true_or_false() {
    let (store, task) = stopped();
    let frame = task.frames(&store).next().unwrap();
    let scope = Scope::of_frame(&frame);
    let holds = |text: &str| {
        let program = Expression::parse(text)?.resolve_condition(&scope)?;
        program.holds(&Context::of_frame(&store, &frame))
    };
    assert_eq!(holds("$p"), Ok(true));
    assert_eq!(holds("$p - 16"), Ok(false));
    assert_eq!(holds("$null"), Ok(false));
    assert_eq!(holds("$pair"), Ok(true));
    assert!(holds("$x").is_err());
    assert!(holds("cstr[16]").is_err());
    // Known only when it is evaluated.
    assert!(holds("$pair.left").is_ok());
}

#[test]
fn arguments_of_a_call_whoever_calls() {
    let (store, task) = stopped();
    let instance = task.frames(&store).next().unwrap().instance();
    let ty = FuncType::new([ValType::I32, ValType::F32], []);
    let scope = Scope::of_call(&ty);
    let arguments = [Value::I32(16), Value::F32(2.5)];
    let context = Context::of_instance(&store, instance).with_arguments(&arguments);
    let value = |text: &str| Expression::parse(text)?.resolve(&scope)?.evaluate(&context);
    assert_eq!(value("arg 0 + 1"), Ok(Datum::I32(17)));
    assert_eq!(value("cstr[arg 0] == \"hello\" && arg 1 > 2"), Ok(Datum::Bool(true)));
    let error = value("arg 2").unwrap_err();
    assert_eq!(error.to_string(), "there is no argument 2: the last argument is 1");
    assert!(value("$p").unwrap_err().to_string().contains("who will call is not known"));
}

#[test]
fn a_message_holds_values() {
    let (store, task) = stopped();
    let frame = task.frames(&store).next().unwrap();
    let text = |text: &str| {
        let template = Template::parse(text)?.resolve(&Scope::of_frame(&frame))?;
        Ok::<_, ExpressionError>(template.text(&Context::of_frame(&store, &frame)))
    };
    assert_eq!(
        text("n = {$n}, at {$p:x}: {cstr[$p]} {{}}"),
        Ok("n = -3, at 0x10: hello {}".into())
    );
    assert_eq!(text("{$n:x} {5:b} {$p ? 1 : 2}"), Ok("0xfffffffd 0b101 1".into()));
    let failed = text("{u8[99999]}!").unwrap();
    assert_eq!(failed, "<out of bounds: 1 bytes at 0x1869f of a memory of 65536 bytes>!");
    assert_eq!(text("{$q}").unwrap_err().at, 1..3);
    assert_eq!(text("a } b").unwrap_err().at, 2..3);
    assert_eq!(text("a {1").unwrap_err().at, 4..4);
    assert_eq!(text("{1:d}").unwrap_err().at, 3..4);
}

#[test]
fn another_frame_is_refused() {
    let (store, task) = stopped();
    let frame = task.frames(&store).next().unwrap();
    let program = Expression::parse("$n").unwrap().resolve(&Scope::of_frame(&frame)).unwrap();
    let context = Context::of_instance(&store, frame.instance());
    assert!(program.evaluate(&context).is_err());
}

#[test]
fn long_and_deep_texts_end() {
    let nested = |count: usize| format!("{}1{}", "(".repeat(count), ")".repeat(count));
    assert!(Expression::parse(&nested(MAX_DEPTH - 1)).is_ok());
    assert_eq!(Expression::parse(&nested(2000)).unwrap_err().kind, ExpressionErrorKind::TooDeep);
    assert_eq!(
        Expression::parse(&"-".repeat(4000)).unwrap_err().kind,
        ExpressionErrorKind::TooDeep
    );
    assert_eq!(
        Expression::parse(&"1?".repeat(2000)).unwrap_err().kind,
        ExpressionErrorKind::TooDeep
    );
    let wide = "1+".repeat(2000) + "1";
    let (store, task) = stopped();
    assert_eq!(answer_in(&store, &task, &wide), "integer:2001");
    let huge = "(".repeat(1 << 20);
    assert_eq!(Expression::parse(&huge).unwrap_err().kind, ExpressionErrorKind::TooLong);
    assert_eq!(Template::parse(&huge).unwrap_err().kind, ExpressionErrorKind::TooLong);
}

/// Words in any order: never a panic, errors lie within the text, and a type that is told is right.
#[test]
fn any_words_are_read_or_refused() {
    const WORDS: [&str; 56] = [
        "$p", "$n", "$x", "$y", "$v", "$pair", "$row", "$null", "$sum", "$p.addr", ".left", ".1",
        ".length", ".i32x4", "[", "]", "(", ")", "1", "0", "-", "!", "~", "+", "*", "/", "%", "&",
        "|", "^", "<<", ">>", ">>>", "==", "!=", "<", ">=", "&&", "||", "?", ":", "null", "true",
        "0.5", "nan", "i32", "u8", "f64", "bits", "cstr", "str", "table", "\"a\"", "'a'", "hits",
        "stack 1",
    ];
    let (store, task) = stopped();
    let mut seed = 1_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    let mut values = 0;
    for _ in 0..60_000 {
        let words = 1 + next(9);
        let text: Vec<&str> = (0..words).map(|_| WORDS[next(WORDS.len())]).collect();
        let text = text.join(if next(4) == 0 { "" } else { " " });
        let answer = answer_in(&store, &task, &text);
        assert!(!answer.contains("no such range"), "{text}: {answer}");
        values += usize::from(!answer.ends_with(']'));
    }
    assert!(values > 1_000, "{values}");
}
