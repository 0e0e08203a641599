//! Walking over a function's body with the validator beside, for whatever is derived from code.
//!
//! Decoding for execution, operand types and disassembly all need the same: each operator with
//! its offset, and what the validator knows before and after it.

use alloc::vec::Vec;

use wasmparser::{
    BinaryReader, FrameKind, FrameStack, FuncToValidate, FuncValidator, FuncValidatorAllocations,
    FunctionBody, Operator, ValidatorResources, VisitOperator, VisitSimdOperator,
};

use super::ModuleInner;
use crate::error::{Error, Result};
use crate::ids::FuncIndex;

pub(crate) type Validator = FuncValidator<ValidatorResources>;

/// What happens at each operator of a body.
pub(crate) trait Visit {
    /// Called before the validator has seen `operator`; its state is that on entry.
    fn before(&mut self, validator: &Validator, offset: u32, operator: &Operator<'_>)
    -> Result<()>;
    /// Called when the validator has applied `operator`.
    fn after(&mut self, validator: &Validator, offset: u32, operator: &Operator<'_>) -> Result<()>;
}

/// Height down to which an operator leaves the operand stack alone, by the validator's state before
/// it; `height` is the operands' number.
pub(crate) fn kept(validator: &Validator, operator: &Operator<'_>, height: usize) -> usize {
    let floor = validator.get_control_frame(0).map_or(0, |frame| frame.height);
    match operator {
        Operator::End
        | Operator::Else
        | Operator::Catch { .. }
        | Operator::CatchAll
        | Operator::Delegate { .. } => floor,
        _ => {
            let pops = operator.operator_arity(validator);
            let pops = pops.map_or(height, |(pops, _)| pops as usize);
            height.saturating_sub(pops).max(floor)
        }
    }
}

/// A walk over a body, which can be left behind any operator and taken up again.
pub(crate) struct Walk {
    func: FuncIndex,
    validator: Validator,
    /// Where the next operator begins in the module, and where the body ends.
    position: u64,
    end: u64,
}

impl Walk {
    /// A walk that stands at the first operator of a function defined in `module`.
    pub(crate) fn new(module: &ModuleInner, func: FuncIndex) -> Result<Self> {
        let (mut validator, body) = open(module, func)?;
        let mut locals = body.get_binary_reader();
        validator.read_locals(&mut locals).map_err(internal)?;
        let (position, end) = (locals.original_position(), body.range().end);
        Ok(Self { func, validator, position, end })
    }

    /// Where the next operator begins in the module.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Goes over about so many bytes, at least one operator; true at the end. The module is the same one each
    /// time, and so is what `visit` knows.
    pub(crate) fn step(
        &mut self,
        module: &ModuleInner,
        bytes: u64,
        visit: &mut impl Visit,
    ) -> Result<bool> {
        let unknown = || Error::UnknownIndex { what: "function body", index: self.func.0.into() };
        let rest = module.bytes.get(self.position as usize..self.end as usize);
        let features = module.features.to_wasm();
        let rest = rest.ok_or_else(unknown)?;
        let mut reader = BinaryReader::new_features(rest, self.position, features);
        let goal = self.position.saturating_add(bytes);
        while !reader.eof() {
            let offset = reader.original_position();
            let frame = self.validator.get_control_frame(0).map(|frame| frame.kind);
            let operator = reader.visit_operator(&mut Read { frame }).map_err(internal)?;
            visit.before(&self.validator, offset as u32, &operator)?;
            self.validator.op(offset, &operator).map_err(internal)?;
            visit.after(&self.validator, offset as u32, &operator)?;
            self.position = reader.original_position();
            if self.position >= goal {
                break;
            }
        }
        Ok(reader.eof())
    }
}

/// Makes an operator of what is read. The library's own reader of operators knows the constructs around them
/// only if it has read all of the body.
struct Read {
    /// The innermost construct.
    frame: Option<FrameKind>,
}

impl FrameStack for Read {
    fn current_frame(&self) -> Option<FrameKind> {
        self.frame
    }
}

macro_rules! read {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($rest:tt)*))*) => {
        $(fn $visit(&mut self $($(, $arg: $ty)*)?) -> Operator<'a> {
            Operator::$op $({ $($arg),* })?
        })*
    };
}

impl<'a> VisitOperator<'a> for Read {
    type Output = Operator<'a>;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Operator<'a>>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(read);
}

impl<'a> VisitSimdOperator<'a> for Read {
    wasmparser::for_each_visit_simd_operator!(read);
}

fn open(module: &ModuleInner, func: FuncIndex) -> Result<(Validator, FunctionBody<'_>)> {
    let unknown = || Error::UnknownIndex { what: "function body", index: u64::from(func.0) };
    let reader = body_reader(module, func).ok_or_else(unknown)?;
    let resources = module.resources.clone().ok_or_else(unknown)?;
    let ty = *module.funcs.get(func.index()).ok_or_else(unknown)?;
    let features = module.features.to_wasm();
    let to_validate = FuncToValidate { resources, index: func.0, ty, features };
    let validator = to_validate.into_validator(FuncValidatorAllocations::default());
    Ok((validator, FunctionBody::new(reader)))
}

/// A reader over the body (locals first) of a function defined in `module`.
pub(crate) fn body_reader(module: &ModuleInner, func: FuncIndex) -> Option<BinaryReader<'_>> {
    let range = module.body(func)?.range.clone();
    let bytes = module.bytes.get(range.start as usize..range.end as usize)?;
    let features = module.features.to_wasm();
    Some(BinaryReader::new_features(bytes, u64::from(range.start), features))
}

/// The whole module has validated, so this is not expected; it is reported all the same.
pub(crate) fn internal(error: wasmparser::Error) -> Error {
    use alloc::string::ToString;
    Error::Invalid { message: error.message().to_string(), offset: error.offset() }
}
