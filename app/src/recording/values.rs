//! Values, types and bytes as texts that come back as they were.

use stepwell_engine::{
    AnyRef, ExternAddr, FuncAddr, HeapType, ObjectAddr, RefType, ValType, Value,
};

/// A value: numbers by their bits, so that each NaN comes back.
pub(crate) fn value_text(value: &Value) -> String {
    let any = |kind: &str, to: &Option<AnyRef>| match to {
        None => format!("{kind}:null"),
        Some(AnyRef::Host(addr)) => format!("{kind}:host {addr}"),
        Some(AnyRef::I31(value)) => format!("{kind}:i31 {value}"),
        Some(AnyRef::Object(addr)) => format!("{kind}:object {addr}"),
    };
    match value {
        Value::I32(value) => format!("i32:{value}"),
        Value::I64(value) => format!("i64:{value}"),
        Value::F32(value) => format!("f32:0x{:08x}", value.to_bits()),
        Value::F64(value) => format!("f64:0x{:016x}", value.to_bits()),
        Value::V128(value) => format!("v128:0x{value:032x}"),
        Value::FuncRef(None) => "funcref:null".to_owned(),
        Value::FuncRef(Some(addr)) => format!("funcref:{addr}"),
        Value::ExternRef(to) => any("externref", to),
        Value::AnyRef(to) => any("anyref", to),
        Value::ExnRef(None) => "exnref:null".to_owned(),
        Value::ExnRef(Some(addr)) => format!("exnref:{addr}"),
    }
}

/// The value of such a text.
pub(crate) fn value_of(text: &str) -> Option<Value> {
    let (kind, rest) = text.split_once(':')?;
    let hex = |rest: &str| u128::from_str_radix(rest.strip_prefix("0x")?, 16).ok();
    let any = || -> Option<Option<AnyRef>> {
        if rest == "null" {
            return Some(None);
        }
        let (kind, number) = rest.split_once(' ')?;
        Some(Some(match kind {
            "host" => AnyRef::Host(ExternAddr(number.parse().ok()?)),
            "i31" => {
                let value: i32 = number.parse().ok()?;
                AnyRef::I31((value << 1 >> 1 == value).then_some(value)?)
            }
            "object" => AnyRef::Object(ObjectAddr(number.parse().ok()?)),
            _ => return None,
        }))
    };
    Some(match kind {
        "i32" => Value::I32(rest.parse().ok()?),
        "i64" => Value::I64(rest.parse().ok()?),
        "f32" => Value::F32(f32::from_bits(u32::try_from(hex(rest)?).ok()?)),
        "f64" => Value::F64(f64::from_bits(u64::try_from(hex(rest)?).ok()?)),
        "v128" => Value::V128(hex(rest)?),
        "funcref" if rest == "null" => Value::FuncRef(None),
        "funcref" => Value::FuncRef(Some(FuncAddr(rest.parse().ok()?))),
        "externref" => Value::ExternRef(any()?),
        "anyref" => Value::AnyRef(any()?),
        "exnref" if rest == "null" => Value::ExnRef(None),
        "exnref" => Value::ExnRef(Some(ObjectAddr(rest.parse().ok()?))),
        _ => return None,
    })
}

/// A type; `None` for one that only a module has a name for.
pub(super) fn type_text(ty: ValType) -> Option<String> {
    types().find(|known| *known == ty).map(|ty| ty.to_string())
}

/// The type of such a text.
pub(super) fn type_of(text: &str) -> Option<ValType> {
    types().find(|known| known.to_string() == text)
}

fn types() -> impl Iterator<Item = ValType> {
    let heaps = [
        HeapType::Func,
        HeapType::NoFunc,
        HeapType::Extern,
        HeapType::NoExtern,
        HeapType::Any,
        HeapType::Eq,
        HeapType::I31,
        HeapType::Struct,
        HeapType::Array,
        HeapType::None,
        HeapType::Exn,
        HeapType::NoExn,
    ];
    let refs = heaps
        .into_iter()
        .flat_map(|heap| [true, false].map(|nullable| ValType::Ref(RefType { nullable, heap })));
    let numbers = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];
    numbers.into_iter().chain(refs)
}

/// Bytes: those of a text as that, others in pairs of digits.
pub(super) fn bytes_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => format!("text:{text}"),
        Err(_) => {
            let mut text = String::with_capacity(4 + 2 * bytes.len());
            text.push_str("hex:");
            for byte in bytes {
                for digit in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
            text
        }
    }
}

/// The bytes of such a text.
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if let Some(text) = text.strip_prefix("text:") {
        return Some(text.as_bytes().to_vec());
    }
    let digits = text.strip_prefix("hex:")?.as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    });
    pairs.collect()
}
