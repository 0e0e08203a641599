//! Immediates and constant expressions as text, with the module's names.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use wasmparser::{BlockType, MemArg, MemArgTarget, Operator};

use super::const_expr::{ConstExpr, ConstOp, Literal};
use super::disassemble::FuncNaming;
use super::operator::{lane_of, memarg_and_lane_of, memarg_of};
use super::{Module, NameKind};
use crate::ids::FuncIndex;
use crate::text::identifier;
use crate::types::{HeapType, RefType, ValType};

/// Words immediates with the module's names.
pub(super) struct Namer<'a> {
    pub(super) module: &'a Module,
    pub(super) locals: &'a [(u32, String)],
    /// The name of the label that so many others are nested in.
    pub(super) label: &'a dyn Fn(u32) -> Option<&'a str>,
    /// The name of the label that the operator itself brings.
    pub(super) own_label: Option<&'a str>,
    /// What functions are called; without it, what the module calls them.
    pub(super) funcs: Option<&'a FuncNaming<'a>>,
}

impl Namer<'_> {
    pub(super) fn immediates(&self, operator: &Operator<'_>) -> String {
        use Operator as O;
        match operator {
            O::Block { blockty } | O::Loop { blockty } | O::If { blockty } | O::Try { blockty } => {
                join([self.opened(), self.block_type(*blockty)])
            }
            O::TryTable { try_table } => self.try_table(try_table),
            O::Br { relative_depth }
            | O::BrIf { relative_depth }
            | O::BrOnNull { relative_depth }
            | O::BrOnNonNull { relative_depth }
            | O::Rethrow { relative_depth }
            | O::Delegate { relative_depth } => self.label(*relative_depth),
            O::BrOnCast { relative_depth, from_ref_type, to_ref_type }
            | O::BrOnCastFail { relative_depth, from_ref_type, to_ref_type } => join([
                self.label(*relative_depth),
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
                let field = name.map_or(field_index.to_string(), identifier);
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
                    let _ = write!(text, "{} ", self.label(depth));
                }
                if targets.len() > 64 {
                    let _ = write!(text, "… ({} labels) ", targets.len());
                }
                text + &self.label(targets.default())
            }
            O::Call { function_index }
            | O::ReturnCall { function_index }
            | O::RefFunc { function_index } => self.func(*function_index),
            O::CallIndirect { type_index, table_index }
            | O::ReturnCallIndirect { type_index, table_index } => {
                let table = self.unless_zero(NameKind::Table, *table_index);
                join([table, self.type_use(*type_index)])
            }
            O::TypedSelect { ty } => format!("(result {})", self.val(*ty)),
            O::LocalGet { local_index }
            | O::LocalSet { local_index }
            | O::LocalTee { local_index } => self.local(*local_index),
            O::GlobalGet { global_index } | O::GlobalSet { global_index } => {
                self.item(NameKind::Global, *global_index)
            }
            O::I32Const { value } => value.to_string(),
            O::I64Const { value } => value.to_string(),
            O::F32Const { value } => f32_text(value.bits()),
            O::F64Const { value } => f64_text(value.bits()),
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
            O::V128Const { value } => vector_text(value.bytes()),
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
        let mut text = join([self.opened(), self.block_type(try_table.ty)]);
        for catch in &try_table.catches {
            let (keyword, tag, label) = match *catch {
                wasmparser::Catch::One { tag, label } => ("catch", Some(tag), label),
                wasmparser::Catch::OneRef { tag, label } => ("catch_ref", Some(tag), label),
                wasmparser::Catch::All { label } => ("catch_all", None, label),
                wasmparser::Catch::AllRef { label } => ("catch_all_ref", None, label),
            };
            let tag = tag.map_or(String::new(), |tag| self.item(NameKind::Tag, tag));
            let clause = join([join([keyword.to_string(), tag]), self.label(label)]);
            text = join([text, format!("({clause})")]);
        }
        text
    }

    fn func(&self, index: u32) -> String {
        match self.funcs {
            Some(names) => names(FuncIndex(index)),
            None => named(self.module.func_name(FuncIndex(index)), index),
        }
    }

    /// The label of a depth: its name, unless a label within has the same.
    fn label(&self, depth: u32) -> String {
        let name = (self.label)(depth);
        let hidden = name.is_some() && (0..depth).any(|inner| (self.label)(inner) == name);
        named(name.filter(|_| !hidden), depth)
    }

    fn opened(&self) -> String {
        self.own_label.map_or(String::new(), identifier)
    }

    fn local(&self, index: u32) -> String {
        let known = self.locals.binary_search_by_key(&index, |(index, _)| *index).ok();
        let name = known.and_then(|position| self.locals.get(position));
        named(name.map(|(_, name)| name.as_str()), index)
    }

    fn item(&self, kind: NameKind, index: u32) -> String {
        named(self.module.item_name(kind, index), index)
    }

    fn unless_zero(&self, kind: NameKind, index: u32) -> String {
        if index == 0 { String::new() } else { self.item(kind, index) }
    }

    fn memarg(&self, memarg: &MemArg) -> String {
        let memory = match memarg.target {
            MemArgTarget::Memory(index) => self.unless_zero(NameKind::Memory, index),
            MemArgTarget::Array(ty) => self.item(NameKind::Type, ty),
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
            BlockType::Type(ty) => format!("(result {})", self.val(ty)),
            BlockType::FuncType(index) => self.type_use(index),
        }
    }

    /// A function type: its name, else what it consists of, as `(param i32) (result i32)`.
    fn type_use(&self, index: u32) -> String {
        match (
            self.module.item_name(NameKind::Type, index),
            self.module.inner().func_type_at(index),
        ) {
            (Some(name), _) => format!("(type {})", identifier(name)),
            (None, Some(ty)) => {
                join([self.part("param", ty.params()), self.part("result", ty.results())])
            }
            (None, None) => format!("(type {index})"),
        }
    }

    fn part(&self, keyword: &str, types: &[ValType]) -> String {
        if types.is_empty() {
            return String::new();
        }
        let types = types.iter().map(|ty| self.val_type(*ty));
        types.fold(format!("({keyword}"), |text, ty| text + " " + &ty) + ")"
    }

    fn val(&self, ty: wasmparser::ValType) -> String {
        match ty {
            wasmparser::ValType::Ref(ty) => self.reference(ty),
            other => other.to_string(),
        }
    }

    fn val_type(&self, ty: ValType) -> String {
        match ty {
            ValType::Ref(RefType { nullable, heap: HeapType::Concrete(_, index) }) => {
                let null = if nullable { "null " } else { "" };
                format!("(ref {null}{})", self.item(NameKind::Type, index))
            }
            other => other.to_string(),
        }
    }

    /// A constant expression as text, operator by operator.
    pub(super) fn const_expr(&self, expr: &ConstExpr, most: usize) -> String {
        let ty = |index| self.item(NameKind::Type, index);
        let texts = expr.ops().iter().take(most).map(|op| match *op {
            ConstOp::Slot(Literal::I32, bits) => format!("i32.const {}", bits as i32),
            ConstOp::Slot(Literal::I64, bits) => format!("i64.const {}", bits as i64),
            ConstOp::Slot(Literal::F32, bits) => format!("f32.const {}", f32_text(bits as u32)),
            ConstOp::Slot(Literal::F64, bits) => format!("f64.const {}", f64_text(bits)),
            ConstOp::Slot(Literal::Null(HeapType::Concrete(_, index)), _) => {
                format!("ref.null {}", ty(index))
            }
            ConstOp::Slot(Literal::Null(heap), _) => format!("ref.null {heap}"),
            ConstOp::Vector(bits) => format!("v128.const {}", vector_text(&bits.to_le_bytes())),
            ConstOp::GlobalGet(index) => {
                format!("global.get {}", self.item(NameKind::Global, index))
            }
            ConstOp::RefFunc(func) => format!("ref.func {}", self.func(func.0)),
            ConstOp::I32Add => "i32.add".to_string(),
            ConstOp::I32Sub => "i32.sub".to_string(),
            ConstOp::I32Mul => "i32.mul".to_string(),
            ConstOp::I64Add => "i64.add".to_string(),
            ConstOp::I64Sub => "i64.sub".to_string(),
            ConstOp::I64Mul => "i64.mul".to_string(),
            ConstOp::RefI31 => "ref.i31".to_string(),
            ConstOp::StructNew(index) => format!("struct.new {}", ty(index)),
            ConstOp::StructNewDefault(index) => format!("struct.new_default {}", ty(index)),
            ConstOp::ArrayNew(index) => format!("array.new {}", ty(index)),
            ConstOp::ArrayNewDefault(index) => format!("array.new_default {}", ty(index)),
            ConstOp::ArrayNewFixed(index, size) => {
                format!("array.new_fixed {} {size}", ty(index))
            }
            ConstOp::AnyConvertExtern => "any.convert_extern".to_string(),
            ConstOp::ExternConvertAny => "extern.convert_any".to_string(),
        });
        let mut text = String::new();
        for part in texts {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&part);
        }
        if expr.ops().len() > most {
            let _ = write!(text, " … ({} operators)", expr.ops().len());
        }
        text
    }
}

/// A name as an identifier, else the index.
fn named(name: Option<&str>, index: u32) -> String {
    name.map_or_else(|| index.to_string(), identifier)
}

fn join(parts: [String; 2]) -> String {
    let [left, right] = parts;
    match (left.is_empty(), right.is_empty()) {
        (_, true) => left,
        (true, _) => right,
        _ => format!("{left} {right}"),
    }
}

fn vector_text(bytes: &[u8; 16]) -> String {
    let lanes = bytes.chunks_exact(4).map(|lane| {
        lane.iter().rev().fold("0x".to_string(), |text, byte| format!("{text}{byte:02x}"))
    });
    lanes.fold("i32x4".to_string(), |text, lane| format!("{text} {lane}"))
}

fn f32_text(bits: u32) -> String {
    let value = f32::from_bits(bits);
    float_text(f64::from(value), format!("{value}"), u64::from(bits & 0x007f_ffff), bits >> 31 != 0)
}

fn f64_text(bits: u64) -> String {
    let value = f64::from_bits(bits);
    float_text(value, format!("{value}"), bits & 0x000f_ffff_ffff_ffff, bits >> 63 != 0)
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
