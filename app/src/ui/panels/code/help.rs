//! What an operator does, in a sentence: shown when the pointer rests on a row.

use egui::{RichText, Ui};

use super::{help_atomic, help_reference, help_vector};

use crate::ui::tokens::{self, Tokens};

/// What an operator takes, leaves and does.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Help {
    /// Operands taken and results left, as `i32 i32 → i32`.
    effect: String,
    text: String,
}

/// Shows what an operator does.
pub(super) fn show(name: &str, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.set_max_width(tokens::TOOLTIP);
    ui.label(RichText::new(name).font(tokens::mono_bold()).color(tokens.accent));
    if let Some(help) = help(name) {
        if !help.effect.is_empty() {
            ui.label(RichText::new(help.effect).font(tokens::mono_small()).color(tokens.weak));
        }
        ui.label(help.text);
    }
}

/// Room for two lines.
pub(super) const HEIGHT: f32 = tokens::ROW * 2.0;

/// The same in at most two lines, whose room is always there: nothing moves from one operator to the next. What has
/// no room is in the tooltip.
pub(super) fn line(name: &str, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let Some(help) = help(name) else { return };
    let mut job = egui::text::LayoutJob::default();
    let mut add = |text: &str, font: egui::FontId, color: egui::Color32| {
        job.append(text, 0.0, egui::TextFormat::simple(font, color));
    };
    add(name, tokens::mono_bold(), tokens.accent);
    if !help.effect.is_empty() {
        add(&format!("  {}", help.effect), tokens::mono_small(), tokens.weak);
    }
    add(&format!("  {}", help.text), egui::FontId::proportional(tokens::TEXT), tokens.text);
    job.wrap.max_rows = 2;
    ui.allocate_ui(egui::vec2(ui.available_width(), HEIGHT), |ui| {
        ui.set_min_height(HEIGHT);
        ui.add(egui::Label::new(job).wrap()).on_hover_ui(|ui| show(name, ui));
    });
}

fn help(name: &str) -> Option<Help> {
    let vector = || help_vector::help(name).map(|(effect, text)| Help { effect, text });
    let atomic = || help_atomic::help(name).map(|(effect, text)| Help { effect, text });
    let reference = || {
        let (effect, text) = help_reference::help(name)?;
        Some(Help { effect: effect.to_owned(), text: text.to_owned() })
    };
    plain(name).or_else(reference).or_else(vector).or_else(atomic).or_else(|| typed(name))
}

/// Operators without a number type in front.
fn plain(name: &str) -> Option<Help> {
    let (effect, text) = match name {
        "unreachable" => ("", "Traps. Compilers put it where execution must never arrive."),
        "nop" => ("", "Does nothing."),
        "block" => ("", "Opens a label; a branch to it goes on behind the matching end."),
        "loop" => ("", "Opens a label; a branch to it comes back here for another round."),
        "if" => ("i32 →", "Takes the first arm if the operand is not zero, else the other one."),
        "else" => ("", "Ends the first arm of an if: execution goes on behind its end."),
        "end" => {
            ("", "Closes a block, loop or if, or the function: the innermost label goes away.")
        }
        "br" => ("", "Branches to a label, 0 being the innermost; operands above it are dropped."),
        "br_if" => ("i32 →", "Branches to a label if the operand is not zero."),
        "br_table" => (
            "i32 →",
            "Branches to the label that the operand picks; the last one if it is too large.",
        ),
        "return" => ("", "Leaves the function with the results on top of the stack."),
        "call" => {
            ("arguments → results", "Calls a function: its arguments become its first locals.")
        }
        "call_indirect" => (
            "arguments i32 → results",
            "Calls the function in a table entry; traps if the entry is null or of another type.",
        ),
        "return_call" => {
            ("arguments →", "Calls a function in place of this frame, which is gone then.")
        }
        "return_call_indirect" => {
            ("arguments i32 →", "Calls a table entry's function in place of this frame.")
        }
        "i64.add128" => (
            "i64 i64 i64 i64 → i64 i64",
            "Adds two numbers of 128 bits, each as its lower and its upper half.",
        ),
        "i64.sub128" => (
            "i64 i64 i64 i64 → i64 i64",
            "Subtracts a number of 128 bits from another, each as its lower and its upper half.",
        ),
        "i64.mul_wide_s" => (
            "i64 i64 → i64 i64",
            "Multiplies with signs: the lower and the upper half of all 128 bits.",
        ),
        "i64.mul_wide_u" => (
            "i64 i64 → i64 i64",
            "Multiplies without signs: the lower and the upper half of all 128 bits.",
        ),
        "drop" => ("value →", "Throws the topmost operand away."),
        "select" => (
            "a b i32 → a or b",
            "Keeps the first value if the condition is not zero, else the second.",
        ),
        "local.get" => ("→ value", "Pushes the value of a local."),
        "local.set" => ("value →", "Moves the topmost operand into a local."),
        "local.tee" => ("value → value", "Copies the topmost operand into a local and leaves it."),
        "global.get" => ("→ value", "Pushes the value of a global."),
        "global.set" => ("value →", "Moves the topmost operand into a global."),
        "table.get" => ("i32 → reference", "Pushes a table entry; traps beyond the end."),
        "table.set" => ("i32 reference →", "Replaces a table entry; traps beyond the end."),
        "table.size" => ("→ i32", "Pushes the number of entries."),
        "table.grow" => (
            "reference i32 → i32",
            "Adds entries; pushes the former size, or -1 if it cannot grow.",
        ),
        "table.fill" => ("i32 reference i32 →", "Sets a range of entries to a reference."),
        "table.copy" => {
            ("to from length →", "Copies entries, as if all were read before any is written.")
        }
        "table.init" => {
            ("to from length →", "Copies references of an element segment into a table.")
        }
        "elem.drop" => ("", "Gives an element segment up; what it held cannot be used again."),
        "ref.null" => ("→ reference", "Pushes a null reference."),
        "ref.is_null" => ("reference → i32", "Pushes 1 if the reference is null, else 0."),
        "ref.func" => ("→ funcref", "Pushes a reference to a function."),
        "memory.size" => (
            "→ i32",
            "Pushes the memory's size in pages: of 65,536 bytes, unless it is marked with others.",
        ),
        "memory.grow" => {
            ("i32 → i32", "Adds zeroed pages; pushes the former size, or -1 if it cannot grow.")
        }
        "memory.fill" => ("address value length →", "Sets every byte of a range to one value."),
        "memory.copy" => {
            ("to from length →", "Copies bytes, as if all were read before any is written.")
        }
        "memory.init" => ("to from length →", "Copies bytes of a data segment into memory."),
        "data.drop" => ("", "Gives a data segment up; what it held cannot be used again."),
        _ => return None,
    };
    Some(Help { effect: effect.to_owned(), text: text.to_owned() })
}

/// Operators as `i32.add`.
fn typed(name: &str) -> Option<Help> {
    let (ty, operator) = name.split_once('.')?;
    let is_float = ty.starts_with('f');
    let signed = |text: &str| text.strip_suffix("_s").map(|base| (base.to_owned(), "signed"));
    let unsigned = |text: &str| text.strip_suffix("_u").map(|base| (base.to_owned(), "unsigned"));
    let (base, sign) = signed(operator)
        .or_else(|| unsigned(operator))
        .unwrap_or_else(|| (operator.to_owned(), ""));
    let how = if sign.is_empty() { String::new() } else { format!(", as {sign} numbers") };
    let two = format!("{ty} {ty} → {ty}");
    let one = format!("{ty} → {ty}");
    let test = format!("{ty} {ty} → i32");
    let bits = ty.get(1..).unwrap_or("");
    let (effect, text) = match base.as_str() {
        "const" => (format!("→ {ty}"), "Pushes a constant.".to_owned()),
        "add" if is_float => (two, "Adds, rounding to the nearest value.".to_owned()),
        "add" => (two, format!("Adds; wraps around at 2^{bits}.")),
        "sub" if is_float => (two, "Subtracts the topmost operand from the one below.".to_owned()),
        "sub" => (
            two,
            format!("Subtracts the topmost operand from the one below; wraps around at 2^{bits}."),
        ),
        "mul" if is_float => (two, "Multiplies, rounding to the nearest value.".to_owned()),
        "mul" => (two, format!("Multiplies; keeps the low {bits} bits.")),
        "div" if is_float => {
            (two, "Divides; by zero gives an infinity or a NaN, never a trap.".to_owned())
        }
        "div" => (two, format!("Divides{how}, towards zero; traps when dividing by zero.")),
        "rem" => (two, format!("The remainder of a division{how}; traps when dividing by zero.")),
        "and" => (two, "Bits that are set in both.".to_owned()),
        "or" => (two, "Bits that are set in either.".to_owned()),
        "xor" => (two, "Bits that are set in one but not in the other.".to_owned()),
        "shl" => (two, format!("Shifts left, by the topmost operand modulo {bits}.")),
        "shr" => {
            let filled = if sign == "signed" { "copies of the sign" } else { "zeros" };
            (two, format!("Shifts right, by the topmost operand modulo {bits}; {filled} come in."))
        }
        "rotl" => (two, "Rotates to the left.".to_owned()),
        "rotr" => (two, "Rotates to the right.".to_owned()),
        "clz" => (one, "Counts zeros from the highest bit on.".to_owned()),
        "ctz" => (one, "Counts zeros from the lowest bit on.".to_owned()),
        "popcnt" => (one, "Counts the bits that are set.".to_owned()),
        "eqz" => (format!("{ty} → i32"), "1 if the operand is zero, else 0.".to_owned()),
        "eq" => (test, "1 if both are equal, else 0.".to_owned()),
        "ne" => (test, "1 if they differ, else 0.".to_owned()),
        "lt" => (test, format!("1 if the lower operand is less than the topmost{how}, else 0.")),
        "gt" => (test, format!("1 if the lower operand is greater than the topmost{how}, else 0.")),
        "le" => (test, format!("1 if the lower operand is at most the topmost{how}, else 0.")),
        "ge" => (test, format!("1 if the lower operand is at least the topmost{how}, else 0.")),
        "abs" => (one, "Clears the sign.".to_owned()),
        "neg" => (one, "Turns the sign round.".to_owned()),
        "ceil" => (one, "Rounds up.".to_owned()),
        "floor" => (one, "Rounds down.".to_owned()),
        "trunc" if is_float => (one, "Rounds towards zero.".to_owned()),
        "nearest" => (one, "Rounds to the nearest integer; halves go to the even one.".to_owned()),
        "sqrt" => (one, "The square root; of a negative number a NaN.".to_owned()),
        "min" => (two, "The lesser one; a NaN if either is a NaN.".to_owned()),
        "max" => (two, "The greater one; a NaN if either is a NaN.".to_owned()),
        "copysign" => (two, "The lower operand with the sign of the topmost.".to_owned()),
        _ => return access(ty, &base, sign).or_else(|| conversion(ty, operator)),
    };
    Some(Help { effect, text })
}

/// Loads and stores.
fn access(ty: &str, base: &str, sign: &str) -> Option<Help> {
    let bytes = |width: &str, ty: &str| {
        let bits = if width.is_empty() { ty.get(1..).unwrap_or("") } else { width };
        bits.parse::<u32>().ok().map(|bits| bits / 8)
    };
    if let Some(width) = base.strip_prefix("load") {
        let bytes = bytes(width, ty)?;
        let extend = match sign {
            "signed" => " and widens them with copies of the sign",
            "unsigned" => " and widens them with zeros",
            _ => "",
        };
        return Some(Help {
            effect: format!("address → {ty}"),
            text: format!(
                "Reads {bytes} bytes of memory, little end first{extend}; traps beyond its end."
            ),
        });
    }
    let width = base.strip_prefix("store")?;
    let bytes = bytes(width, ty)?;
    Some(Help {
        effect: format!("address {ty} →"),
        text: format!(
            "Writes the low {bytes} bytes to memory, little end first; traps beyond its end."
        ),
    })
}

/// Conversions, as `i64.extend_i32_u`.
fn conversion(ty: &str, operator: &str) -> Option<Help> {
    let from = ["i32", "i64", "f32", "f64"].into_iter().find(|from| operator.contains(from));
    let from = from.unwrap_or(ty);
    let effect = format!("{from} → {ty}");
    let sign = if operator.ends_with("_u") { "unsigned" } else { "signed" };
    let kind = operator.split('_').next()?;
    let text = match kind {
        "wrap" => "Keeps the low 32 bits.".to_owned(),
        "extend8" | "extend16" | "extend32" => {
            format!(
                "Widens the low {} bits with copies of their sign.",
                kind.trim_start_matches("extend")
            )
        }
        "extend" => format!("Widens to 64 bits, as {sign} numbers."),
        "trunc" if operator.starts_with("trunc_sat") => format!(
            "Rounds towards zero to a {sign} integer; what does not fit becomes the nearest that does, NaN becomes 0."
        ),
        "trunc" => format!(
            "Rounds towards zero to a {sign} integer; traps if it does not fit or is a NaN."
        ),
        "convert" => format!("The nearest float to a {sign} integer."),
        "demote" => "Rounds to 32 bits.".to_owned(),
        "promote" => "Widens to 64 bits; nothing is lost.".to_owned(),
        "reinterpret" => "The same bits, taken as another type.".to_owned(),
        _ => return None,
    };
    Some(Help { effect, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operator of the specification's version 2.0 without vectors, and of wide arithmetic.
    const OPERATORS: &str = "unreachable nop block loop if else end br br_if br_table return call \
        call_indirect return_call return_call_indirect drop select local.get local.set local.tee \
        global.get global.set table.get table.set table.size table.grow table.fill table.copy \
        table.init elem.drop ref.null ref.is_null ref.func memory.size memory.grow memory.fill \
        memory.copy memory.init data.drop i32.load i64.load f32.load f64.load i32.load8_s \
        i32.load8_u i32.load16_s i32.load16_u i64.load8_s i64.load8_u i64.load16_s i64.load16_u \
        i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store i32.store8 i32.store16 \
        i64.store8 i64.store16 i64.store32 i32.const i64.const f32.const f64.const i32.eqz i32.eq \
        i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u i64.eqz \
        i64.eq i64.lt_u f32.eq f32.lt f64.ge i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul \
        i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u \
        i32.rotl i32.rotr i64.add f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt \
        f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign i32.wrap_i64 i32.trunc_f32_s \
        i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s f32.convert_i32_s \
        f32.demote_f64 f64.convert_i64_u f64.promote_f32 i32.reinterpret_f32 f64.reinterpret_i64 \
        i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s \
        i32.trunc_sat_f32_s i64.trunc_sat_f64_u i64.add128 i64.sub128 i64.mul_wide_s i64.mul_wide_u";

    #[test]
    fn every_operator_is_explained() {
        for name in OPERATORS.split_whitespace() {
            assert!(help(name).is_some(), "{name}");
        }
        assert_eq!(help("i32.frobnicate"), None);
    }

    #[test]
    fn effects_have_the_types_of_the_operator() {
        let effect = |name| help(name).unwrap().effect;
        assert_eq!(effect("i64.add"), "i64 i64 → i64");
        assert_eq!(effect("f32.lt"), "f32 f32 → i32");
        assert_eq!(effect("i64.extend_i32_u"), "i32 → i64");
        assert_eq!(effect("i64.store32"), "address i64 →");
        assert!(help("i64.load16_s").unwrap().text.contains("2 bytes"));
        assert!(help("f64.load").unwrap().text.contains("8 bytes"));
    }
}
