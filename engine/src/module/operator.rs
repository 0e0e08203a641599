//! Operators: their names in the text format, what they are about, and which immediates they have.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;

use wasmparser::{BinaryReader, FrameKind, FrameStack, MemArg, Operator, WasmFeatures};

/// What an instruction is about, for colouring.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OpClass {
    /// Blocks, branches, `return`, `unreachable`.
    Control,
    /// Calls of every kind.
    Call,
    /// Locals and globals.
    Variable,
    /// Loads, stores and bulk memory operators.
    Memory,
    /// Tables, references, structures and arrays.
    Table,
    /// Constants.
    Const,
    /// Everything that computes.
    Numeric,
    /// `drop`, `select`, `nop`.
    Parametric,
}

/// Any operator may stand anywhere: enclosing blocks are not known here.
struct Anywhere(FrameKind);

impl FrameStack for Anywhere {
    fn current_frame(&self) -> Option<FrameKind> {
        Some(self.0)
    }
}

pub(crate) fn peek<'a>(reader: &BinaryReader<'a>) -> Option<Operator<'a>> {
    [FrameKind::Block, FrameKind::If, FrameKind::LegacyTry]
        .into_iter()
        .find_map(|kind| reader.peek_operator(&Anywhere(kind)).ok())
}

/// The name of the operator that begins at `offset`, whether or not the engine supports it.
pub(crate) fn name_at(bytes: &[u8], offset: u64) -> Option<Cow<'static, str>> {
    let bytes = bytes.get(usize::try_from(offset).ok()?..)?;
    let reader = BinaryReader::new_features(bytes, offset, WasmFeatures::all());
    Some(operator_name(&peek(&reader)?))
}

macro_rules! define_names {
    ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// `visit_i32_add` and its like.
        fn visitor_name(operator: &Operator<'_>) -> &'static str {
            match operator {
                $(Operator::$op { .. } => stringify!($visit),)*
                _ => "visit_unknown",
            }
        }

        /// One for each operator.
        #[cfg(feature = "wat")]
        const VISITORS: &[&str] = &[$(stringify!($visit)),*];
    };
}
wasmparser::for_each_operator!(define_names);

/// Prefixes that the text format sets off with a dot.
const DOTTED: [&str; 23] = [
    "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2", "v128", "i32", "i64", "f32", "f64",
    "local", "global", "table", "memory", "ref", "elem", "data", "struct", "array", "any",
    "extern", "i31",
];

/// The text format's name of an operator.
pub(crate) fn operator_name(operator: &Operator<'_>) -> Cow<'static, str> {
    text_name(visitor_name(operator))
}

/// The text format's names of all operators there are.
#[cfg(feature = "wat")]
pub(crate) fn text_names() -> impl Iterator<Item = Cow<'static, str>> {
    VISITORS.iter().map(|visitor| text_name(visitor))
}

fn text_name(visitor: &'static str) -> Cow<'static, str> {
    let name = visitor.strip_prefix("visit_").unwrap_or(visitor);
    match name {
        "typed_select" | "typed_select_multi" => return Cow::Borrowed("select"),
        "ref_test_non_null" | "ref_test_nullable" => return Cow::Borrowed("ref.test"),
        "ref_cast_non_null" | "ref_cast_nullable" => return Cow::Borrowed("ref.cast"),
        "atomic_fence" => return Cow::Borrowed("atomic.fence"),
        _ => {}
    }
    let dotted = DOTTED.iter().find_map(|prefix| {
        let rest = name.strip_prefix(prefix)?.strip_prefix('_')?;
        let rest = match rest.strip_prefix("atomic_") {
            Some(atomic) => match atomic.strip_prefix("rmw") {
                Some(rmw) => format!("atomic.rmw{}", rmw.replacen('_', ".", 1)),
                None => format!("atomic.{atomic}"),
            },
            None => rest.to_string(),
        };
        Some(format!("{prefix}.{rest}"))
    });
    match dotted {
        Some(name) => Cow::Owned(name),
        None => Cow::Borrowed(name),
    }
}

pub(super) fn class_of(operator: &Operator<'_>) -> OpClass {
    use Operator as O;
    match operator {
        O::Unreachable
        | O::Block { .. }
        | O::Loop { .. }
        | O::If { .. }
        | O::Else
        | O::End
        | O::Br { .. }
        | O::BrIf { .. }
        | O::BrTable { .. }
        | O::BrOnNull { .. }
        | O::BrOnNonNull { .. }
        | O::BrOnCast { .. }
        | O::BrOnCastFail { .. }
        | O::TryTable { .. }
        | O::Throw { .. }
        | O::ThrowRef
        | O::Try { .. }
        | O::Catch { .. }
        | O::CatchAll
        | O::Rethrow { .. }
        | O::Delegate { .. }
        | O::Return => OpClass::Control,
        O::Call { .. }
        | O::CallIndirect { .. }
        | O::CallRef { .. }
        | O::ReturnCall { .. }
        | O::ReturnCallIndirect { .. }
        | O::ReturnCallRef { .. } => OpClass::Call,
        O::LocalGet { .. }
        | O::LocalSet { .. }
        | O::LocalTee { .. }
        | O::GlobalGet { .. }
        | O::GlobalSet { .. } => OpClass::Variable,
        O::I32Const { .. }
        | O::I64Const { .. }
        | O::F32Const { .. }
        | O::F64Const { .. }
        | O::V128Const { .. } => OpClass::Const,
        O::Nop | O::Drop | O::Select | O::TypedSelect { .. } => OpClass::Parametric,
        O::RefNull { .. }
        | O::RefIsNull
        | O::RefFunc { .. }
        | O::RefAsNonNull
        | O::RefEq
        | O::RefTestNonNull { .. }
        | O::RefTestNullable { .. }
        | O::RefCastNonNull { .. }
        | O::RefCastNullable { .. }
        | O::RefI31
        | O::I31GetS
        | O::I31GetU
        | O::AnyConvertExtern
        | O::ExternConvertAny
        | O::StructNew { .. }
        | O::StructNewDefault { .. }
        | O::StructGet { .. }
        | O::StructGetS { .. }
        | O::StructGetU { .. }
        | O::StructSet { .. }
        | O::ArrayNew { .. }
        | O::ArrayNewDefault { .. }
        | O::ArrayNewFixed { .. }
        | O::ArrayNewData { .. }
        | O::ArrayNewElem { .. }
        | O::ArrayGet { .. }
        | O::ArrayGetS { .. }
        | O::ArrayGetU { .. }
        | O::ArraySet { .. }
        | O::ArrayLen
        | O::ArrayFill { .. }
        | O::ArrayCopy { .. }
        | O::ArrayInitData { .. }
        | O::ArrayInitElem { .. }
        | O::TableGet { .. }
        | O::TableSet { .. }
        | O::TableSize { .. }
        | O::TableGrow { .. }
        | O::TableFill { .. }
        | O::TableCopy { .. }
        | O::TableInit { .. }
        | O::ElemDrop { .. } => OpClass::Table,
        O::MemorySize { .. }
        | O::MemoryGrow { .. }
        | O::MemoryFill { .. }
        | O::MemoryCopy { .. }
        | O::MemoryInit { .. }
        | O::AtomicFence { .. }
        | O::DataDrop { .. } => OpClass::Memory,
        other if memarg_of(other).is_some() => OpClass::Memory,
        _ => OpClass::Numeric,
    }
}

/// Loads and stores that this engine executes.
pub(crate) fn memarg_of(operator: &Operator<'_>) -> Option<MemArg> {
    use Operator as O;
    match operator {
        O::I32Load { memarg }
        | O::I64Load { memarg }
        | O::F32Load { memarg }
        | O::F64Load { memarg }
        | O::I32Load8S { memarg }
        | O::I32Load8U { memarg }
        | O::I32Load16S { memarg }
        | O::I32Load16U { memarg }
        | O::I64Load8S { memarg }
        | O::I64Load8U { memarg }
        | O::I64Load16S { memarg }
        | O::I64Load16U { memarg }
        | O::I64Load32S { memarg }
        | O::I64Load32U { memarg }
        | O::I32Store { memarg }
        | O::I64Store { memarg }
        | O::F32Store { memarg }
        | O::F64Store { memarg }
        | O::I32Store8 { memarg }
        | O::I32Store16 { memarg }
        | O::I64Store8 { memarg }
        | O::I64Store16 { memarg }
        | O::I64Store32 { memarg }
        | O::V128Load { memarg }
        | O::V128Store { memarg }
        | O::V128Load8x8S { memarg }
        | O::V128Load8x8U { memarg }
        | O::V128Load16x4S { memarg }
        | O::V128Load16x4U { memarg }
        | O::V128Load32x2S { memarg }
        | O::V128Load32x2U { memarg }
        | O::V128Load8Splat { memarg }
        | O::V128Load16Splat { memarg }
        | O::V128Load32Splat { memarg }
        | O::V128Load64Splat { memarg }
        | O::V128Load32Zero { memarg }
        | O::V128Load64Zero { memarg }
        | O::I32AtomicLoad { memarg }
        | O::I32AtomicStore { memarg }
        | O::I32AtomicLoad8U { memarg }
        | O::I32AtomicStore8 { memarg }
        | O::I32AtomicLoad16U { memarg }
        | O::I32AtomicStore16 { memarg }
        | O::I32AtomicRmwAdd { memarg }
        | O::I32AtomicRmw8AddU { memarg }
        | O::I32AtomicRmw16AddU { memarg }
        | O::I32AtomicRmwSub { memarg }
        | O::I32AtomicRmw8SubU { memarg }
        | O::I32AtomicRmw16SubU { memarg }
        | O::I32AtomicRmwAnd { memarg }
        | O::I32AtomicRmw8AndU { memarg }
        | O::I32AtomicRmw16AndU { memarg }
        | O::I32AtomicRmwOr { memarg }
        | O::I32AtomicRmw8OrU { memarg }
        | O::I32AtomicRmw16OrU { memarg }
        | O::I32AtomicRmwXor { memarg }
        | O::I32AtomicRmw8XorU { memarg }
        | O::I32AtomicRmw16XorU { memarg }
        | O::I32AtomicRmwXchg { memarg }
        | O::I32AtomicRmw8XchgU { memarg }
        | O::I32AtomicRmw16XchgU { memarg }
        | O::I32AtomicRmwCmpxchg { memarg }
        | O::I32AtomicRmw8CmpxchgU { memarg }
        | O::I32AtomicRmw16CmpxchgU { memarg }
        | O::I64AtomicLoad { memarg }
        | O::I64AtomicStore { memarg }
        | O::I64AtomicLoad8U { memarg }
        | O::I64AtomicStore8 { memarg }
        | O::I64AtomicLoad16U { memarg }
        | O::I64AtomicStore16 { memarg }
        | O::I64AtomicLoad32U { memarg }
        | O::I64AtomicStore32 { memarg }
        | O::I64AtomicRmwAdd { memarg }
        | O::I64AtomicRmw8AddU { memarg }
        | O::I64AtomicRmw16AddU { memarg }
        | O::I64AtomicRmw32AddU { memarg }
        | O::I64AtomicRmwSub { memarg }
        | O::I64AtomicRmw8SubU { memarg }
        | O::I64AtomicRmw16SubU { memarg }
        | O::I64AtomicRmw32SubU { memarg }
        | O::I64AtomicRmwAnd { memarg }
        | O::I64AtomicRmw8AndU { memarg }
        | O::I64AtomicRmw16AndU { memarg }
        | O::I64AtomicRmw32AndU { memarg }
        | O::I64AtomicRmwOr { memarg }
        | O::I64AtomicRmw8OrU { memarg }
        | O::I64AtomicRmw16OrU { memarg }
        | O::I64AtomicRmw32OrU { memarg }
        | O::I64AtomicRmwXor { memarg }
        | O::I64AtomicRmw8XorU { memarg }
        | O::I64AtomicRmw16XorU { memarg }
        | O::I64AtomicRmw32XorU { memarg }
        | O::I64AtomicRmwXchg { memarg }
        | O::I64AtomicRmw8XchgU { memarg }
        | O::I64AtomicRmw16XchgU { memarg }
        | O::I64AtomicRmw32XchgU { memarg }
        | O::I64AtomicRmwCmpxchg { memarg }
        | O::I64AtomicRmw8CmpxchgU { memarg }
        | O::I64AtomicRmw16CmpxchgU { memarg }
        | O::I64AtomicRmw32CmpxchgU { memarg }
        | O::MemoryAtomicNotify { memarg }
        | O::MemoryAtomicWait32 { memarg }
        | O::MemoryAtomicWait64 { memarg } => Some(*memarg),
        other => memarg_and_lane_of(other).map(|(memarg, _)| memarg),
    }
}

/// The same of those that access one lane of a vector, and which one.
pub(super) fn memarg_and_lane_of(operator: &Operator<'_>) -> Option<(MemArg, u8)> {
    use Operator as O;
    match operator {
        O::V128Load8Lane { memarg, lane }
        | O::V128Load16Lane { memarg, lane }
        | O::V128Load32Lane { memarg, lane }
        | O::V128Load64Lane { memarg, lane }
        | O::V128Store8Lane { memarg, lane }
        | O::V128Store16Lane { memarg, lane }
        | O::V128Store32Lane { memarg, lane }
        | O::V128Store64Lane { memarg, lane } => Some((*memarg, *lane)),
        _ => None,
    }
}

/// The lane that an operator takes out of a vector or puts into one.
pub(super) fn lane_of(operator: &Operator<'_>) -> Option<u8> {
    use Operator as O;
    match operator {
        O::I8x16ExtractLaneS { lane }
        | O::I8x16ExtractLaneU { lane }
        | O::I16x8ExtractLaneS { lane }
        | O::I16x8ExtractLaneU { lane }
        | O::I32x4ExtractLane { lane }
        | O::I64x2ExtractLane { lane }
        | O::F32x4ExtractLane { lane }
        | O::F64x2ExtractLane { lane }
        | O::I8x16ReplaceLane { lane }
        | O::I16x8ReplaceLane { lane }
        | O::I32x4ReplaceLane { lane }
        | O::I64x2ReplaceLane { lane }
        | O::F32x4ReplaceLane { lane }
        | O::F64x2ReplaceLane { lane } => Some(*lane),
        _ => None,
    }
}
