//! The builtins of `wasm:js-string`: strings of UTF-16 code units, as a host module.
//!
//! After the "JS String Builtins" proposal. A string is an object of the store's heap which wasm holds as
//! `externref`: it is collected, cloned and compared as all objects are.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{Caller, HostResult};
use crate::ids::ObjectAddr;
use crate::store::ObjectKind;
use crate::types::{FuncType, HeapType, RefType, TypeKind, Types, ValType};
use crate::value::{AnyRef, Value};

/// The name of the module.
pub(crate) const MODULE: &str = "wasm:js-string";

/// A function of the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Builtin {
    Cast,
    Test,
    FromCharCodeArray,
    IntoCharCodeArray,
    FromCharCode,
    FromCodePoint,
    CharCodeAt,
    CodePointAt,
    Length,
    Concat,
    Substring,
    Equals,
    Compare,
}

/// All of them, by name.
pub(crate) const ALL: [(&str, Builtin); 13] = [
    ("cast", Builtin::Cast),
    ("test", Builtin::Test),
    ("fromCharCodeArray", Builtin::FromCharCodeArray),
    ("intoCharCodeArray", Builtin::IntoCharCodeArray),
    ("fromCharCode", Builtin::FromCharCode),
    ("fromCodePoint", Builtin::FromCodePoint),
    ("charCodeAt", Builtin::CharCodeAt),
    ("codePointAt", Builtin::CodePointAt),
    ("length", Builtin::Length),
    ("concat", Builtin::Concat),
    ("substring", Builtin::Substring),
    ("equals", Builtin::Equals),
    ("compare", Builtin::Compare),
];

impl Builtin {
    /// Its type, in terms of the store's types.
    pub(crate) fn ty(self, types: &mut Types) -> FuncType {
        use ValType::I32;
        let text = ValType::EXTERNREF;
        let given = ValType::Ref(RefType { nullable: false, heap: HeapType::Extern });
        let array = HeapType::Concrete(TypeKind::Array, types.code_units().0);
        let array = ValType::Ref(RefType { nullable: true, heap: array });
        match self {
            Builtin::Cast => FuncType::new([text], [given]),
            Builtin::Test | Builtin::Length => FuncType::new([text], [I32]),
            Builtin::FromCharCodeArray => FuncType::new([array, I32, I32], [given]),
            Builtin::IntoCharCodeArray => FuncType::new([text, array, I32], [I32]),
            Builtin::FromCharCode | Builtin::FromCodePoint => FuncType::new([I32], [given]),
            Builtin::CharCodeAt | Builtin::CodePointAt => FuncType::new([text, I32], [I32]),
            Builtin::Concat => FuncType::new([text, text], [given]),
            Builtin::Substring => FuncType::new([text, I32, I32], [given]),
            Builtin::Equals | Builtin::Compare => FuncType::new([text, text], [I32]),
        }
    }

    /// What it does; arguments are of its type.
    pub(crate) fn call(self, caller: &mut Caller<'_>, args: &[Value]) -> HostResult {
        let number = |at: usize| match args.get(at) {
            Some(Value::I32(number)) => *number as u32,
            _ => 0,
        };
        let text = |caller: &Caller<'_>, at: usize| {
            let found = args.get(at).and_then(|value| string(caller, value));
            found.ok_or("illegal cast: not a string")
        };
        let answer = match self {
            Builtin::Cast => {
                text(caller, 0)?;
                return Ok(args.to_vec());
            }
            Builtin::Test => {
                i32::from(args.first().is_some_and(|value| string(caller, value).is_some()))
            }
            Builtin::FromCharCodeArray => {
                let (array, len) = array(caller, args.first())?;
                let (start, end) = (number(1), number(2));
                if start > end || end > len {
                    return Err("the range lies beyond the end of the array".into());
                }
                let units = caller.store.units_of(array, start, end);
                return given(caller, &units);
            }
            Builtin::IntoCharCodeArray => {
                let text = text(caller, 0)?;
                let (array, len) = array(caller, args.get(1))?;
                let start = number(2);
                if u64::from(start) + u64::from(text.len) > u64::from(len) {
                    return Err("the string does not fit into the array".into());
                }
                let units = text.units(caller);
                caller.store.state.heap.set_units(array, start, &units);
                text.len as i32
            }
            Builtin::FromCharCode => return given(caller, &[number(0) as u16]),
            Builtin::FromCodePoint => {
                let mut units = [0; 2];
                return match number(0) {
                    // Halves of a pair are units of their own.
                    half @ 0xd800..=0xdfff => given(caller, &[half as u16]),
                    point => match char::from_u32(point) {
                        Some(point) => given(caller, point.encode_utf16(&mut units)),
                        None => Err("not a code point".into()),
                    },
                };
            }
            Builtin::CharCodeAt => {
                let text = text(caller, 0)?;
                let unit = text.part(caller, number(1), number(1).saturating_add(1));
                i32::from(*unit.first().ok_or("the index lies beyond the end of the string")?)
            }
            Builtin::CodePointAt => {
                let text = text(caller, 0)?;
                let pair = text.part(caller, number(1), number(1).saturating_add(2));
                match char::decode_utf16(pair).next() {
                    Some(Ok(point)) => point as i32,
                    Some(Err(half)) => half.unpaired_surrogate().into(),
                    None => return Err("the index lies beyond the end of the string".into()),
                }
            }
            Builtin::Length => text(caller, 0)?.len as i32,
            Builtin::Concat => {
                let (first, second) = (text(caller, 0)?, text(caller, 1)?);
                let mut units = first.units(caller);
                units.extend(second.units(caller));
                return given(caller, &units);
            }
            Builtin::Substring => {
                let units = text(caller, 0)?.part(caller, number(1), number(2));
                return given(caller, &units);
            }
            Builtin::Equals => {
                let is_null = |value: &Value| matches!(value, Value::ExternRef(None));
                let compared = |caller: &Caller<'_>, at: usize| match args.get(at) {
                    Some(value) if is_null(value) => Ok(None),
                    _ => text(caller, at).map(Some),
                };
                i32::from(match (compared(caller, 0)?, compared(caller, 1)?) {
                    (Some(left), Some(right)) => {
                        left.len == right.len && left.compare(right, caller) == Ordering::Equal
                    }
                    (left, right) => left.is_none() && right.is_none(),
                })
            }
            Builtin::Compare => match text(caller, 0)?.compare(text(caller, 1)?, caller) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            },
        };
        Ok(Vec::from([Value::I32(answer)]))
    }
}

/// A string, and how many code units it has.
#[derive(Clone, Copy)]
struct Text {
    object: ObjectAddr,
    len: u32,
}

impl Text {
    fn units(self, caller: &Caller<'_>) -> Vec<u16> {
        self.part(caller, 0, self.len)
    }

    /// As much of a range as there is.
    fn part(self, caller: &Caller<'_>, from: u32, to: u32) -> Vec<u16> {
        caller.store.units_of(self.object, from.min(self.len), to.min(self.len))
    }

    fn compare(self, other: Self, caller: &Caller<'_>) -> Ordering {
        let heap = &caller.store.state.heap;
        heap.units(self.object, 0, self.len).cmp(heap.units(other.object, 0, other.len))
    }
}

/// A string; `None` for everything else.
fn string(caller: &Caller<'_>, value: &Value) -> Option<Text> {
    let Value::ExternRef(Some(AnyRef::Object(object))) = *value else { return None };
    Some(Text { object, len: caller.store.string_len(object)? })
}

/// An array of code units, and how many it has.
fn array(caller: &Caller<'_>, value: Option<&Value>) -> Result<(ObjectAddr, u32), &'static str> {
    let Some(Value::AnyRef(Some(AnyRef::Object(object)))) = value else {
        return Err("the array is null");
    };
    match caller.store.object_kind(*object) {
        Some(ObjectKind::Array(_, len)) => Ok((*object, len)),
        _ => Err("not an array"),
    }
}

/// A new string as the only result.
fn given(caller: &mut Caller<'_>, units: &[u16]) -> HostResult {
    let made = caller.store.string_of(units, Some(caller.task))?;
    Ok(Vec::from([made]))
}
