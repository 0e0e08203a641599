//! Types of functions in letters, as Emscripten writes them: the result, then the parameters.

use stepwell_engine::{FuncType, ValType};

/// Whether a function has this type: `v` nothing, `i` `j` `f` `d` numbers, `p` an address, 32 or 64 bits.
pub(super) fn fits(signature: &str, ty: &FuncType) -> bool {
    let Some(result) = signature.chars().next() else { return false };
    let params = &signature[result.len_utf8()..];
    let result_fits = match ty.results() {
        [] => result == 'v',
        [only] => is(result, *only),
        _ => false,
    };
    result_fits
        && params.chars().count() == ty.params().len()
        && params.chars().zip(ty.params()).all(|(letter, ty)| is(letter, *ty))
}

fn is(letter: char, ty: ValType) -> bool {
    match letter {
        'i' => ty == ValType::I32,
        'j' => ty == ValType::I64,
        'f' => ty == ValType::F32,
        'd' => ty == ValType::F64,
        'p' => is_address(ty),
        _ => false,
    }
}

/// Whether a value can be an address, of 32 or 64 bits.
pub(super) fn is_address(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64)
}

/// A signature as a type for a person to read.
pub(super) fn text(signature: &str) -> String {
    let name = |letter| match letter {
        'j' => Some(ValType::I64),
        'f' => Some(ValType::F32),
        'd' => Some(ValType::F64),
        'v' => None,
        _ => Some(ValType::I32),
    };
    let mut letters = signature.chars();
    let result = letters.next().and_then(name);
    format!("func {}", FuncType::new(letters.filter_map(name), result))
}
