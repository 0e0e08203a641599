//! Operators that had other names in earlier drafts, which old texts still use.

use alloc::format;
use alloc::string::{String, ToString};

/// Old names that no rule leads from.
pub(super) const RENAMED: [(&str, &str); 40] = [
    ("get_local", "local.get"),
    ("set_local", "local.set"),
    ("tee_local", "local.tee"),
    ("get_global", "global.get"),
    ("set_global", "global.set"),
    ("current_memory", "memory.size"),
    ("grow_memory", "memory.grow"),
    ("memory.drop", "data.drop"),
    ("table.drop", "elem.drop"),
    ("anyfunc", "funcref"),
    ("i32.wrap/i64", "i32.wrap_i64"),
    ("f32.demote/f64", "f32.demote_f64"),
    ("f64.promote/f32", "f64.promote_f32"),
    ("i32.reinterpret/f32", "i32.reinterpret_f32"),
    ("i64.reinterpret/f64", "i64.reinterpret_f64"),
    ("f32.reinterpret/i32", "f32.reinterpret_i32"),
    ("f64.reinterpret/i64", "f64.reinterpret_i64"),
    ("atomic.wake", "memory.atomic.notify"),
    ("atomic.notify", "memory.atomic.notify"),
    ("i32.atomic.wait", "memory.atomic.wait32"),
    ("i64.atomic.wait", "memory.atomic.wait64"),
    ("i8x16.any_true", "v128.any_true"),
    ("i16x8.any_true", "v128.any_true"),
    ("i32x4.any_true", "v128.any_true"),
    ("i64x2.any_true", "v128.any_true"),
    ("v8x16.shuffle", "i8x16.shuffle"),
    ("v8x16.swizzle", "i8x16.swizzle"),
    ("i16x8.widen_low_i8x16_s", "i16x8.extend_low_i8x16_s"),
    ("i16x8.widen_low_i8x16_u", "i16x8.extend_low_i8x16_u"),
    ("i16x8.widen_high_i8x16_s", "i16x8.extend_high_i8x16_s"),
    ("i16x8.widen_high_i8x16_u", "i16x8.extend_high_i8x16_u"),
    ("i32x4.widen_low_i16x8_s", "i32x4.extend_low_i16x8_s"),
    ("i32x4.widen_low_i16x8_u", "i32x4.extend_low_i16x8_u"),
    ("i32x4.widen_high_i16x8_s", "i32x4.extend_high_i16x8_s"),
    ("i32x4.widen_high_i16x8_u", "i32x4.extend_high_i16x8_u"),
    ("extern.externalize", "extern.convert_any"),
    ("extern.internalize", "any.convert_extern"),
    ("i31.new", "ref.i31"),
    ("array.new_canon_fixed", "array.new_fixed"),
    ("array.init_static", "array.new_fixed"),
];

/// What an operator is called now, if `name` is what it was called once.
pub(super) fn renamed(name: &str) -> Option<String> {
    if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == name) {
        return Some((*new).to_string());
    }
    // `struct.new_canon_default` is `struct.new_default`, `array.new_canon` is `array.new`.
    if let Some((family, rest)) = name.split_once(".new_canon") {
        return Some(format!("{family}.new{rest}"));
    }
    // `i32.load8_s/i32` was never one, but `i32.atomic.rmw8_u.add` was: the sign comes last.
    if let Some((head, operation)) = name.rsplit_once('.')
        && let Some(head) = head.strip_suffix("_u")
        && head.contains(".atomic.rmw")
    {
        return Some(format!("{head}.{operation}_u"));
    }
    // `i32.trunc_s/f64` is `i32.trunc_f64_s`; with `:sat` it is `i32.trunc_sat_f64_s`.
    let (operation, source) = name.split_once('/')?;
    let (source, saturates) = match source.strip_suffix(":sat") {
        Some(source) => (source, true),
        None => (source, false),
    };
    let (operation, saturates) = match operation.strip_suffix(":sat") {
        Some(operation) => (operation, true),
        None => (operation, saturates),
    };
    let (operation, sign) =
        operation.rsplit_once('_').filter(|(_, sign)| matches!(*sign, "s" | "u"))?;
    let saturating = if saturates { "_sat" } else { "" };
    Some(format!("{operation}{saturating}_{source}_{sign}"))
}
