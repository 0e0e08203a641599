//! Walking over a function's body with the validator beside, for whatever is derived from code.
//!
//! Decoding for execution, operand types and disassembly all need the same: each operator with
//! its offset, and what the validator knows before and after it.

use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidator, FuncValidatorAllocations, FunctionBody, Operator,
    ValidatorResources,
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

/// Runs `visit` over the body of a function defined in `module`.
pub(crate) fn walk(module: &ModuleInner, func: FuncIndex, visit: &mut impl Visit) -> Result<()> {
    let (mut validator, body) = open(module, func)?;
    let mut locals = body.get_binary_reader();
    validator.read_locals(&mut locals).map_err(internal)?;
    let mut operators = body.get_operators_reader().map_err(internal)?;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset().map_err(internal)?;
        visit.before(&validator, offset as u32, &operator)?;
        validator.op(offset, &operator).map_err(internal)?;
        visit.after(&validator, offset as u32, &operator)?;
    }
    Ok(())
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
