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
            let units = args.get(at).and_then(|value| string(caller, value));
            units.ok_or("illegal cast: not a string")
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
                let units = (start..end).filter_map(|index| unit(caller, array, index));
                let units: Vec<u16> = units.collect();
                return given(caller, &units);
            }
            Builtin::IntoCharCodeArray => {
                let units = text(caller, 0)?;
                let (array, len) = array(caller, args.get(1))?;
                let start = number(2);
                if u64::from(start) + units.len() as u64 > u64::from(len) {
                    return Err("the string does not fit into the array".into());
                }
                for (index, unit) in (start..).zip(&units) {
                    caller.store.state.heap.set_element(array, 1, index, u64::from(*unit));
                }
                units.len() as i32
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
                let units = text(caller, 0)?;
                let unit = units.get(number(1) as usize);
                i32::from(*unit.ok_or("the index lies beyond the end of the string")?)
            }
            Builtin::CodePointAt => {
                let units = text(caller, 0)?;
                let rest = units.get(number(1) as usize..).filter(|rest| !rest.is_empty());
                let rest = rest.ok_or("the index lies beyond the end of the string")?;
                match char::decode_utf16(rest.iter().copied()).next() {
                    Some(Ok(point)) => point as i32,
                    Some(Err(half)) => half.unpaired_surrogate().into(),
                    None => 0,
                }
            }
            Builtin::Length => text(caller, 0)?.len() as i32,
            Builtin::Concat => {
                let mut units = text(caller, 0)?;
                units.extend(text(caller, 1)?);
                return given(caller, &units);
            }
            Builtin::Substring => {
                let units = text(caller, 0)?;
                let end = (number(2) as usize).min(units.len());
                return given(caller, units.get(number(1) as usize..end).unwrap_or(&[]));
            }
            Builtin::Equals => {
                let is_null = |value: &Value| matches!(value, Value::ExternRef(None));
                let compared = |caller: &Caller<'_>, at: usize| match args.get(at) {
                    Some(value) if is_null(value) => Ok(None),
                    _ => text(caller, at).map(Some),
                };
                i32::from(compared(caller, 0)? == compared(caller, 1)?)
            }
            Builtin::Compare => match text(caller, 0)?.cmp(&text(caller, 1)?) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            },
        };
        Ok(Vec::from([Value::I32(answer)]))
    }
}

/// The code units of a string; `None` for everything else.
fn string(caller: &Caller<'_>, value: &Value) -> Option<Vec<u16>> {
    caller.store.code_units(*value)
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

fn unit(caller: &Caller<'_>, array: ObjectAddr, index: u32) -> Option<u16> {
    match caller.store.element(array, index)? {
        Value::I32(unit) => Some(unit as u16),
        _ => None,
    }
}

/// A new string as the only result.
fn given(caller: &mut Caller<'_>, units: &[u16]) -> HostResult {
    let made = caller.store.string_of(units, Some(caller.task))?;
    Ok(Vec::from([made]))
}
