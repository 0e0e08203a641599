//! Instructions as text, made for the rows somebody looks at.
//!
//! A [`Listing`] finds where the instructions of one function begin; each is decoded and worded
//! only when asked for. Names are the text format's.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use wasmparser::{BinaryReader, BlockType, MemArg, MemArgTarget, Operator, WasmFeatures};

pub use super::operator::OpClass;
use super::operator::{class_of, lane_of, memarg_and_lane_of, memarg_of, operator_name, peek};
use super::{Module, NameKind};
use crate::error::Result;
use crate::ids::{CodeOffset, FuncIndex};
use crate::types::{FuncType, HeapType, RefType, ValType};

/// One instruction as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// Where it begins.
    pub offset: CodeOffset,
    /// How many bytes it takes.
    pub len: u32,
    /// The operator, as `i32.add`.
    pub name: Cow<'static, str>,
    /// Immediates as in the text format, as `$x` or `offset=8`; empty if it has none.
    pub immediates: String,
    /// What it is about.
    pub class: OpClass,
    /// Label depth of a `br` or `br_if`.
    pub branch_depth: Option<u32>,
    /// Function called directly.
    pub callee: Option<FuncIndex>,
}

impl core::fmt::Display for Instruction {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.name)?;
        if !self.immediates.is_empty() {
            write!(f, " {}", self.immediates)?;
        }
        Ok(())
    }
}

/// Where the instructions of a function begin and how deeply they are nested.
#[derive(Clone, Debug)]
pub struct Listing {
    module: Module,
    func: FuncIndex,
    offsets: Box<[u32]>,
    depths: Box<[u16]>,
    local_names: Vec<(u32, String)>,
}

impl Listing {
    /// The listing of a function defined in the module; an imported one has no instructions.
    ///
    /// # Errors
    /// None for functions of a validated module.
    pub fn new(module: &Module, func: FuncIndex) -> Result<Self> {
        let mut offsets = Vec::new();
        let mut depths = Vec::new();
        if let Some(reader) = super::code::body_reader(module.inner(), func) {
            let body = wasmparser::FunctionBody::new(reader);
            let mut operators = body.get_operators_reader().map_err(super::code::internal)?;
            let mut depth = 0u16;
            while !operators.eof() {
                let (operator, offset) =
                    operators.read_with_offset().map_err(super::code::internal)?;
                let outdent = matches!(
                    operator,
                    Operator::End
                        | Operator::Else
                        | Operator::Catch { .. }
                        | Operator::CatchAll
                        | Operator::Delegate { .. }
                );
                offsets.push(offset as u32);
                depths.push(depth.saturating_sub(u16::from(outdent)));
                match operator {
                    Operator::Block { .. }
                    | Operator::Loop { .. }
                    | Operator::If { .. }
                    | Operator::TryTable { .. }
                    | Operator::Try { .. } => depth = depth.saturating_add(1),
                    Operator::End | Operator::Delegate { .. } => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        Ok(Self {
            module: module.clone(),
            func,
            offsets: offsets.into_boxed_slice(),
            depths: depths.into_boxed_slice(),
            local_names: module.local_names(func),
        })
    }

    /// The function listed.
    pub fn func(&self) -> FuncIndex {
        self.func
    }

    /// Number of instructions.
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Where an instruction begins.
    pub fn offset(&self, position: usize) -> Option<CodeOffset> {
        self.offsets.get(position).copied().map(CodeOffset)
    }

    /// The instruction that begins at an offset.
    pub fn position(&self, offset: CodeOffset) -> Option<usize> {
        self.offsets.binary_search(&offset.0).ok()
    }

    /// How many blocks enclose an instruction; `else` and `end` stand with their opener.
    pub fn depth(&self, position: usize) -> u16 {
        self.depths.get(position).copied().unwrap_or(0)
    }

    /// An instruction as text.
    pub fn instruction(&self, position: usize) -> Option<Instruction> {
        let offset = *self.offsets.get(position)?;
        let reader = reader_at(&self.module, offset)?;
        let operator = peek(&reader)?;
        let body_end = self.module.func_body(self.func)?.end.0;
        let end = self.offsets.get(position + 1).copied().unwrap_or(body_end);
        let namer = Namer { module: &self.module, locals: &self.local_names };
        Some(Instruction {
            offset: CodeOffset(offset),
            len: end - offset,
            name: operator_name(&operator),
            immediates: namer.immediates(&operator),
            class: class_of(&operator),
            branch_depth: match operator {
                Operator::Br { relative_depth }
                | Operator::BrIf { relative_depth }
                | Operator::BrOnNull { relative_depth }
                | Operator::BrOnNonNull { relative_depth }
                | Operator::BrOnCast { relative_depth, .. }
                | Operator::BrOnCastFail { relative_depth, .. } => Some(relative_depth),
                _ => None,
            },
            callee: match operator {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    Some(FuncIndex(function_index))
                }
                _ => None,
            },
        })
    }
}

fn reader_at(module: &Module, offset: u32) -> Option<BinaryReader<'_>> {
    let bytes = module.bytes().get(offset as usize..)?;
    Some(BinaryReader::new_features(bytes, u64::from(offset), WasmFeatures::all()))
}

/// Words immediates with the module's names.
struct Namer<'a> {
    module: &'a Module,
    locals: &'a [(u32, String)],
}

impl Namer<'_> {
    fn immediates(&self, operator: &Operator<'_>) -> String {
        use Operator as O;
        match operator {
            O::Block { blockty } | O::Loop { blockty } | O::If { blockty } | O::Try { blockty } => {
                self.block_type(*blockty)
            }
            O::TryTable { try_table } => self.try_table(try_table),
            O::Br { relative_depth }
            | O::BrIf { relative_depth }
            | O::BrOnNull { relative_depth }
            | O::BrOnNonNull { relative_depth }
            | O::Rethrow { relative_depth }
            | O::Delegate { relative_depth } => relative_depth.to_string(),
            O::BrOnCast { relative_depth, from_ref_type, to_ref_type }
            | O::BrOnCastFail { relative_depth, from_ref_type, to_ref_type } => join([
                relative_depth.to_string(),
                join([self.reference(*from_ref_type), self.reference(*to_ref_type)]),
            ]),
            O::Throw { tag_index } | O::Catch { tag_index } => self.item(NameKind::Tag, *tag_index),
            O::CallRef { type_index: ty }
            | O::ReturnCallRef { type_index: ty }
            | O::StructNew { struct_type_index: ty }
            | O::StructNewDefault { struct_type_index: ty }
            | O::ArrayNew { array_type_index: ty }
            | O::ArrayNewDefault { array_type_index: ty }
            | O::ArrayGet { array_type_index: ty }
            | O::ArrayGetS { array_type_index: ty }
            | O::ArrayGetU { array_type_index: ty }
            | O::ArraySet { array_type_index: ty }
            | O::ArrayFill { array_type_index: ty } => self.item(NameKind::Type, *ty),
            O::ArrayCopy { array_type_index_dst: to, array_type_index_src: from } => {
                join([self.item(NameKind::Type, *to), self.item(NameKind::Type, *from)])
            }
            O::ArrayNewFixed { array_type_index: ty, array_size } => {
                join([self.item(NameKind::Type, *ty), array_size.to_string()])
            }
            O::ArrayNewData { array_type_index: ty, array_data_index: data }
            | O::ArrayInitData { array_type_index: ty, array_data_index: data } => {
                join([self.item(NameKind::Type, *ty), self.item(NameKind::Data, *data)])
            }
            O::ArrayNewElem { array_type_index: ty, array_elem_index: element }
            | O::ArrayInitElem { array_type_index: ty, array_elem_index: element } => {
                join([self.item(NameKind::Type, *ty), self.item(NameKind::Element, *element)])
            }
            O::StructGet { struct_type_index: ty, field_index }
            | O::StructGetS { struct_type_index: ty, field_index }
            | O::StructGetU { struct_type_index: ty, field_index }
            | O::StructSet { struct_type_index: ty, field_index } => {
                let name = self.module.field_name(*ty, *field_index);
                let field = name.map_or(field_index.to_string(), |name| format!("${name}"));
                join([self.item(NameKind::Type, *ty), field])
            }
            O::RefTestNonNull { hty } | O::RefCastNonNull { hty } => {
                format!("(ref {})", self.heap(*hty))
            }
            O::RefTestNullable { hty } | O::RefCastNullable { hty } => {
                match wasmparser::RefType::new(true, *hty) {
                    Some(ty) => self.reference(ty),
                    None => format!("(ref null {})", self.heap(*hty)),
                }
            }
            O::BrTable { targets } => {
                let mut text = String::new();
                for depth in targets.targets().filter_map(Result::ok).take(64) {
                    let _ = write!(text, "{depth} ");
                }
                if targets.len() > 64 {
                    let _ = write!(text, "… ({} labels) ", targets.len());
                }
                let _ = write!(text, "{}", targets.default());
                text
            }
            O::Call { function_index }
            | O::ReturnCall { function_index }
            | O::RefFunc { function_index } => self.func(*function_index),
            O::CallIndirect { type_index, table_index }
            | O::ReturnCallIndirect { type_index, table_index } => {
                let table = self.unless_zero(NameKind::Table, *table_index);
                let ty = match self.module.inner().func_type_at(*type_index) {
                    Some(ty) => signature(ty),
                    None => format!("(type {type_index})"),
                };
                join([table, ty])
            }
            O::TypedSelect { ty } => format!("(result {ty})"),
            O::LocalGet { local_index }
            | O::LocalSet { local_index }
            | O::LocalTee { local_index } => self.local(*local_index),
            O::GlobalGet { global_index } | O::GlobalSet { global_index } => {
                self.item(NameKind::Global, *global_index)
            }
            O::I32Const { value } => value.to_string(),
            O::I64Const { value } => value.to_string(),
            O::F32Const { value } => float_text(
                f64::from(f32::from_bits(value.bits())),
                format!("{}", f32::from_bits(value.bits())),
                u64::from(value.bits() & 0x007f_ffff),
                value.bits() >> 31 != 0,
            ),
            O::F64Const { value } => float_text(
                f64::from_bits(value.bits()),
                format!("{}", f64::from_bits(value.bits())),
                value.bits() & 0x000f_ffff_ffff_ffff,
                value.bits() >> 63 != 0,
            ),
            O::RefNull { hty } => self.heap(*hty),
            O::TableGet { table }
            | O::TableSet { table }
            | O::TableSize { table }
            | O::TableGrow { table }
            | O::TableFill { table } => self.item(NameKind::Table, *table),
            O::TableCopy { dst_table, src_table } => join([
                self.item(NameKind::Table, *dst_table),
                self.item(NameKind::Table, *src_table),
            ]),
            O::TableInit { elem_index, table } => join([
                self.unless_zero(NameKind::Table, *table),
                self.item(NameKind::Element, *elem_index),
            ]),
            O::ElemDrop { elem_index } => self.item(NameKind::Element, *elem_index),
            O::MemorySize { mem } | O::MemoryGrow { mem } | O::MemoryFill { mem } => {
                self.unless_zero(NameKind::Memory, *mem)
            }
            O::MemoryCopy { dst_mem, src_mem } if dst_mem == src_mem && *dst_mem == 0 => {
                String::new()
            }
            O::MemoryCopy { dst_mem, src_mem } => {
                join([self.item(NameKind::Memory, *dst_mem), self.item(NameKind::Memory, *src_mem)])
            }
            O::MemoryInit { data_index, mem } => join([
                self.unless_zero(NameKind::Memory, *mem),
                self.item(NameKind::Data, *data_index),
            ]),
            O::DataDrop { data_index } => self.item(NameKind::Data, *data_index),
            O::V128Const { value } => {
                let lanes = value.bytes().chunks_exact(4).map(|lane| {
                    lane.iter()
                        .rev()
                        .fold("0x".to_string(), |text, byte| format!("{text}{byte:02x}"))
                });
                lanes.fold("i32x4".to_string(), |text, lane| format!("{text} {lane}"))
            }
            O::I8x16Shuffle { lanes } => {
                let lanes: Vec<String> = lanes.iter().map(u8::to_string).collect();
                lanes.join(" ")
            }
            other => match (memarg_and_lane_of(other), lane_of(other)) {
                (Some((memarg, lane)), _) => join([self.memarg(&memarg), lane.to_string()]),
                (None, Some(lane)) => lane.to_string(),
                (None, None) => {
                    memarg_of(other).map_or(String::new(), |memarg| self.memarg(&memarg))
                }
            },
        }
    }

    /// A heap type, with the name of a defined one.
    fn heap(&self, ty: wasmparser::HeapType) -> String {
        match HeapType::from_wasm(ty, &self.module.inner().space) {
            Some(HeapType::Concrete(_, index)) => self.item(NameKind::Type, index),
            Some(ty) => ty.to_string(),
            None => format!("{ty:?}"),
        }
    }

    fn reference(&self, ty: wasmparser::RefType) -> String {
        match RefType::from_wasm(ty, &self.module.inner().space) {
            Some(RefType { nullable, heap: HeapType::Concrete(_, index) }) => {
                let null = if nullable { "null " } else { "" };
                format!("(ref {null}{})", self.item(NameKind::Type, index))
            }
            Some(ty) => ty.to_string(),
            None => format!("{ty:?}"),
        }
    }

    fn try_table(&self, try_table: &wasmparser::TryTable) -> String {
        let mut text = self.block_type(try_table.ty);
        for catch in &try_table.catches {
            let (keyword, tag, label) = match *catch {
                wasmparser::Catch::One { tag, label } => ("catch", Some(tag), label),
                wasmparser::Catch::OneRef { tag, label } => ("catch_ref", Some(tag), label),
                wasmparser::Catch::All { label } => ("catch_all", None, label),
                wasmparser::Catch::AllRef { label } => ("catch_all_ref", None, label),
            };
            let tag = tag.map_or(String::new(), |tag| self.item(NameKind::Tag, tag));
            let clause = join([join([keyword.to_string(), tag]), label.to_string()]);
            text = join([text, format!("({clause})")]);
        }
        text
    }

    fn func(&self, index: u32) -> String {
        match self.module.func_name(FuncIndex(index)) {
            Some(name) => format!("${name}"),
            None => index.to_string(),
        }
    }

    fn local(&self, index: u32) -> String {
        let named = self.locals.binary_search_by_key(&index, |(index, _)| *index).ok();
        match named.and_then(|position| self.locals.get(position)) {
            Some((_, name)) => format!("${name}"),
            None => index.to_string(),
        }
    }

    fn item(&self, kind: NameKind, index: u32) -> String {
        match self.module.item_name(kind, index) {
            Some(name) => format!("${name}"),
            None => index.to_string(),
        }
    }

    fn unless_zero(&self, kind: NameKind, index: u32) -> String {
        if index == 0 { String::new() } else { self.item(kind, index) }
    }

    fn memarg(&self, memarg: &MemArg) -> String {
        let memory = match memarg.target {
            MemArgTarget::Memory(index) => self.unless_zero(NameKind::Memory, index),
            MemArgTarget::Array(ty) => ty.to_string(),
        };
        let offset = match memarg.offset {
            0 => String::new(),
            offset => format!("offset={offset}"),
        };
        let align = if memarg.align == memarg.max_align {
            String::new()
        } else {
            format!("align={}", 1u64 << memarg.align.min(63))
        };
        join([memory, join([offset, align])])
    }

    fn block_type(&self, ty: BlockType) -> String {
        match ty {
            BlockType::Empty => String::new(),
            BlockType::Type(ty) => format!("(result {ty})"),
            BlockType::FuncType(index) => match self.module.inner().func_type_at(index) {
                Some(ty) => signature(ty),
                None => format!("(type {index})"),
            },
        }
    }
}

/// `(param i32) (result i32)`, without empty parts.
fn signature(ty: &FuncType) -> String {
    let part = |keyword: &str, types: &[ValType]| {
        if types.is_empty() {
            return String::new();
        }
        let mut text = format!("({keyword}");
        for ty in types {
            let _ = write!(text, " {ty}");
        }
        text.push(')');
        text
    };
    join([part("param", ty.params()), part("result", ty.results())])
}

fn join(parts: [String; 2]) -> String {
    let [left, right] = parts;
    match (left.is_empty(), right.is_empty()) {
        (_, true) => left,
        (true, _) => right,
        _ => format!("{left} {right}"),
    }
}

/// A float as the text format writes it.
fn float_text(value: f64, text: String, payload: u64, negative: bool) -> String {
    let sign = if negative { "-" } else { "" };
    if value.is_nan() {
        return format!("{sign}nan:0x{payload:x}");
    }
    if value.is_infinite() {
        return format!("{sign}inf");
    }
    if text.len() > 24 { format!("{value:e}") } else { text }
}

#[cfg(test)]
#[cfg(feature = "wat")]
mod tests {
    use super::*;
    use crate::{Config, Engine};

    #[test]
    fn instructions_read_as_in_the_text_format() {
        let module = Module::from_wat(
            &Engine::new(Config::default()),
            r#"(module $m
                 (memory $a 1) (memory $b 1) (table $t 1 funcref)
                 (func $f (param $x i32) (result i32)
                   block (result i32)
                     local.get $x
                     i32.load8_u $b offset=8
                     i32.const -1
                     call_indirect (param i32) (result i32)
                   end
                   f64.const -nan  drop
                   nop
                   call $f)
                 (func $g nop))"#,
        )
        .unwrap();
        let listing = Listing::new(&module, FuncIndex(0)).unwrap();
        let lines: Vec<_> = (0..listing.len())
            .map(|at| {
                format!(
                    "{}{}",
                    " ".repeat(listing.depth(at).into()),
                    listing.instruction(at).unwrap()
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                "block (result i32)",
                " local.get $x",
                " i32.load8_u $b offset=8",
                " i32.const -1",
                " call_indirect (param i32) (result i32)",
                "end",
                "f64.const -nan:0x8000000000000",
                "drop",
                "nop",
                "call $f",
                "end",
            ]
        );
        assert_eq!(listing.instruction(2).map(|line| line.len), Some(4));
    }

    #[test]
    fn names_of_prefixed_operators() {
        let name = |operator: Operator<'_>| operator_name(&operator).into_owned();
        assert_eq!(name(Operator::I32TruncSatF32S), "i32.trunc_sat_f32_s");
        assert_eq!(name(Operator::I8x16Swizzle), "i8x16.swizzle");
        assert_eq!(name(Operator::BrIf { relative_depth: 0 }), "br_if");
        assert_eq!(name(Operator::MemoryCopy { dst_mem: 0, src_mem: 0 }), "memory.copy");
        let memarg = MemArg {
            align: 0,
            max_align: 0,
            offset: 0,
            target: MemArgTarget::Memory(0),
            ordering: None,
        };
        assert_eq!(name(Operator::I32AtomicRmw8AddU { memarg }), "i32.atomic.rmw8.add_u");
    }
}
