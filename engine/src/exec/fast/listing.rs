//! Fast code as text: what became of a function's instructions.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use super::dispatch::description;
use super::handlers::{Half, Part};
use super::translate::{Draft, draft};
use crate::error::Result;
use crate::exec::exact::VectorOp;
use crate::ids::FuncIndex;
use crate::module::{Module, NameKind};
use crate::text::identifier;

/// A function as the fast tier executes it.
///
/// Operations read and write the slots of the frame: `$name` or `local3` is a local, `stack0` the
/// lowest operand, `acc` what the operation before has left in a register. `pay 5` is the number of
/// instructions that a branch, call or return pays for in advance: those from its target up to the
/// next branch, call or return.
///
/// ```
/// # #[cfg(feature = "wat")] {
/// use stepwell_engine::{Config, Engine, FuncIndex, Module, observe::FastListing};
///
/// let text = "(func (param $a i32) (result i32) local.get $a  i32.const 5  i32.add)";
/// let module = Module::from_wat(&Engine::new(Config::default()), &format!("(module {text})"))?;
/// let listing = FastListing::new(&module, FuncIndex(0))?;
/// let operations: Vec<&str> = listing.operations().iter().map(|op| &*op.text).collect();
/// assert_eq!(operations, ["stack0 = i32.add $a 5", "return stack0"]);
/// # }
/// # Ok::<(), stepwell_engine::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct FastListing {
    operations: Vec<FastOperation>,
    /// By instruction, where branches, calls and returns lead to.
    prices: Vec<(u32, u32)>,
}

/// An operation of the fast tier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FastOperation {
    /// The instruction that it was written for, counted from the function's first. What it does for
    /// instructions before that one, whose operators melted into it, it does as well.
    pub instruction: u32,
    /// How many words of 64 bits it takes.
    pub words: u32,
    /// How it reads; `@7` is the seventh operation of the listing, counted from 0.
    pub text: String,
}

impl FastListing {
    /// Translates a function, whether or not it has run.
    ///
    /// # Errors
    /// [`Error::UnknownIndex`](crate::Error::UnknownIndex) if the module defines no such function.
    pub fn new(module: &Module, func: FuncIndex) -> Result<Self> {
        let draft = draft(module.inner(), func)?;
        let names = module.local_names(func).into_iter().collect();
        let text = Text { module, draft: &draft, names };
        let operations = (0..draft.operations.len()).filter_map(|at| text.operation(at)).collect();
        Ok(Self { operations, prices: prices(&draft) })
    }

    /// The operations, in the order in which they lie in memory. None if the function has more slots
    /// than operations can name; it is then left to the exact tier.
    pub fn operations(&self) -> &[FastOperation] {
        &self.operations
    }

    /// Positions of the operations written for an instruction. What branches do on their way (move
    /// the values they carry) lies at the end of the listing.
    pub fn of_instruction(&self, instruction: u32) -> impl Iterator<Item = usize> + '_ {
        let operations = self.operations.iter().enumerate();
        operations.filter(move |(_, op)| op.instruction == instruction).map(|(at, _)| at)
    }

    /// What a branch, call or return to an instruction pays for; `None` where none leads.
    pub fn price_at(&self, instruction: u32) -> Option<u32> {
        let position = self.prices.binary_search_by_key(&instruction, |(at, _)| *at).ok()?;
        self.prices.get(position).map(|(_, price)| *price)
    }
}

fn prices(draft: &Draft) -> Vec<(u32, u32)> {
    let price = |pc: u32| draft.segments.get(pc as usize).copied().unwrap_or(0);
    let begins = |pc: u32| {
        let behind = pc.checked_sub(1).is_none_or(|before| price(before) <= 1);
        behind || draft.targets.get(pc as usize) == Some(&true)
    };
    let entries = draft.entries.iter().map(|entry| entry.pc);
    entries.filter(|pc| begins(*pc) && price(*pc) > 0).map(|pc| (pc, price(pc))).collect()
}

/// What texts are made of.
struct Text<'m> {
    module: &'m Module,
    draft: &'m Draft,
    names: BTreeMap<u32, String>,
}

impl Text<'_> {
    fn operation(&self, at: usize) -> Option<FastOperation> {
        let (start, instruction) = *self.draft.operations.get(at)?;
        let end = self
            .draft
            .operations
            .get(at + 1)
            .map_or(self.draft.words.len(), |(end, _)| *end as usize);
        let words = self.draft.words.get(start as usize..end)?;
        let (name, layout) = description(*words.first()?)?;
        let mut text = String::new();
        for part in layout {
            self.part(*part, name, (start, words), &mut text);
        }
        let text = text.trim_start().to_string();
        Some(FastOperation { instruction, words: words.len() as u32, text })
    }

    fn part(&self, part: Part, name: &str, (start, words): (u32, &[u64]), text: &mut String) {
        let word = |index: u8| words.get(usize::from(index)).copied().unwrap_or(0);
        let half = |index: u8, half: Half| match half {
            Half::Lower => word(index) as u32,
            Half::Upper => (word(index) >> 32) as u32,
        };
        let upper = |index: u8| half(index, Half::Upper);
        // Writing to a string does not fail.
        let _ = match part {
            Part::Text(piece) => write!(text, "{piece}"),
            Part::Name => {
                let space = if text.is_empty() || text.ends_with(' ') { "" } else { " " };
                write!(text, "{space}{}", spelt(name))
            }
            Part::Slot(index, field) => {
                write!(text, " {}", self.slot((word(index) >> (16 * field)) as u16))
            }
            Part::Small(index, field) => {
                write!(text, " {}", (word(index) >> (16 * field)) as i16)
            }
            Part::Signed(index) => write!(text, " {}", upper(index) as i32),
            Part::Unsigned(index) => write!(text, "{}", upper(index)),
            Part::Constant(index) => write!(text, " {}", constant(word(index))),
            Part::To(index, which) => {
                write!(text, " {}", self.target(start, half(index, which) as i32))
            }
            Part::Price(index, which) => match half(index, which) {
                0 => Ok(()),
                price => write!(text, " pay {price}"),
            },
            Part::Global(index) => {
                write!(text, " {}", self.item(NameKind::Global, "global", upper(index)))
            }
            Part::Table(index) => {
                write!(text, " {}", self.item(NameKind::Table, "table", upper(index)))
            }
            Part::Memory(index, field) => {
                let memory = u32::from((word(index) >> (16 * field)) as u16);
                write!(text, " {}", self.item(NameKind::Memory, "memory", memory))
            }
            Part::Type(index) => write!(text, " type{}", upper(index)),
            Part::Func(index) => match self.module.func_name(FuncIndex(upper(index))) {
                Some(name) => write!(text, " {}", identifier(name)),
                None => write!(text, " func{}", upper(index)),
            },
            Part::Vector(index, field) => {
                let number = (word(index) >> (16 * field)) as u16;
                let op = VectorOp::ALL.get(usize::from(number));
                op.map_or(Ok(()), |op| write!(text, "{}", spelt(&format!("{op:?}"))))
            }
            Part::Accumulator => write!(text, " acc"),
            Part::Targets(first) => {
                let targets = words.get(usize::from(first)..).unwrap_or_default();
                for target in targets {
                    let to = self.target(start, (target >> 32) as i32);
                    let _ = write!(text, " {to} pay {}", *target as u32);
                }
                Ok(())
            }
        };
    }

    fn slot(&self, slot: u16) -> String {
        let slot = u32::from(slot);
        match slot.checked_sub(self.draft.locals) {
            Some(operand) => format!("stack{operand}"),
            None => match self.names.get(&slot).filter(|name| !name.is_empty()) {
                Some(name) => identifier(name),
                None => format!("local{slot}"),
            },
        }
    }

    fn target(&self, start: u32, distance: i32) -> String {
        let word = start.wrapping_add_signed(distance);
        let position = self.draft.operations.partition_point(|(start, _)| *start < word);
        format!("@{position}")
    }

    fn item(&self, kind: NameKind, what: &str, index: u32) -> String {
        match self.module.item_name(kind, index) {
            Some(name) => identifier(name),
            None => format!("{what}{index}"),
        }
    }
}

/// A constant of unknown type: small numbers as such, others by their bits.
fn constant(value: u64) -> String {
    let narrow = value as u32 as i32;
    if value >> 32 == 0 && narrow.unsigned_abs() < 1 << 20 {
        return narrow.to_string();
    }
    match value as i64 {
        small if small.unsigned_abs() < 1 << 20 => small.to_string(),
        _ => format!("{value:#x}"),
    }
}

/// An operator as the text format spells it: `I32Load8S` is `i32.load8_s`.
fn spelt(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut words = 0;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            match words {
                0 => {}
                1 => text.push('.'),
                _ => text.push('_'),
            }
            words += 1;
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_spelt_as_in_the_text_format() {
        for (name, expected) in [
            ("I32Add", "i32.add"),
            ("I64Load32U", "i64.load32_u"),
            ("I32TruncSatF32S", "i32.trunc_sat_f32_s"),
            ("F32ConvertI64U", "f32.convert_i64_u"),
            ("I64Extend8S", "i64.extend8_s"),
            ("global.get", "global.get"),
        ] {
            assert_eq!(spelt(name), expected);
        }
    }

    #[test]
    fn constants_read_well() {
        assert_eq!(constant(5), "5");
        assert_eq!(constant(u64::from(u32::MAX)), "-1");
        assert_eq!(constant(u64::MAX), "-1");
        assert_eq!(constant(0x3ff0_0000_0000_0000), "0x3ff0000000000000");
    }
}
