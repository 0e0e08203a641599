//! From a function's bytes to [`FuncCode`], on its first call.

mod clauses;
mod decoding;
mod references;

use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use wasmparser::{BlockType, FrameKind, Operator, WasmModuleResources};

pub(crate) use clauses::Catch;
use clauses::Catching;
use clauses::{Handler, Handlers};
pub(crate) use decoding::Decoding;

use super::atomic::decode_atomic;
use super::op::{Branch, INDEX64, Op, decode_numeric};
use super::vector::decode_vector;
use crate::error::{Error, Result};
use crate::ids::CodeOffset;
use crate::module::ModuleInner;
use crate::module::code::{Validator, Visit, internal, kept};
use crate::types::{FuncType, RefType, slots_of};

/// A function ready to run: one [`Op`] for each operator of its body.
#[derive(Debug)]
pub(crate) struct FuncCode {
    pub(crate) ops: Box<[Op]>,
    /// Byte offset in the module of each operator.
    pub(crate) offsets: Box<[u32]>,
    /// Branches of `br_table`.
    pub(crate) branches: Box<[Branch]>,
    /// Vectors that operators have as immediates.
    pub(crate) vectors: Box<[u128]>,
    /// Reference types that operators test for, with where they branch to.
    pub(crate) casts: Box<[(RefType, Branch)]>,
    /// What catches exceptions, and its clauses.
    pub(crate) handlers: Handlers,
    pub(crate) clauses: Box<[Catch]>,
    /// Slots of the parameters and of the results.
    pub(crate) params: u32,
    pub(crate) results: u32,
    /// Slots of the locals, parameters included, and behind those that instructions can name the
    /// exceptions that legacy `catch` blocks have caught.
    pub(crate) locals: u32,
    pub(crate) named_locals: u32,
    /// Slots of a frame: locals and the highest operand stack.
    pub(crate) frame_slots: u32,
}

impl FuncCode {
    /// Byte offset of an instruction.
    pub(crate) fn offset_of(&self, pc: u32) -> CodeOffset {
        CodeOffset(self.offsets.get(pc as usize).or(self.offsets.last()).copied().unwrap_or(0))
    }
}

/// Where a branch to a label goes on.
#[derive(Clone, Copy)]
enum Continuation {
    /// At the `loop` itself, which enters its label anew.
    At(u32),
    /// Behind the `end` that closes the label.
    Behind,
}

struct Label {
    continuation: Continuation,
    height: u32,
    arity: u32,
    /// Places to fill in once the `end` is reached.
    pending: Vec<Pending>,
    /// The `if` whose else arm has not been met.
    open_if: Option<usize>,
    /// What it catches, if it is a legacy `try`.
    catching: Option<Catching>,
    /// How many legacy `catch` lie around it.
    keeping: u32,
    /// The same of a `try_table`: its first instruction, and its clauses.
    tried: Option<(u32, u32, u32)>,
}

enum Pending {
    Op(usize),
    Table(usize),
    Cast(usize),
    Clause(usize),
}

impl Label {
    fn new(continuation: Continuation, height: u32, arity: u32) -> Self {
        Self {
            continuation,
            height,
            arity,
            pending: Vec::new(),
            open_if: None,
            catching: None,
            keeping: 0,
            tried: None,
        }
    }
}

/// What has been decoded so far.
struct Decoded {
    ops: Vec<Op>,
    offsets: Vec<u32>,
    branches: Vec<Branch>,
    vectors: Vec<u128>,
    casts: Vec<(RefType, Branch)>,
    handlers: Vec<Handler>,
    clauses: Vec<Catch>,
    labels: Vec<Label>,
    /// Exceptions that are kept by legacy blocks at the same time, at most.
    kept: u32,
    locals: u32,
    max_height: u32,
    results: u32,
    /// Whether a vector has been met.
    has_vectors: bool,
    /// Operands, one after the other, if they are followed.
    followed: Option<Followed>,
}

/// Operands and locals of a function with vectors.
#[derive(Default)]
struct Followed {
    /// The slot behind each operand.
    ends: Vec<u32>,
    /// Operands that the present operator leaves alone.
    keep: usize,
    /// The first slot of each local, and whether it is a vector.
    locals: Vec<(u32, bool)>,
}

impl Followed {
    /// Height in slots below so many operands on top.
    fn below(&self, operands: usize) -> u32 {
        let position = self.ends.len().checked_sub(operands + 1);
        position.and_then(|position| self.ends.get(position)).copied().unwrap_or(0)
    }

    /// Whether the topmost operand is a vector.
    fn is_vector(&self) -> bool {
        self.below(0) - self.below(1) > 1
    }
}

impl Decoded {
    fn new(ty: &FuncType, count: usize, follow: bool) -> Self {
        let results = slots_of(ty.results()) as u32;
        Self {
            ops: Vec::with_capacity(count),
            offsets: Vec::with_capacity(count),
            branches: Vec::new(),
            vectors: Vec::new(),
            casts: Vec::new(),
            handlers: Vec::new(),
            clauses: Vec::new(),
            labels: vec![Label::new(Continuation::Behind, 0, results)],
            kept: 0,
            locals: 0,
            max_height: 0,
            results,
            has_vectors: false,
            followed: follow.then(Followed::default),
        }
    }
}

/// Goes on with what has been decoded so far.
struct Decoder<'m> {
    module: &'m ModuleInner,
    decoded: &'m mut Decoded,
}

impl core::ops::Deref for Decoder<'_> {
    type Target = Decoded;

    fn deref(&self) -> &Decoded {
        self.decoded
    }
}

impl core::ops::DerefMut for Decoder<'_> {
    fn deref_mut(&mut self) -> &mut Decoded {
        self.decoded
    }
}

impl Decoder<'_> {
    /// Slots of the parameters and results of a block type.
    fn arity(&self, ty: BlockType) -> (u32, u32) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(wasmparser::ValType::V128) => (0, 2),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => match self.module.func_type_at(index) {
                Some(ty) => (slots_of(ty.params()) as u32, slots_of(ty.results()) as u32),
                None => (0, 0),
            },
        }
    }

    /// Height of the operand stack in slots.
    fn height(&self, validator: &Validator) -> u32 {
        match &self.followed {
            Some(followed) => followed.below(0),
            None => validator.operand_stack_height(),
        }
    }

    /// The slot of a local.
    fn slot(&self, local: u32) -> (u32, bool) {
        match &self.followed {
            Some(followed) => {
                followed.locals.get(local as usize).copied().unwrap_or((local, false))
            }
            None => (local, false),
        }
    }

    fn vector(&mut self, bytes: [u8; 16]) -> u32 {
        self.vectors.push(u128::from_le_bytes(bytes));
        self.vectors.len() as u32 - 1
    }

    /// The branch to the label `depth` levels out; `pending` is filled in at the label's `end`.
    fn branch(&mut self, depth: u32, pending: Pending) -> Branch {
        let position = self.labels.len().wrapping_sub(1 + depth as usize);
        let Some(label) = self.labels.get_mut(position) else {
            return Branch { target: 0, height: 0, arity: 0 };
        };
        let target = match label.continuation {
            Continuation::At(target) => target,
            Continuation::Behind if position == 0 => Branch::RETURN,
            Continuation::Behind => {
                label.pending.push(pending);
                u32::MAX
            }
        };
        Branch { target, height: label.height, arity: label.arity }
    }

    fn open(&mut self, validator: &Validator, kind: FrameKind, ty: BlockType) {
        let (params, results) = self.arity(ty);
        let popped = params + u32::from(kind == FrameKind::If);
        let height = self.height(validator).saturating_sub(popped);
        let here = self.ops.len();
        let mut label = match kind {
            FrameKind::Loop => Label::new(Continuation::At(here as u32), height, params),
            _ => Label::new(Continuation::Behind, height, results),
        };
        if kind == FrameKind::If {
            label.open_if = Some(here);
        }
        label.keeping = self.labels.last().map_or(0, |outer| {
            let keeps = outer.catching.as_ref().is_some_and(|catching| catching.keep.is_some());
            outer.keeping + u32::from(keeps)
        });
        self.labels.push(label);
    }

    fn set_target(&mut self, pending: Pending, to: u32) {
        match pending {
            Pending::Table(index) => {
                if let Some(branch) = self.branches.get_mut(index) {
                    branch.target = to;
                }
            }
            Pending::Cast(index) => {
                if let Some((_, branch)) = self.casts.get_mut(index) {
                    branch.target = to;
                }
            }
            Pending::Clause(index) => {
                if let Some(catch) = self.clauses.get_mut(index) {
                    catch.branch.target = to;
                }
            }
            Pending::Op(index) => match self.ops.get_mut(index) {
                Some(
                    Op::Br(branch)
                    | Op::BrIf(branch)
                    | Op::BrOnNull(branch)
                    | Op::BrOnNonNull(branch),
                ) => branch.target = to,
                Some(Op::If { target } | Op::Else { target }) => *target = to,
                _ => {}
            },
        }
    }

    /// Resolves everything that goes on behind this `end`, which is the next instruction.
    fn close(&mut self) -> Op {
        let end = self.ops.len() as u32;
        let Some(label) = self.labels.pop() else { return Op::Return };
        let last = self.labels.is_empty();
        for pending in label.pending {
            self.set_target(pending, end + 1);
        }
        if let Some(open_if) = label.open_if {
            self.set_target(Pending::Op(open_if), end);
        }
        if let Some(catching) = label.catching {
            self.handler(catching, end, None);
        }
        if let Some((start, first, last)) = label.tried {
            let label = self.labels.len() as u32;
            self.handlers.push(Handler { range: start..end, label, first, last, delegate: None });
        }
        if last { Op::Return } else { Op::Nop }
    }

    fn unsupported(&self, what: &str) -> Error {
        let offset = u64::from(self.offsets.last().copied().unwrap_or(0));
        Error::Unsupported { what: what.into(), offset }
    }

    /// The index of a memory, marked if its addresses are `i64`.
    fn memory(&self, memory: u32) -> u32 {
        let wide = self.module.memories.get(memory as usize).is_some_and(|ty| ty.index64);
        if wide { memory | INDEX64 } else { memory }
    }

    /// The same of a table.
    fn table(&self, table: u32) -> u32 {
        let wide = self.module.tables.get(table as usize).is_some_and(|table| table.ty.index64);
        if wide { table | INDEX64 } else { table }
    }

    /// Whether a branch of this depth leaves the function.
    fn returns(&self, depth: u32) -> bool {
        self.labels.len() == depth as usize + 1
    }

    fn is_import(&self, func: u32) -> bool {
        func < self.module.imported_funcs
    }

    fn decode(&mut self, validator: &Validator, operator: &Operator<'_>) -> Result<Op> {
        let found = decode_numeric(operator).or_else(|| decode_vector(operator));
        if let Some(mut op) = found.or_else(|| decode_atomic(operator)) {
            if let Some(memory) = op.memory_mut() {
                *memory = self.memory(*memory);
            }
            return Ok(op);
        }
        if let Some(op) = self.decode_exceptions(validator, operator) {
            return Ok(op);
        }
        if let Some(op) = self.decode_references(operator)? {
            return Ok(op);
        }
        let on_vector = self.followed.as_ref().is_some_and(Followed::is_vector);
        let here = self.ops.len();
        Ok(match *operator {
            Operator::Unreachable => Op::Unreachable,
            Operator::Nop => Op::Nop,
            Operator::Block { blockty } => {
                self.open(validator, FrameKind::Block, blockty);
                Op::Nop
            }
            Operator::Loop { blockty } => {
                self.open(validator, FrameKind::Loop, blockty);
                Op::Nop
            }
            Operator::If { blockty } => {
                self.open(validator, FrameKind::If, blockty);
                Op::If { target: u32::MAX }
            }
            Operator::Else => {
                let open_if = self.labels.last_mut().and_then(|label| {
                    label.pending.push(Pending::Op(here));
                    label.open_if.take()
                });
                if let Some(open_if) = open_if {
                    self.set_target(Pending::Op(open_if), here as u32 + 1);
                }
                Op::Else { target: u32::MAX }
            }
            Operator::End => self.close(),
            Operator::Br { relative_depth } => {
                match self.branch(relative_depth, Pending::Op(here)) {
                    Branch { target: Branch::RETURN, .. } if self.returns(relative_depth) => {
                        Op::Return
                    }
                    branch => Op::Br(branch),
                }
            }
            Operator::BrIf { relative_depth } => {
                Op::BrIf(self.branch(relative_depth, Pending::Op(here)))
            }
            Operator::BrTable { ref targets } => {
                let first = self.branches.len() as u32;
                for depth in targets.targets() {
                    self.table_branch(depth.map_err(internal)?);
                }
                self.table_branch(targets.default());
                Op::BrTable { first, count: self.branches.len() as u32 - first }
            }
            Operator::Return => Op::Return,
            Operator::Call { function_index: func } if self.is_import(func) => {
                Op::CallImport { func }
            }
            Operator::Call { function_index: func } => Op::Call { func },
            Operator::CallIndirect { type_index: ty, table_index: table } => {
                Op::CallIndirect { ty, table: self.table(table) }
            }
            Operator::ReturnCall { function_index: func } if self.is_import(func) => {
                Op::ReturnCallImport { func }
            }
            Operator::ReturnCall { function_index: func } => Op::ReturnCall { func },
            Operator::ReturnCallIndirect { type_index: ty, table_index: table } => {
                Op::ReturnCallIndirect { ty, table: self.table(table) }
            }
            Operator::Drop if on_vector => Op::DropVector,
            Operator::Drop => Op::Drop,
            // The condition lies above the operands.
            Operator::Select | Operator::TypedSelect { .. } => match &self.followed {
                Some(followed) if followed.below(1) - followed.below(2) > 1 => Op::SelectVector,
                _ => Op::Select,
            },
            Operator::LocalGet { local_index } => match self.slot(local_index) {
                (local, true) => Op::LocalGetVector { local },
                (local, false) => Op::LocalGet { local },
            },
            Operator::LocalSet { local_index } => match self.slot(local_index) {
                (local, true) => Op::LocalSetVector { local },
                (local, false) => Op::LocalSet { local },
            },
            Operator::LocalTee { local_index } => match self.slot(local_index) {
                (local, true) => Op::LocalTeeVector { local },
                (local, false) => Op::LocalTee { local },
            },
            Operator::GlobalGet { global_index: global } => {
                match validator.resources().global_at(global).map(|ty| ty.content_type) {
                    Some(wasmparser::ValType::V128) => Op::GlobalGetVector { global },
                    _ => Op::GlobalGet { global },
                }
            }
            Operator::GlobalSet { global_index: global } if on_vector => {
                Op::GlobalSetVector { global }
            }
            Operator::GlobalSet { global_index: global } => Op::GlobalSet { global },
            Operator::V128Const { value } => Op::VectorConst { index: self.vector(*value.bytes()) },
            Operator::I8x16Shuffle { lanes } => Op::Shuffle { index: self.vector(lanes) },
            Operator::I32Const { value } => Op::Const { slot: u64::from(value as u32) },
            Operator::I64Const { value } => Op::Const { slot: value as u64 },
            Operator::F32Const { value } => Op::Const { slot: u64::from(value.bits()) },
            Operator::F64Const { value } => Op::Const { slot: value.bits() },
            // Reinterpretation changes the type alone; a slot holds bits.
            Operator::I32ReinterpretF32
            | Operator::I64ReinterpretF64
            | Operator::F32ReinterpretI32
            | Operator::F64ReinterpretI64 => Op::Nop,
            Operator::RefNull { .. } => Op::Const { slot: 0 },
            Operator::RefIsNull => Op::RefIsNull,
            Operator::RefFunc { function_index: func } => Op::RefFunc { func },
            Operator::AtomicFence { .. } => Op::Nop,
            Operator::TableGet { table } => Op::TableGet { table: self.table(table) },
            Operator::TableSet { table } => Op::TableSet { table: self.table(table) },
            Operator::TableSize { table } => Op::TableSize { table },
            Operator::TableGrow { table } => Op::TableGrow { table },
            Operator::TableFill { table } => Op::TableFill { table },
            Operator::TableCopy { dst_table: to, src_table: from } => Op::TableCopy { to, from },
            Operator::TableInit { elem_index: element, table } => Op::TableInit { element, table },
            Operator::ElemDrop { elem_index: element } => Op::ElemDrop { element },
            Operator::MemorySize { mem } => {
                let usual = self.module.memories.get(mem as usize);
                let usual = usual.is_none_or(|ty| ty.page_size_log2 == 16);
                Op::MemorySize { memory: if usual { mem } else { mem | INDEX64 } }
            }
            Operator::MemoryGrow { mem: memory } => Op::MemoryGrow { memory },
            Operator::MemoryFill { mem } => Op::MemoryFill { memory: self.memory(mem) },
            Operator::MemoryCopy { dst_mem, src_mem } => {
                Op::MemoryCopy { to: self.memory(dst_mem), from: self.memory(src_mem) }
            }
            Operator::MemoryInit { data_index: data, mem: memory } => {
                Op::MemoryInit { data, memory: self.memory(memory) }
            }
            Operator::DataDrop { data_index: data } => Op::DataDrop { data },
            // Loading has refused every module with another operator.
            ref other => {
                return Err(Error::Unsupported {
                    what: format!("{}", crate::module::operator::operator_name(other)),
                    offset: u64::from(self.offsets.last().copied().unwrap_or(0)),
                });
            }
        })
    }

    /// Notes where the locals are, once the validator knows them.
    fn open_locals(&mut self, validator: &Validator) {
        let decoded = &mut *self.decoded;
        let count = validator.len_locals();
        let types = (0..count).map(|local| validator.get_local_type(local));
        let vectors = types.map(|ty| ty == Some(wasmparser::ValType::V128));
        let Some(followed) = &mut decoded.followed else {
            decoded.has_vectors |= vectors.into_iter().any(|vector| vector);
            decoded.locals = count;
            return;
        };
        for vector in vectors {
            followed.locals.push((decoded.locals, vector));
            decoded.locals += if vector { 2 } else { 1 };
        }
    }

    fn table_branch(&mut self, depth: u32) {
        let position = self.branches.len();
        let branch = self.branch(depth, Pending::Table(position));
        self.branches.push(branch);
    }
}

impl Visit for Decoder<'_> {
    fn before(
        &mut self,
        validator: &Validator,
        offset: u32,
        operator: &Operator<'_>,
    ) -> Result<()> {
        if self.ops.is_empty() {
            self.open_locals(validator);
        }
        if let Some(followed) = &mut self.followed {
            followed.keep = kept(validator, operator, followed.ends.len());
        }
        let op = self.decode(validator, operator)?;
        self.ops.push(op);
        self.offsets.push(offset);
        Ok(())
    }

    fn after(&mut self, validator: &Validator, _: u32, _: &Operator<'_>) -> Result<()> {
        let decoded = &mut *self.decoded;
        let vector = wasmparser::ValType::V128;
        let Some(followed) = &mut decoded.followed else {
            // What gives one value gives it on top; of several the types have told.
            decoded.has_vectors |= validator.get_operand_type(0).flatten() == Some(vector);
            decoded.max_height = decoded.max_height.max(validator.operand_stack_height());
            return Ok(());
        };
        let frame = validator.get_control_frame(0);
        if let Some(frame) = frame.filter(|frame| frame.unreachable) {
            // What lies above the label is polymorphic; no execution will ever see it.
            followed.ends.truncate(frame.height);
            return Ok(());
        }
        let height = validator.operand_stack_height() as usize;
        followed.ends.truncate(followed.keep);
        while followed.ends.len() < height {
            let ty = validator.get_operand_type(height - 1 - followed.ends.len()).flatten();
            let slots = if ty == Some(vector) { 2 } else { 1 };
            followed.ends.push(followed.below(0) + slots);
        }
        decoded.max_height = decoded.max_height.max(followed.below(0));
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "wat")]
mod tests {
    use super::*;
    use crate::ids::FuncIndex;
    use crate::{Config, Engine, Module};

    fn ops(body: &str) -> Vec<Op> {
        let engine = Engine::new(Config::default());
        let text = format!("(module (func (param i32) (result i32) {body}))");
        let module = Module::from_wat(&engine, &text).unwrap();
        module.inner().code(FuncIndex(0)).unwrap().ops.to_vec()
    }

    #[test]
    fn a_branch_to_a_block_goes_behind_its_end_and_to_a_loop_at_the_loop() {
        let code = ops("block local.get 0 br_if 0 loop br 0 end end i32.const 7");
        assert_eq!(code[2], Op::BrIf(Branch { target: 7, height: 0, arity: 0 }));
        assert_eq!(code[4], Op::Br(Branch { target: 3, height: 0, arity: 0 }));
        assert_eq!(code.last(), Some(&Op::Return));
    }

    #[test]
    fn if_goes_to_the_else_arm_or_to_its_end() {
        let code = ops("local.get 0 if (result i32) i32.const 1 else i32.const 2 end");
        assert_eq!(code[1], Op::If { target: 4 });
        assert_eq!(code[3], Op::Else { target: 6 });
        let code = ops("local.get 0 if nop end i32.const 0");
        assert_eq!(code[1], Op::If { target: 3 });
    }
}
