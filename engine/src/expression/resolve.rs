//! Names become places, and types are checked.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::ids::FuncIndex;
use crate::module::{Module, NameKind};
use crate::types::{ValType, slots_of};

use super::convert::{adapted, converts};
use super::datum::{Datum, DatumType};
use super::error::{ExpressionError, ExpressionErrorKind as Kind};
use super::operation::{Binary, Count, Item, Spanned, Unary, Width, Written};
use super::parser::Expression;
use super::scope::Scope;
use super::typing;

/// An operation on places.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Operation {
    Constant(Datum),
    /// A local or an operand: the first of its slots in the frame.
    Slot(u32, ValType),
    Argument(u32),
    Global(u32),
    Count(Count),
    MemorySize(u32),
    TableSize(u32),
    Load(Width, u32),
    Text(u32),
    ZeroTerminated(u32),
    TableElement(u32),
    StringOf,
    Unary(Unary),
    Binary(Binary),
    Convert(Width),
    Bits,
    Lane(Width),
    Field(String),
    Element,
    Truth,
    AndThen(usize),
    OrElse(usize),
    Otherwise(usize),
    Skip(usize),
    /// An alternative becomes of the type that both have, where that is known.
    Merge(Option<DatumType>),
}

/// An expression for a place: evaluated as often as one likes.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) operations: Vec<Spanned<Operation>>,
    /// The function whose frames it is for, if it asks for slots.
    pub(super) place: Option<(Module, FuncIndex)>,
    ty: Option<DatumType>,
}

impl Program {
    /// The type of its value, where that is known before it is evaluated.
    pub fn ty(&self) -> Option<DatumType> {
        self.ty
    }
}

/// What is known of an operand.
#[derive(Clone, Copy)]
struct Known {
    ty: Option<DatumType>,
    /// The operation that it is, if it is one constant.
    constant: Option<usize>,
}

struct Resolver<'a> {
    scope: &'a Scope<'a>,
    operations: Vec<Spanned<Operation>>,
    stack: Vec<Known>,
    /// Types of first alternatives.
    alternatives: Vec<Option<DatumType>>,
    uses_slots: bool,
}

impl Expression {
    /// Finds what its names mean at a place.
    ///
    /// # Errors
    /// The first name or number that means nothing there, or types that do not go together, and where.
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<Program, ExpressionError> {
        let mut resolver = Resolver {
            scope,
            operations: Vec::with_capacity(self.operations.len()),
            stack: Vec::new(),
            alternatives: Vec::new(),
            uses_slots: false,
        };
        // Where each operation has gone to, for jumps: names with points in them are one operation less.
        let mut moved = Vec::with_capacity(self.operations.len() + 1);
        let mut rest = self.operations.as_slice();
        while let [first, others @ ..] = rest {
            moved.push(resolver.operations.len());
            rest = others;
            let fields = resolver.resolve(first, others)?;
            for _ in 0..fields {
                moved.push(resolver.operations.len());
            }
            rest = rest.get(fields..).unwrap_or_default();
        }
        moved.push(resolver.operations.len());
        for operation in &mut resolver.operations {
            if let Operation::AndThen(target)
            | Operation::OrElse(target)
            | Operation::Otherwise(target)
            | Operation::Skip(target) = &mut operation.operation
            {
                *target = moved.get(*target).copied().unwrap_or(usize::MAX);
            }
        }
        let place = scope.module.cloned().zip(scope.func).filter(|_| resolver.uses_slots);
        let ty = resolver.stack.last().and_then(|known| known.ty);
        Ok(Program { operations: resolver.operations, place, ty })
    }

    /// The same for what has to be true or false.
    ///
    /// # Errors
    /// As [`Expression::resolve`], and if its value is neither.
    pub fn resolve_condition(&self, scope: &Scope<'_>) -> Result<Program, ExpressionError> {
        let program = self.resolve(scope)?;
        let at = self.operations.last().map_or(0..0, |last| last.at.clone());
        match program.ty.map_or(Ok(()), typing::truth) {
            Ok(()) => Ok(program),
            Err(kind) => Err(ExpressionError { at, kind }),
        }
    }
}

impl Resolver<'_> {
    fn push(&mut self, written: &Spanned<Written>, operation: Operation, ty: Option<DatumType>) {
        self.stack.push(Known { ty, constant: None });
        self.emit(written, operation);
    }

    fn emit(&mut self, written: &Spanned<Written>, operation: Operation) {
        self.operations.push(Spanned { at: written.at.clone(), operation });
    }

    fn pop(&mut self) -> Known {
        self.stack.pop().unwrap_or(Known { ty: None, constant: None })
    }

    /// Resolves an operation; how many of those behind it are part of it.
    fn resolve(
        &mut self,
        written: &Spanned<Written>,
        behind: &[Spanned<Written>],
    ) -> Result<usize, ExpressionError> {
        let error = |kind| ExpressionError::new(&written.at, kind);
        match &written.operation {
            Written::Constant(datum) => {
                let constant = Some(self.operations.len());
                self.stack.push(Known { ty: Some(datum.ty()), constant });
                self.emit(written, Operation::Constant(datum.clone()));
            }
            Written::Name(name) => return self.name(name, written, behind).map_err(error),
            Written::Local(item) => self.local(item, written).map_err(error)?,
            Written::Operand(depth) => self.operand(*depth, written).map_err(error)?,
            Written::Argument(index) => {
                let types = self.scope.arguments.as_ref().ok_or(error(Kind::NotHere {
                    what: "an argument",
                    why: "it is for calls of an import",
                }))?;
                let (what, count) = ("argument", types.len() as u64);
                let ty = usize::try_from(*index).ok().and_then(|index| types.get(index)).copied();
                let ty = ty.ok_or(error(Kind::NoSuch { what, index: *index, count }))?;
                self.push(written, Operation::Argument(*index as u32), Some(DatumType::of(ty)));
            }
            Written::Global(item) => self.global(item, written).map_err(error)?,
            Written::Count(count) => {
                self.push(written, Operation::Count(*count), Some(DatumType::U64));
            }
            Written::MemorySize(item) => {
                let memory = self.scope.item(NameKind::Memory, item).map_err(error)?;
                self.push(written, Operation::MemorySize(memory), Some(DatumType::U64));
            }
            Written::TableSize(item) => {
                let table = self.scope.item(NameKind::Table, item).map_err(error)?;
                self.push(written, Operation::TableSize(table), Some(DatumType::U64));
            }
            Written::Load(width, item) => {
                let memory = self.scope.item(NameKind::Memory, item).map_err(error)?;
                self.index().map_err(error)?;
                self.push(written, Operation::Load(*width, memory), Some(width.ty()));
            }
            Written::Text(item) => {
                let memory = self.scope.item(NameKind::Memory, item).map_err(error)?;
                self.index().map_err(error)?;
                self.index().map_err(error)?;
                self.push(written, Operation::Text(memory), Some(DatumType::Text));
            }
            Written::ZeroTerminated(item) => {
                let memory = self.scope.item(NameKind::Memory, item).map_err(error)?;
                self.index().map_err(error)?;
                self.push(written, Operation::ZeroTerminated(memory), Some(DatumType::Text));
            }
            Written::TableElement(item) => {
                let table = self.scope.item(NameKind::Table, item).map_err(error)?;
                self.index().map_err(error)?;
                self.push(written, Operation::TableElement(table), Some(DatumType::Ref));
            }
            Written::StringOf => {
                self.object("str").map_err(error)?;
                self.push(written, Operation::StringOf, Some(DatumType::Text));
            }
            Written::Unary(operator) => {
                let operand = self.pop();
                let ty = operand.ty.map(|ty| typing::unary(*operator, ty)).transpose();
                self.push(written, Operation::Unary(*operator), ty.map_err(error)?);
            }
            Written::Binary(operator) => {
                let ty = self.binary(*operator).map_err(error)?;
                self.push(written, Operation::Binary(*operator), ty);
            }
            Written::Convert(width) => {
                let operand = self.pop();
                operand.ty.map_or(Ok(()), |ty| converts(ty, *width)).map_err(error)?;
                self.push(written, Operation::Convert(*width), Some(width.ty()));
            }
            Written::Bits => {
                let ty = match self.pop().ty {
                    None => None,
                    Some(DatumType::F32) => Some(DatumType::U32),
                    Some(DatumType::F64 | DatumType::Float) => Some(DatumType::U64),
                    Some(ty) => return Err(error(Kind::NotFor { operator: "bits", ty })),
                };
                self.push(written, Operation::Bits, ty);
            }
            Written::Lane(width) => {
                self.index().map_err(error)?;
                match self.pop().ty {
                    None | Some(DatumType::V128) => {}
                    Some(_) => return Err(error(Kind::NotA("vector"))),
                }
                self.push(written, Operation::Lane(*width), Some(width.ty()));
            }
            Written::Field(name) => {
                self.object(".").map_err(error)?;
                self.push(written, Operation::Field(name.clone()), None);
            }
            Written::Element => {
                self.index().map_err(error)?;
                self.object("[]").map_err(error)?;
                self.push(written, Operation::Element, None);
            }
            Written::Truth => {
                self.truth().map_err(error)?;
                self.push(written, Operation::Truth, Some(DatumType::Bool));
            }
            // The left side is taken; the right side makes the value.
            Written::AndThen(target) => {
                self.truth().map_err(error)?;
                self.emit(written, Operation::AndThen(*target));
            }
            Written::OrElse(target) => {
                self.truth().map_err(error)?;
                self.emit(written, Operation::OrElse(*target));
            }
            Written::Otherwise(target) => {
                self.truth().map_err(error)?;
                self.emit(written, Operation::Otherwise(*target));
            }
            Written::Skip(target) => {
                let first = self.pop().ty;
                self.alternatives.push(first);
                self.emit(written, Operation::Skip(*target));
            }
            Written::Merge => {
                let (first, second) = (self.alternatives.pop().flatten(), self.pop().ty);
                let both = first.zip(second);
                let ty = both.map(|(first, second)| typing::merged(first, second)).transpose();
                let ty = ty.map_err(error)?;
                self.push(written, Operation::Merge(ty), ty);
            }
        }
        Ok(0)
    }

    fn truth(&mut self) -> Result<(), Kind> {
        self.pop().ty.map_or(Ok(()), typing::truth)
    }

    /// Takes an address, an index or a length.
    fn index(&mut self) -> Result<(), Kind> {
        match self.pop().ty {
            None | Some(DatumType::Int) => Ok(()),
            Some(ty) if ty.is_integer() => Ok(()),
            Some(ty) => Err(Kind::NotFor { operator: "[]", ty }),
        }
    }

    fn object(&mut self, operator: &'static str) -> Result<(), Kind> {
        match self.pop().ty {
            None | Some(DatumType::Ref) => Ok(()),
            Some(ty) => Err(Kind::NotFor { operator, ty }),
        }
    }

    /// `$name`, with what stands behind points in it if there is such a name: `$p.addr`.
    fn name(
        &mut self,
        name: &str,
        written: &Spanned<Written>,
        behind: &[Spanned<Written>],
    ) -> Result<usize, Kind> {
        let mut names = Vec::from([String::from(name)]);
        for field in behind {
            let Written::Field(part) = &field.operation else { break };
            let joined = format!("{}.{part}", names.last().map_or("", |last| last));
            // Without spaces or parentheses within.
            if field.at.len() != joined.len() + 1 {
                break;
            }
            names.push(joined);
        }
        let scope = self.scope;
        for (fields, name) in names.iter().enumerate().rev() {
            if let Some(index) = scope.local(&Item::Name(name.clone())) {
                self.local(&Item::Index(index.into()), written)?;
                return Ok(fields);
            }
            if let Some(index) = scope.global(name) {
                self.global(&Item::Index(index.into()), written)?;
                return Ok(fields);
            }
        }
        match scope.module {
            None => Err(Kind::NotHere {
                what: "a local or global",
                why: "who will call is not known; ask for `arg 0` and the like",
            }),
            Some(_) => Err(Kind::UnknownName(String::from(name))),
        }
    }

    fn slot(&mut self, written: &Spanned<Written>, slot: usize, ty: ValType) {
        self.uses_slots = true;
        self.push(written, Operation::Slot(slot as u32, ty), Some(DatumType::of(ty)));
    }

    fn local(&mut self, item: &Item, written: &Spanned<Written>) -> Result<(), Kind> {
        let scope = self.scope;
        if scope.func.is_none() {
            return Err(Kind::NotHere { what: "a local", why: "no function is active" });
        }
        let index = match (scope.local(item), item) {
            (Some(index), _) => index as usize,
            (None, Item::Name(name)) => return Err(Kind::UnknownName(name.clone())),
            (None, Item::Index(_)) => usize::MAX,
        };
        let count = scope.locals.len() as u64;
        let ty = scope.locals.get(index).copied();
        let ty = ty.ok_or(Kind::NoSuch {
            what: "local",
            index: if let Item::Index(index) = item { *index } else { index as u64 },
            count,
        })?;
        self.slot(written, slots_of(scope.locals.get(..index).unwrap_or_default()), ty);
        Ok(())
    }

    /// An operand, counted from the top as 0.
    fn operand(&mut self, depth: u64, written: &Spanned<Written>) -> Result<(), Kind> {
        let scope = self.scope;
        let operands = scope.operands.as_ref().ok_or(Kind::NotHere {
            what: "an operand",
            why: "no instruction of a function is next",
        })?;
        let count = operands.len() as u64;
        let no_such = Kind::NoSuch { what: "operand", index: depth, count };
        let index = (count.checked_sub(1)).and_then(|top| top.checked_sub(depth)).ok_or(no_such)?;
        let below = operands.get(..index as usize).unwrap_or_default();
        let slot = slots_of(&scope.locals) + slots_of(below);
        if let Some(ty) = operands.get(index as usize).copied() {
            self.slot(written, slot, ty);
        }
        Ok(())
    }

    fn global(&mut self, item: &Item, written: &Spanned<Written>) -> Result<(), Kind> {
        let module = self
            .scope
            .module
            .ok_or(Kind::NotHere { what: "a global", why: "who will call is not known" })?;
        let index = match item {
            Item::Index(index) => *index,
            Item::Name(name) => {
                let index = self.scope.global(name);
                index.ok_or_else(|| Kind::UnknownName(name.clone()))?.into()
            }
        };
        let (what, count) = ("global", module.globals().len() as u64);
        let ty = usize::try_from(index).ok().and_then(|index| module.globals().nth(index));
        let ty = ty.ok_or(Kind::NoSuch { what, index, count })?;
        self.push(written, Operation::Global(index as u32), Some(DatumType::of(ty.content)));
        Ok(())
    }

    /// Checks the types of two operands; an integer as written becomes of the other's type now.
    fn binary(&mut self, operator: Binary) -> Result<Option<DatumType>, Kind> {
        let (right, left) = (self.pop(), self.pop());
        let (Some(left_ty), Some(right_ty)) = (left.ty, right.ty) else {
            return Ok(operator.is_comparison().then_some(DatumType::Bool));
        };
        let common = typing::common(operator, left_ty, right_ty)?;
        if !operator.is_shift() && common != DatumType::Ref {
            for side in [left, right] {
                let constant = side.constant.and_then(|at| self.operations.get_mut(at));
                if let Some(Spanned { operation: Operation::Constant(datum), .. }) = constant
                    && (common.is_integer() || common.is_float())
                {
                    *datum = adapted(datum.clone(), common)?;
                }
            }
        }
        typing::binary(operator, left_ty, right_ty).map(Some)
    }
}
