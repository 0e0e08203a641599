//! Breakpoints as a person sets them: with a switch, a condition and a count of hits.

use stepwell_engine::observe::FrameView;
use stepwell_engine::text::identifier;
use stepwell_engine::{CodeOffset, Module, ValType, Value};

use super::command::ModuleKey;
use super::types::BreakpointState;
use super::types::SessionError;
use super::value_text::parse_value;
use super::{Session, not_now};

/// A breakpoint with its condition read.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    pub(super) state: BreakpointState,
    pub(super) condition: Option<Condition>,
}

impl Entry {
    pub(super) fn new(module: ModuleKey, offset: u32) -> Self {
        let condition = String::new();
        Self {
            state: BreakpointState { module, offset, enabled: true, condition, hits: 0 },
            condition: None,
        }
    }

    pub(super) fn is_at(&self, module: ModuleKey, offset: u32) -> bool {
        self.state.module == module && self.state.offset == offset
    }
}

/// `left comparison right`, as `$n == 5`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Condition {
    operand: Operand,
    comparison: Comparison,
    right: String,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Operand {
    Local(u32),
    /// Counted from the top as 0.
    Stack(usize),
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// The parts of `left comparison right`.
pub(super) fn split_comparison(text: &str) -> Option<(&str, Comparison, &str)> {
    let (at, symbol, comparison) = COMPARISONS
        .iter()
        .filter_map(|(symbol, comparison)| Some((text.find(symbol)?, *symbol, *comparison)))
        .min_by_key(|(at, symbol, _)| (*at, usize::MAX - symbol.len()))?;
    Some((text.get(..at)?.trim(), comparison, text.get(at + symbol.len()..)?.trim()))
}

impl Comparison {
    /// Whether it holds of two values of one type.
    pub(super) fn holds(self, left: Value, right: Value) -> bool {
        let ordering = match (left, right) {
            (Value::I32(left), Value::I32(right)) => Some(left.cmp(&right)),
            (Value::I64(left), Value::I64(right)) => Some(left.cmp(&right)),
            (Value::F32(left), Value::F32(right)) => left.partial_cmp(&right),
            (Value::F64(left), Value::F64(right)) => left.partial_cmp(&right),
            (left, right) => Some(left.to_bits().cmp(&right.to_bits())),
        };
        match self {
            Comparison::Equal => ordering.is_some_and(|order| order.is_eq()),
            Comparison::NotEqual => ordering.is_none_or(|order| order.is_ne()),
            Comparison::Less => ordering.is_some_and(|order| order.is_lt()),
            Comparison::LessOrEqual => ordering.is_some_and(|order| order.is_le()),
            Comparison::Greater => ordering.is_some_and(|order| order.is_gt()),
            Comparison::GreaterOrEqual => ordering.is_some_and(|order| order.is_ge()),
        }
    }
}

impl Condition {
    /// Reads a condition for a breakpoint at `offset` of `module`.
    pub(super) fn parse(text: &str, module: &Module, offset: u32) -> Result<Self, String> {
        let (left, comparison, right) = split_comparison(text)
            .ok_or("write a comparison, as `$n == 5`, `local 0 > 3` or `stack 0 != 0`")?;
        let right = right.to_owned();
        let operand = Self::operand(left, module, offset)?;
        let readable = [ValType::I64, ValType::F64, ValType::FUNCREF]
            .into_iter()
            .any(|ty| parse_value(ty, &right).is_ok());
        if !readable {
            return Err(format!("`{right}` is not a number"));
        }
        Ok(Self { operand, comparison, right })
    }

    fn operand(left: &str, module: &Module, offset: u32) -> Result<Operand, String> {
        if let Some(name) = left.strip_prefix('$') {
            let func = module.func_at(CodeOffset(offset));
            let names = func.map(|func| module.local_names(func)).unwrap_or_default();
            let known = names.iter().find(|(_, known)| known == name);
            return match known {
                Some((index, _)) => Ok(Operand::Local(*index)),
                None => Err(format!("no local of this function is named {}", identifier(name))),
            };
        }
        let number = |rest: &str| rest.trim().parse::<u32>().ok();
        if let Some(index) = left.strip_prefix("local").and_then(number) {
            return Ok(Operand::Local(index));
        }
        if let Some(index) = left.strip_prefix("stack").and_then(number) {
            return Ok(Operand::Stack(index as usize));
        }
        Err(format!("`{left}` is neither `$name`, `local N` nor `stack N`"))
    }

    /// Whether it holds in a frame. An operand that is not there does not fulfil it.
    pub(super) fn holds(&self, frame: &FrameView<'_>) -> bool {
        let value = match self.operand {
            Operand::Local(index) => frame.locals().get(index as usize).map(|local| local.value),
            Operand::Stack(depth) => frame.operands().iter().rev().nth(depth).copied(),
        };
        value.is_some_and(|value| self.compare(value))
    }

    fn compare(&self, value: Value) -> bool {
        let Ok(right) = parse_value(value.ty(), &self.right) else { return false };
        self.comparison.holds(value, right)
    }
}

impl Session {
    /// Fails unless an instruction begins there.
    pub(super) fn check_instruction(
        &self,
        module: ModuleKey,
        offset: u32,
    ) -> Result<(), SessionError> {
        let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let func = open.module.func_at(CodeOffset(offset));
        let listing = func.and_then(|func| {
            stepwell_engine::module::disassemble::Listing::new(&open.module, func).ok()
        });
        match listing.and_then(|listing| listing.position(CodeOffset(offset))) {
            Some(_) => Ok(()),
            None => Err(not_now(format!("no instruction begins at 0x{offset:04x}"))),
        }
    }

    /// The first instruction of a function whose head is at the offset: its size and locals, where
    /// a jump to the function leads. Any other offset is itself.
    pub(super) fn first_from(&self, module: ModuleKey, offset: u32) -> u32 {
        let Some(open) = self.module(module) else { return offset };
        let func = open.module.func_at(CodeOffset(offset));
        let listing = func.and_then(|func| {
            stepwell_engine::module::disassemble::Listing::new(&open.module, func).ok()
        });
        let first = listing.and_then(|listing| listing.offset(0));
        first.map_or(offset, |first| first.0.max(offset))
    }

    pub(super) fn toggle_breakpoint(
        &mut self,
        module: ModuleKey,
        offset: u32,
    ) -> Result<(), SessionError> {
        let offset = self.first_from(module, offset);
        let known = self.breakpoints.iter().position(|entry| entry.is_at(module, offset));
        match known {
            Some(position) => {
                self.breakpoints.remove(position);
            }
            None => {
                self.check_instruction(module, offset)?;
                self.breakpoints.push(Entry::new(module, offset));
                self.breakpoints.sort_by_key(|entry| (entry.state.module, entry.state.offset));
            }
        }
        Ok(())
    }

    pub(super) fn breakpoint_mut(
        &mut self,
        module: ModuleKey,
        offset: u32,
    ) -> Result<&mut Entry, SessionError> {
        let entry = self.breakpoints.iter_mut().find(|entry| entry.is_at(module, offset));
        entry.ok_or_else(|| not_now("there is no breakpoint"))
    }

    pub(super) fn set_condition(
        &mut self,
        module: ModuleKey,
        offset: u32,
        text: String,
    ) -> Result<(), SessionError> {
        let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
        let condition = match text.trim() {
            "" => None,
            text => Some(
                Condition::parse(text, &open.module, offset)
                    .map_err(|message| SessionError::Input { field: 0, message })?,
            ),
        };
        let entry = self.breakpoint_mut(module, offset)?;
        entry.condition = condition;
        entry.state.condition = text;
        Ok(())
    }

    /// Breakpoints, by module and offset.
    pub fn breakpoints(&self) -> impl ExactSizeIterator<Item = &BreakpointState> {
        self.breakpoints.iter().map(|entry| &entry.state)
    }
}
