//! Operand types and labels at every operator of a function, by re-validating it once.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use wasmparser::{BlockType, Operator};

use crate::error::Result;
use crate::ids::{CodeOffset, FuncIndex};
use crate::module::begun::{Piecewise, SMALL_BODY, pay};
use crate::module::code::{Validator, Visit, Walk, kept};
use crate::module::{Module, ModuleInner};
use crate::types::ValType;

/// What kind of construct a label belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LabelKind {
    /// The function's body.
    Func,
    /// `block`.
    Block,
    /// `loop`.
    Loop,
    /// The then arm of `if`.
    If,
    /// The else arm of `if`.
    Else,
    /// `try_table`.
    TryTable,
    /// The body of a legacy `try`.
    Try,
    /// A clause of a legacy `try`.
    Catch,
}

impl LabelKind {
    /// The operator that opens it, as written in the text format.
    pub fn name(self) -> &'static str {
        match self {
            LabelKind::Func => "func",
            LabelKind::Block => "block",
            LabelKind::Loop => "loop",
            LabelKind::If => "if",
            LabelKind::Else => "else",
            LabelKind::TryTable => "try_table",
            LabelKind::Try => "try",
            LabelKind::Catch => "catch",
        }
    }
}

/// A label of the label stack, as validation knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LabelType {
    /// The construct it belongs to.
    pub kind: LabelKind,
    /// Where the construct begins; for [`LabelKind::Func`] the first operator.
    pub start: CodeOffset,
    /// Where a branch to it goes on: at a `loop` itself, else behind the construct's `end`.
    pub target: CodeOffset,
    /// How many values a branch to it carries.
    pub arity: u32,
    /// Operands below the label.
    pub height: u32,
}

/// Operand types and labels on entry to an operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypesAt {
    /// Types of the operands, bottom first.
    pub operands: Vec<ValType>,
    /// Labels, outermost (the function's) first.
    pub labels: Vec<LabelType>,
    /// Whether validation knows that the operator is never reached; then `operands` holds only
    /// what lies below the innermost label.
    pub unreachable: bool,
}

/// Operand types and labels on entry to the operator at `offset` of a function.
///
/// `None` if the function is imported or no operator begins there.
///
/// # Errors
/// None for functions of a validated module; [`Error::Invalid`](crate::Error::Invalid) would be a
/// defect of the engine.
pub fn types_at(module: &Module, func: FuncIndex, offset: CodeOffset) -> Result<Option<TypesAt>> {
    if module.func_body(func).is_none() {
        return Ok(None);
    }
    Ok(module.inner().types_of(func)?.at(offset))
}

/// The memoised types of one function: stacks as linked lists that share their tails.
#[derive(Debug)]
pub(crate) struct FuncTypes {
    offsets: Box<[u32]>,
    entries: Box<[Entry]>,
    runs: Box<[Run]>,
    /// The types of all runs.
    types: Box<[ValType]>,
    labels: Box<[LabelNode]>,
}

/// Tops of the two stacks on entry to an operator.
#[derive(Clone, Copy, Debug)]
struct Entry {
    run: Link,
    label: Link,
    unreachable: bool,
}

/// A position in a list of nodes plus 1; 0 ends the list.
type Link = u32;

/// Operands that lie one upon the other: an operator that gives many takes no more than one that gives
/// few.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Where their types begin.
    first: u32,
    len: u32,
    below: Link,
}

#[derive(Clone, Copy, Debug)]
struct LabelNode {
    label: LabelType,
    outer: Link,
    /// The part of the same construct before this one.
    before: Link,
}

impl ModuleInner {
    pub(crate) fn types_of(&self, func: FuncIndex) -> Result<&FuncTypes> {
        let unknown =
            crate::error::Error::UnknownIndex { what: "function body", index: u64::from(func.0) };
        let body = self.body(func).ok_or(unknown)?;
        body.types.get_or_try_init(|| {
            let mut typing = Typing::new(self, func)?;
            typing.step(self, u64::MAX)?;
            Ok(Box::new(typing.done()))
        })
    }

    /// Whether the types are known, or become so within `allowance`, in bytes of bulk work. What has been
    /// found until then is kept.
    pub(crate) fn types_within(&self, func: FuncIndex, allowance: &mut u64) -> Result<bool> {
        let Some(body) = self.body(func) else { return Ok(true) };
        let is_small = body.range.len() <= SMALL_BODY || *allowance == u64::MAX;
        if is_small || body.types.get().is_some() {
            return Ok(true);
        }
        let mut typing = match self.begun.types.take(func) {
            Some(typing) => typing,
            None => Box::new(Typing::new(self, func)?),
        };
        if !typing.step(self, pay(allowance))? {
            self.begun.types.put(func, typing);
            return Ok(false);
        }
        self.begun.types.drop_begun(func);
        body.types.get_or_init(|| Box::new(typing.done()));
        Ok(true)
    }
}

impl FuncTypes {
    pub(crate) fn at(&self, offset: CodeOffset) -> Option<TypesAt> {
        let entry = self.entry(offset)?;
        let mut labels = Vec::new();
        let mut link = entry.label;
        while let Some(node) = follow(&self.labels, link) {
            labels.push(node.label);
            link = node.outer;
        }
        labels.reverse();
        let operands = self.operands_of(entry);
        Some(TypesAt { operands, labels, unreachable: entry.unreachable })
    }

    /// Types of the operands alone, bottom first.
    pub(crate) fn operands_at(&self, offset: CodeOffset) -> Option<Vec<ValType>> {
        Some(self.operands_of(self.entry(offset)?))
    }

    fn entry(&self, offset: CodeOffset) -> Option<Entry> {
        let position = self.offsets.binary_search(&offset.0).ok()?;
        self.entries.get(position).copied()
    }

    fn operands_of(&self, entry: Entry) -> Vec<ValType> {
        let mut operands = Vec::new();
        let mut link = entry.run;
        while let Some(run) = follow(&self.runs, link) {
            let types = self.types.get(run.first as usize..(run.first + run.len) as usize);
            operands.extend(types.unwrap_or_default().iter().rev());
            link = run.below;
        }
        operands.reverse();
        operands
    }
}

fn follow<T: Copy>(nodes: &[T], link: Link) -> Option<T> {
    nodes.get(link.checked_sub(1)? as usize).copied()
}

/// Types that are being found: it can be left behind any operator and taken up again.
pub(crate) struct Typing {
    walk: Walk,
    found: Found,
}

impl Piecewise for Typing {
    fn position(&self) -> u64 {
        self.walk.position()
    }
}

impl Typing {
    fn new(module: &ModuleInner, func: FuncIndex) -> Result<Self> {
        let mut typing = Self { walk: Walk::new(module, func)?, found: Found::default() };
        let results = module.type_of_func(func).map_or(0, |ty| ty.results().len());
        typing.found.open_label(LabelKind::Func, 0, results as u32, 0, 0);
        Ok(typing)
    }

    /// Goes over about so many bytes; true at the end.
    fn step(&mut self, module: &ModuleInner, bytes: u64) -> Result<bool> {
        let mut builder = Builder { module, found: &mut self.found };
        self.walk.step(module, bytes, &mut builder)
    }

    fn done(self) -> FuncTypes {
        FuncTypes {
            offsets: self.found.offsets.into_boxed_slice(),
            entries: self.found.entries.into_boxed_slice(),
            runs: self.found.runs.into_boxed_slice(),
            types: self.found.types.into_boxed_slice(),
            labels: self.found.labels.into_boxed_slice(),
        }
    }
}

/// What has been found so far.
#[derive(Default)]
struct Found {
    offsets: Vec<u32>,
    entries: Vec<Entry>,
    runs: Vec<Run>,
    types: Vec<ValType>,
    /// Where lists of types begin in `types`, so that each is there once.
    lists: BTreeMap<Box<[ValType]>, u32>,
    labels: Vec<LabelNode>,
    /// Runs of the operand stack, bottom first, each with how many operands there are up to its top.
    stack: Vec<(Link, usize)>,
    /// Nodes of the label stack, outermost first.
    open: Vec<Link>,
    /// Height down to which the present operator replaces operands.
    keep: usize,
}

impl Found {
    fn open_label(&mut self, kind: LabelKind, start: u32, arity: u32, height: u32, before: Link) {
        let start = CodeOffset(start);
        let label = LabelType { kind, start, target: start, arity, height };
        let outer = self.open.last().copied().unwrap_or(0);
        self.labels.push(LabelNode { label, outer, before });
        self.open.push(self.labels.len() as Link);
    }

    /// Opens the next part of the construct whose last one is innermost.
    fn open_part(&mut self, kind: LabelKind) {
        if let Some(before) = self.open.pop()
            && let Some(&mut label) = self.label(before)
        {
            self.open_label(kind, label.start.0, label.arity, label.height, before);
        }
    }

    fn label(&mut self, link: Link) -> Option<&mut LabelType> {
        let node = self.labels.get_mut(link.checked_sub(1)? as usize)?;
        Some(&mut node.label)
    }

    /// Pops the innermost label; a branch to it goes on behind this `end` of one byte.
    fn close_label(&mut self, end: u32) {
        let Some(mut link) = self.open.pop() else { return };
        // Earlier parts of the same construct were left open for their target.
        while let Some(position) = link.checked_sub(1)
            && let Some(node) = self.labels.get_mut(position as usize)
        {
            if node.label.kind != LabelKind::Loop {
                node.label.target = CodeOffset(end + 1);
            }
            link = node.before;
        }
    }

    /// Where these types begin in `types`.
    fn list(&mut self, types: &[ValType]) -> u32 {
        if let Some(first) = self.lists.get(types) {
            return *first;
        }
        let first = self.types.len() as u32;
        self.types.extend_from_slice(types);
        self.lists.insert(types.into(), first);
        first
    }

    fn height(&self) -> usize {
        self.stack.last().map_or(0, |(_, height)| *height)
    }

    fn push(&mut self, types: &[ValType]) {
        if types.is_empty() {
            return;
        }
        let (below, height) = self.stack.last().copied().unwrap_or_default();
        let (first, len) = (self.list(types), types.len());
        self.runs.push(Run { first, len: len as u32, below });
        self.stack.push((self.runs.len() as Link, height + len));
    }

    /// Pops operands until there are so many.
    fn truncate(&mut self, height: usize) {
        while let Some((link, top)) = self.stack.last().copied()
            && top > height
        {
            self.stack.pop();
            let bottom = self.height();
            // Of a run that goes further down, the lower part stays.
            if bottom < height
                && let Some(run) = follow(&self.runs, link)
            {
                self.runs.push(Run { len: (height - bottom) as u32, ..run });
                self.stack.push((self.runs.len() as Link, height));
            }
        }
    }
}

/// Goes on with what has been found so far.
struct Builder<'m> {
    module: &'m ModuleInner,
    found: &'m mut Found,
}

impl core::ops::Deref for Builder<'_> {
    type Target = Found;

    fn deref(&self) -> &Found {
        self.found
    }
}

impl core::ops::DerefMut for Builder<'_> {
    fn deref_mut(&mut self) -> &mut Found {
        self.found
    }
}

impl Builder<'_> {
    fn arity(&self, ty: BlockType) -> (usize, usize) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => match self.module.func_type_at(index) {
                Some(ty) => (ty.params().len(), ty.results().len()),
                None => (0, 0),
            },
        }
    }

    /// Pops a `try` that ends with a `delegate`, which has an immediate.
    fn close_delegate(&mut self, offset: u32) {
        let immediate = self.module.bytes.get(offset as usize + 1..).unwrap_or_default();
        let bytes = immediate.iter().position(|byte| byte & 0x80 == 0).unwrap_or(0);
        self.close_label(offset + bytes as u32 + 1);
    }
}

impl Visit for Builder<'_> {
    fn before(
        &mut self,
        validator: &Validator,
        offset: u32,
        operator: &Operator<'_>,
    ) -> Result<()> {
        let frame = validator.get_control_frame(0);
        let unreachable = frame.is_some_and(|frame| frame.unreachable);
        if self.offsets.is_empty()
            && let Some(label) = self.label(1)
        {
            label.start = CodeOffset(offset);
        }
        self.offsets.push(offset);
        let run = self.stack.last().map_or(0, |(link, _)| *link);
        let label = self.open.last().copied().unwrap_or(0);
        self.entries.push(Entry { run, label, unreachable });
        let height = validator.operand_stack_height() as usize;
        self.keep = kept(validator, operator, height);
        match *operator {
            Operator::Block { blockty } => {
                let (params, results) = self.arity(blockty);
                let height = height.saturating_sub(params);
                self.open_label(LabelKind::Block, offset, results as u32, height as u32, 0);
            }
            Operator::Loop { blockty } => {
                let (params, _) = self.arity(blockty);
                let height = height.saturating_sub(params);
                self.open_label(LabelKind::Loop, offset, params as u32, height as u32, 0);
            }
            Operator::If { blockty } => {
                let (params, results) = self.arity(blockty);
                let height = height.saturating_sub(params + 1);
                self.open_label(LabelKind::If, offset, results as u32, height as u32, 0);
            }
            Operator::Else => self.open_part(LabelKind::Else),
            Operator::TryTable { ref try_table } => {
                let (params, results) = self.arity(try_table.ty);
                let height = height.saturating_sub(params);
                self.open_label(LabelKind::TryTable, offset, results as u32, height as u32, 0);
            }
            Operator::Try { blockty } => {
                let (params, results) = self.arity(blockty);
                let height = height.saturating_sub(params);
                self.open_label(LabelKind::Try, offset, results as u32, height as u32, 0);
            }
            Operator::Catch { .. } | Operator::CatchAll => self.open_part(LabelKind::Catch),
            Operator::Delegate { .. } => self.close_delegate(offset),
            Operator::End => self.close_label(offset),
            _ => {}
        }
        Ok(())
    }

    fn after(&mut self, validator: &Validator, _: u32, _: &Operator<'_>) -> Result<()> {
        let frame = validator.get_control_frame(0);
        if let Some(frame) = frame
            && frame.unreachable
        {
            // What lies above the label is polymorphic; no execution will ever see it.
            self.truncate(frame.height);
            return Ok(());
        }
        let height = validator.operand_stack_height() as usize;
        let keep = self.keep;
        self.truncate(keep);
        let given = (self.height()..height).map(|position| {
            let ty = validator.get_operand_type(height - 1 - position).flatten();
            let ty = ty.and_then(|ty| ValType::from_wasm(ty, &self.module.space));
            ty.unwrap_or(ValType::I32)
        });
        let given: Vec<ValType> = given.collect();
        // Where many are given, all but the last are those of some type of the module: lists that come
        // again and again.
        if let Some((last, others)) = given.split_last() {
            self.push(others);
            self.push(&[*last]);
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "wat")]
mod tests {
    use super::*;
    use crate::{Config, Engine};
    use ValType::{F64, I32, I64};

    fn types(text: &str) -> Vec<TypesAt> {
        let module = Module::from_wat(&Engine::new(Config::default()), text).unwrap();
        let func = FuncIndex(0);
        let offsets = module.inner().types_of(func).unwrap().offsets.to_vec();
        offsets
            .into_iter()
            .map(|offset| types_at(&module, func, CodeOffset(offset)).unwrap().unwrap())
            .collect()
    }

    #[test]
    fn operands_are_typed_on_entry_to_each_operator() {
        let at = types(
            "(module (func (param i32) (result f64) (local f64)
               i64.const 1  local.get 0  if (result f64)  f64.const 1  else  f64.const 2  end
               local.set 1  drop  local.get 1))",
        );
        let operands: Vec<_> = at.iter().map(|at| at.operands.as_slice()).collect();
        assert_eq!(operands[2], [I64, I32]);
        assert_eq!(operands[3], [I64]);
        assert_eq!(operands[4], [I64, F64]);
        assert_eq!(operands[5], [I64]);
        assert_eq!(operands[7], [I64, F64]);
        assert_eq!(operands[9], []);
        assert_eq!(at[3].labels.len(), 2);
        assert_eq!(at[3].labels[1].kind, LabelKind::If);
        assert_eq!(at[5].labels[1].kind, LabelKind::Else);
        assert_eq!(at[3].labels[1].target, at[5].labels[1].target);
        assert_eq!(at[7].labels.len(), 1);
    }

    #[test]
    fn code_behind_a_branch_is_unreachable_until_the_end() {
        let at = types("(module (func block i32.const 1 drop br 0 nop end nop))");
        assert!(at[4].unreachable);
        assert!(!at[6].unreachable);
        assert_eq!(at[3].labels[1].height, 0);
    }

    #[test]
    fn a_loop_takes_its_parameters_and_goes_to_itself() {
        let at = types(
            "(module (func (param i32) local.get 0 loop (param i32) i32.eqz br_if 1 local.get 0 br 0 end))",
        );
        let label = at[2].labels[1];
        assert_eq!((label.kind, label.arity, label.height), (LabelKind::Loop, 1, 0));
        assert_eq!(label.target, label.start);
    }

    #[test]
    fn parts_of_one_construct_end_together() {
        let at = types(
            "(module (func
               i32.const 0 if i32.const 1 if nop else nop end i32.const 2 if nop end else nop end))",
        );
        let outer = at[2].labels[1];
        assert!(at.iter().flat_map(|at| at.labels.get(1)).all(|at| at.target == outer.target));
        let inner: Vec<_> = at.iter().flat_map(|at| at.labels.get(2)).map(|at| at.target).collect();
        assert!(inner.iter().all(|target| target.0 < outer.target.0));
        assert_eq!(inner.iter().collect::<alloc::collections::BTreeSet<_>>().len(), 2);
    }

    #[test]
    #[cfg_attr(miri, ignore = "it takes hours")]
    fn many_results_are_taken_apart_one_by_one() {
        let results = "i64 f64 ".repeat(50);
        let text = alloc::format!(
            "(module (func {} unreachable) (func $many (result {results}) unreachable))",
            "i32.const 1 call $many ".repeat(20) + &"drop ".repeat(2020)
        );
        let mut expected = Vec::new();
        for (number, at) in types(&text).iter().enumerate().take(2060) {
            assert_eq!(at.operands, expected, "at operator {number}");
            match number {
                0..40 if number % 2 == 0 => expected.push(I32),
                0..40 => expected.extend([I64, F64].repeat(50)),
                _ => drop(expected.pop()),
            }
        }
        assert!(expected.is_empty());
        let module = Module::from_wat(&Engine::new(Config::default()), &text).unwrap();
        let types = module.inner().types_of(FuncIndex(0)).unwrap();
        assert!(types.runs.len() < 3 * types.entries.len());
        assert!(types.types.len() < 200);
    }
}
