//! Random texts, and arithmetic compared with that of wider integers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use alloc::format;
use alloc::string::{String, ToString};

use super::tests::{answer_in, stopped};
use super::*;

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % most.max(1)
    }
}

const WORDS: [&str; 96] = [
    "$p",
    "$p.addr",
    "$x",
    "$y",
    "$v",
    "$pair",
    "$row",
    "$null",
    "$n",
    "$sum",
    "$limit",
    "$\"p\"",
    "local",
    "global",
    "stack",
    "arg",
    "i8",
    "u8",
    "i16",
    "u16",
    "i32",
    "u32",
    "i64",
    "u64",
    "f32",
    "f64",
    "bits",
    "str",
    "cstr",
    "table",
    "memory",
    "size",
    "hits",
    "executed",
    "depth",
    "task",
    "true",
    "false",
    "null",
    "inf",
    "nan",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "|",
    "^",
    "<<",
    ">>",
    ">>>",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "!",
    "~",
    "?",
    ":",
    ".",
    ",",
    "@",
    "0",
    "1",
    "2",
    "16",
    "255",
    "0xffffffff",
    "0x8000000000000000",
    "18446744073709551615",
    "0.5",
    "1e9",
    "1e999",
    "'a'",
    "'\\00'",
    "\"hello\"",
    "\"\\ff\"",
    "length",
    "left",
    "small",
    "i32x4",
    "f64x2",
    "0b11",
    "1_000",
    "é",
];

/// Well formed, mostly.
fn value(random: &mut Random, text: &mut String, depth: u64) {
    match random.below(if depth > 5 { 3 } else { 14 }) {
        0 | 1 => text.push_str(WORDS[random.below(11) as usize]),
        2 => text.push_str(WORDS[73 + random.below(14) as usize]),
        3 => {
            text.push_str(WORDS[16 + random.below(10) as usize]);
            let open = random.below(2) == 0;
            text.push(if open { '(' } else { '[' });
            value(random, text, depth + 1);
            text.push(if open { ')' } else { ']' });
        }
        4 => {
            text.push('(');
            value(random, text, depth + 1);
            text.push_str(" ? ");
            value(random, text, depth + 1);
            text.push_str(" : ");
            value(random, text, depth + 1);
            text.push(')');
        }
        5 => {
            text.push_str(["-", "!", "~", "- "][random.below(4) as usize]);
            value(random, text, depth + 1);
        }
        6 => {
            value(random, text, depth + 1);
            text.push_str(
                [".left", ".1", "[1]", ".i32x4[2]", ".length", ".u8x16[$n]"]
                    [random.below(6) as usize],
            );
        }
        7 => {
            text.push_str("str[");
            value(random, text, depth + 1);
            text.push(',');
            value(random, text, depth + 1);
            text.push(']');
        }
        _ => {
            value(random, text, depth + 1);
            text.push(' ');
            text.push_str(WORDS[47 + random.below(19) as usize]);
            text.push(' ');
            value(random, text, depth + 1);
        }
    }
}

#[test]
fn random_texts_are_read_or_refused() {
    let (store, task) = stopped();
    let count: u64 = 3_000;
    for seed in 0..count {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 5);
        random.below(1);
        let len = [3, 8, 20, 60, 3000][random.below(5) as usize];
        let mut text = String::new();
        match random.below(4) {
            0 => {
                for _ in 0..random.below(len) {
                    text.push(char::from_u32(random.below(0x250) as u32).unwrap_or('x'));
                }
            }
            1 => {
                value(&mut random, &mut text, 0);
            }
            2 => {
                let word = WORDS[random.below(96) as usize];
                for _ in 0..random.below(len) {
                    text.push_str(word);
                    if random.below(9) == 0 {
                        text.push_str(WORDS[random.below(96) as usize]);
                    }
                }
            }
            _ => {
                for _ in 0..random.below(len) {
                    text.push_str(WORDS[random.below(96) as usize]);
                    if random.below(3) == 0 {
                        text.push(' ');
                    }
                }
            }
        }
        let answer = answer_in(&store, &task, &text);
        assert!(!answer.ends_with("[no such range]"), "{text:?}: {answer}");
        let frame = task.frames(&store).next().unwrap();
        for template in [text.clone(), format!("a {{{text}}} b"), format!("{{{text}:x}}")] {
            match Template::parse(&template) {
                Ok(read) => match read.resolve(&Scope::of_frame(&frame)) {
                    Ok(message) => drop(message.text(&Context::of_frame(&store, &frame))),
                    Err(error) => {
                        assert!(template.get(error.at.clone()).is_some(), "{template:?} {error:?}")
                    }
                },
                Err(error) => {
                    assert!(template.get(error.at.clone()).is_some(), "{template:?} {error:?}")
                }
            }
        }
    }
}

/// A value beside its type: bits, and whether it has a sign; `None` where it is as written.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Known {
    value: i128,
    ty: Option<(u32, bool)>,
}

fn wrap(value: i128, bits: u32, signed: bool) -> i128 {
    let cut = value & ((1 << bits) - 1);
    if signed && cut >> (bits - 1) != 0 { cut - (1 << bits) } else { cut }
}

/// `None` where there is no value.
fn take(known: Known, ty: (u32, bool)) -> Option<i128> {
    if known.ty.is_none() && !(-(1i128 << (ty.0 - 1))..1 << ty.0).contains(&known.value) {
        return None;
    }
    Some(wrap(known.value, ty.0, ty.1))
}

fn random_value(random: &mut Random, text: &mut String, depth: u64) -> Option<Known> {
    let choice = random.below(if depth > 4 { 3 } else { 9 });
    if choice < 3 {
        let value = match random.below(5) {
            0 => random.below(5) as i128,
            1 => i128::from(u32::MAX) - random.below(3) as i128,
            2 => i128::from(1u64 << 63) - random.below(3) as i128,
            3 => i128::from(u64::MAX) - random.below(2) as i128,
            _ => i128::from(random.below(1 << 31) << random.below(33)),
        };
        if choice == 0 {
            text.push_str(&value.to_string());
            return Some(Known { value, ty: None });
        }
        let (name, ty) =
            [("i32", (32, true)), ("u32", (32, false)), ("i64", (64, true)), ("u64", (64, false))]
                [random.below(4) as usize];
        text.push_str(&format!("{name}({value})"));
        return Some(Known { value: wrap(value, ty.0, ty.1), ty: Some(ty) });
    }
    text.push('(');
    if choice == 3 {
        let negates = random.below(2) == 0;
        text.push_str(if negates { "- " } else { "~" });
        let known = random_value(random, text, depth + 1);
        text.push(')');
        let known = known?;
        let value = if negates { -known.value } else { !known.value };
        return finish(value, known.ty);
    }
    let operator =
        ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>"][random.below(11) as usize];
    let left = random_value(random, text, depth + 1);
    text.push_str(&format!(" {operator} "));
    let right = random_value(random, text, depth + 1);
    text.push(')');
    let (left, right) = (left?, right?);
    if operator.len() > 1 {
        let bits = left.ty.map_or(64, |(bits, _)| bits);
        let by = (right.value & i128::from(bits - 1)) as u32;
        return finish(
            match operator {
                "<<" => left.value << by,
                ">>" => left.value >> by,
                _ => wrap(left.value, bits, false) >> by,
            },
            left.ty,
        );
    }
    let ty = match (left.ty, right.ty) {
        (None, ty) | (ty, None) => ty,
        (Some(one), Some(other)) if one == other => Some(one),
        (Some(one), Some(other)) => {
            let bits = one.0.max(other.0);
            Some((bits, ![one, other].contains(&(bits, false))))
        }
    };
    let (left, right) = match ty {
        Some(ty) => (take(left, ty)?, take(right, ty)?),
        None => (left.value, right.value),
    };
    let value = match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => match ty {
            Some(_) => left.wrapping_mul(right),
            None => left.checked_mul(right)?,
        },
        "/" if right == 0 => return None,
        "%" if right == 0 => return None,
        "/" => {
            let value = left / right;
            if let Some((bits, true)) = ty
                && value == 1 << (bits - 1)
            {
                return None;
            }
            value
        }
        "%" => left % right,
        "&" => left & right,
        "|" => left | right,
        _ => left ^ right,
    };
    finish(value, ty)
}

fn finish(value: i128, ty: Option<(u32, bool)>) -> Option<Known> {
    match ty {
        Some((bits, signed)) => Some(Known { value: wrap(value, bits, signed), ty }),
        None => (i128::from(i64::MIN)..=i128::from(u64::MAX))
            .contains(&value)
            .then_some(Known { value, ty }),
    }
}

#[test]
fn arithmetic_is_that_of_wider_integers() {
    let (store, task) = stopped();
    let count: u64 = 3_000;
    for seed in 0..count {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 5);
        random.below(1);
        let mut text = String::new();
        let wanted = random_value(&mut random, &mut text, 0);
        let answer = answer_in(&store, &task, &text);
        match wanted {
            Some(Known { value, ty }) => {
                let ty = ty.map_or("integer".to_string(), |(bits, signed)| {
                    format!("{}{bits}", if signed { "i" } else { "u" })
                });
                assert_eq!(answer, format!("{ty}:{value}"), "{text}");
            }
            None => assert!(answer.ends_with(']'), "{text}: {answer}"),
        }
    }
}

#[test]
fn what_is_too_long_begins_at_a_character() {
    let text = format!("{}é", "1".repeat(MAX_LENGTH - 1));
    let wanted = MAX_LENGTH - 1..MAX_LENGTH + 1;
    assert_eq!(Expression::parse(&text).unwrap_err().at, wanted);
    assert_eq!(Template::parse(&text).unwrap_err().at, wanted);
}
