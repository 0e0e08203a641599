//! Breakpoints as a person sets them: with a switch, a condition and a count of hits.

use stepwell_engine::observe::FrameView;
use stepwell_engine::{CodeOffset, Module, ValType, Value};

use super::command::ModuleKey;
use super::types::BreakpointState;
use super::value_text::parse_value;

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
enum Comparison {
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

impl Condition {
    /// Reads a condition for a breakpoint at `offset` of `module`.
    pub(super) fn parse(text: &str, module: &Module, offset: u32) -> Result<Self, String> {
        let (at, symbol, comparison) = COMPARISONS
            .iter()
            .filter_map(|(symbol, comparison)| Some((text.find(symbol)?, *symbol, *comparison)))
            .min_by_key(|(at, symbol, _)| (*at, usize::MAX - symbol.len()))
            .ok_or("write a comparison, as `$n == 5`, `local 0 > 3` or `stack 0 != 0`")?;
        let left = text.get(..at).unwrap_or("").trim();
        let right = text.get(at + symbol.len()..).unwrap_or("").trim().to_owned();
        let operand = Self::operand(left, module, offset)?;
        let readable = [ValType::I64, ValType::F64, ValType::FuncRef]
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
                None => Err(format!("no local of this function is named ${name}")),
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
        let ordering = match (value, right) {
            (Value::I32(left), Value::I32(right)) => Some(left.cmp(&right)),
            (Value::I64(left), Value::I64(right)) => Some(left.cmp(&right)),
            (Value::F32(left), Value::F32(right)) => left.partial_cmp(&right),
            (Value::F64(left), Value::F64(right)) => left.partial_cmp(&right),
            (left, right) => Some(left.to_slot().cmp(&right.to_slot())),
        };
        match self.comparison {
            Comparison::Equal => ordering.is_some_and(|order| order.is_eq()),
            Comparison::NotEqual => ordering.is_none_or(|order| order.is_ne()),
            Comparison::Less => ordering.is_some_and(|order| order.is_lt()),
            Comparison::LessOrEqual => ordering.is_some_and(|order| order.is_le()),
            Comparison::Greater => ordering.is_some_and(|order| order.is_gt()),
            Comparison::GreaterOrEqual => ordering.is_some_and(|order| order.is_ge()),
        }
    }
}
