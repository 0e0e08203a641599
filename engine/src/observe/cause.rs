//! What a trap was about: the access and what it lay beyond, the element that was called.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use wasmparser::{
    BinaryReader, HeapType, MemArg, MemArgTarget, Operator, RefType as Cast, WasmFeatures,
};

use super::FrameView;
use crate::exec::{Beyond, Space};
use crate::ids::{FuncAddr, ObjectAddr, TypeId};
use crate::module::operator::{memarg_of, operator_name, peek};
use crate::store::{ObjectKind, Store, width_log2};
use crate::types::{FuncType, RefType};
use crate::value::{AnyRef, Value};

/// Something that a trap was about.
#[derive(Clone, PartialEq, Debug)]
pub enum Cause {
    /// An access that reaches beyond the end of something.
    Beyond(Beyond),
    /// An atomic access of an address that is not a multiple of its width.
    Unaligned {
        /// The address.
        address: u64,
        /// The width in bytes.
        width: u64,
    },
    /// The element of a table that was to be called is null.
    NullElement {
        /// The table, by index.
        table: u32,
        /// The element.
        index: u64,
    },
    /// The element of a table that was to be called is of another type.
    Signature {
        /// The table, by index.
        table: u32,
        /// The element.
        index: u64,
        /// The function that it is.
        func: FuncAddr,
        /// The type that the call needs; it counts the types of the frame's module.
        expected: FuncType,
    },
    /// A reference that was to be cast is of another type.
    Cast {
        /// What it is.
        found: Value,
        /// The type that the cast needs; it counts the types of the frame's module.
        expected: RefType,
    },
}

impl FrameView<'_> {
    /// What the trap that stopped the task at this frame's instruction was about; nothing where operands
    /// say it all.
    pub fn causes(&self, store: &Store) -> Vec<Cause> {
        self.find_causes(store).unwrap_or_default()
    }

    /// The name of the instruction at which the frame stands, as the text format writes it.
    pub fn instruction_name(&self) -> Option<Cow<'static, str>> {
        self.operator().map(|operator| operator_name(&operator))
    }

    fn operator(&self) -> Option<Operator<'_>> {
        let inner = self.module().inner();
        let offset = self.offset().0;
        let bytes = inner.bytes.get(offset as usize..)?;
        peek(&BinaryReader::new_features(bytes, offset.into(), WasmFeatures::all()))
    }

    fn find_causes(&self, store: &Store) -> Option<Vec<Cause>> {
        let operator = self.operator()?;
        let operands = self.operands();
        let looked = Looked { frame: self, store, operands: &operands };
        looked.causes(&operator)
    }
}

/// An instruction that trapped, with its operands.
struct Looked<'a> {
    frame: &'a FrameView<'a>,
    store: &'a Store,
    operands: &'a [Value],
}

impl Looked<'_> {
    /// An operand, counted from the top.
    fn operand(&self, depth: usize) -> Option<Value> {
        self.operands.get(self.operands.len().checked_sub(depth + 1)?).copied()
    }

    /// An operand that is an address, an index or a length.
    fn number(&self, depth: usize) -> Option<u64> {
        match self.operand(depth)? {
            Value::I32(value) => Some(u64::from(value as u32)),
            Value::I64(value) => Some(value as u64),
            _ => None,
        }
    }

    fn causes(&self, operator: &Operator<'_>) -> Option<Vec<Cause>> {
        use Operator as O;
        if let Some(memarg) = memarg_of(operator) {
            return self.access(operator, memarg);
        }
        let number = |depth| self.number(depth);
        let checked = match *operator {
            O::MemoryFill { mem } => Vec::from([self.memory(mem, number(2)?, number(0)?)]),
            O::MemoryCopy { dst_mem, src_mem } => Vec::from([
                self.memory(dst_mem, number(2)?, number(0)?),
                self.memory(src_mem, number(1)?, number(0)?),
            ]),
            O::MemoryInit { data_index, mem } => Vec::from([
                self.memory(mem, number(2)?, number(0)?),
                self.data(data_index, number(1)?, number(0)?),
            ]),
            O::TableGet { table } => Vec::from([self.table(table, number(0)?, 1)]),
            O::TableSet { table } => Vec::from([self.table(table, number(1)?, 1)]),
            O::TableFill { table } => Vec::from([self.table(table, number(2)?, number(0)?)]),
            O::TableCopy { dst_table, src_table } => Vec::from([
                self.table(dst_table, number(2)?, number(0)?),
                self.table(src_table, number(1)?, number(0)?),
            ]),
            O::TableInit { elem_index, table } => Vec::from([
                self.table(table, number(2)?, number(0)?),
                self.elements(elem_index, number(1)?, number(0)?),
            ]),
            O::CallIndirect { type_index, table_index }
            | O::ReturnCallIndirect { type_index, table_index } => {
                return self.call(type_index, table_index);
            }
            O::ArrayGet { .. } | O::ArrayGetS { .. } | O::ArrayGetU { .. } => {
                Vec::from([self.array(1, number(0)?, 1)])
            }
            O::ArraySet { .. } => Vec::from([self.array(2, number(1)?, 1)]),
            O::ArrayFill { .. } => Vec::from([self.array(3, number(2)?, number(0)?)]),
            O::ArrayCopy { .. } => Vec::from([
                self.array(4, number(3)?, number(0)?),
                self.array(2, number(1)?, number(0)?),
            ]),
            O::ArrayInitData { array_type_index, array_data_index } => Vec::from([
                self.array(3, number(2)?, number(0)?),
                self.data(array_data_index, number(1)?, self.bytes(array_type_index, number(0)?)?),
            ]),
            O::ArrayInitElem { array_elem_index, .. } => Vec::from([
                self.array(3, number(2)?, number(0)?),
                self.elements(array_elem_index, number(1)?, number(0)?),
            ]),
            O::ArrayNewData { array_type_index, array_data_index } => {
                let len = self.bytes(array_type_index, number(0)?)?;
                Vec::from([self.data(array_data_index, number(1)?, len)])
            }
            O::ArrayNewElem { array_elem_index, .. } => {
                Vec::from([self.elements(array_elem_index, number(1)?, number(0)?)])
            }
            O::RefCastNonNull { hty } => return self.cast(hty, false),
            O::RefCastNullable { hty } => return self.cast(hty, true),
            _ => Vec::new(),
        };
        Some(checked.into_iter().flatten().map(Cause::Beyond).collect())
    }

    /// A load, store or atomic access.
    fn access(&self, operator: &Operator<'_>, memarg: MemArg) -> Option<Vec<Cause>> {
        let name = operator_name(operator);
        // The address lies below what is stored or compared.
        let above = match &*name {
            name if name.contains("cmpxchg") || name.contains("wait") => 2,
            name if name.contains("rmw") || name.contains("notify") => 1,
            name if name.contains("store") || name.ends_with("_lane") => 1,
            _ => 0,
        };
        let address = self.number(above)?;
        let width = 1_u64 << memarg.max_align;
        let from = address.saturating_add(memarg.offset);
        let MemArgTarget::Memory(memory) = memarg.target else { return None };
        if let Some(beyond) = self.memory(memory, from, width) {
            let beyond = Beyond { base: (memarg.offset > 0).then_some(address), ..beyond };
            return Some(Vec::from([Cause::Beyond(beyond)]));
        }
        let atomic = name.contains("atomic") && from % width != 0;
        Some(atomic.then_some(Cause::Unaligned { address: from, width }).into_iter().collect())
    }

    fn instance(&self) -> Option<&crate::store::Instance> {
        self.store.instance(self.frame.instance())
    }

    fn memory(&self, index: u32, from: u64, len: u64) -> Option<Beyond> {
        let addr = *self.instance()?.memories().get(index as usize)?;
        let size = self.store.memory(addr)?.bytes().len() as u64;
        Beyond::check(Space::Memory, Some(index), from, len, size)
    }

    fn table(&self, index: u32, from: u64, len: u64) -> Option<Beyond> {
        let addr = *self.instance()?.tables().get(index as usize)?;
        Beyond::check(Space::Table, Some(index), from, len, self.store.table(addr)?.size())
    }

    fn data(&self, index: u32, from: u64, len: u64) -> Option<Beyond> {
        let addr = self.instance()?.data.get(index as usize)?;
        let dropped = self.store.state().data.get(addr.index())?.dropped;
        let range = &self.frame.module().data_segments().get(index as usize)?.range;
        let size = if dropped { 0 } else { u64::from(range.end - range.start) };
        Beyond::check(Space::DataSegment, Some(index), from, len, size)
    }

    fn elements(&self, index: u32, from: u64, len: u64) -> Option<Beyond> {
        let addr = self.instance()?.elements.get(index as usize)?;
        let size = self.store.state().elements.get(addr.index())?.len() as u64;
        Beyond::check(Space::ElementSegment, Some(index), from, len, size)
    }

    fn array(&self, depth: usize, from: u64, len: u64) -> Option<Beyond> {
        let Some(ObjectKind::Array(_, size)) = self.store.object_kind(self.object(depth)?) else {
            return None;
        };
        Beyond::check(Space::Array, None, from, len, size.into())
    }

    fn object(&self, depth: usize) -> Option<ObjectAddr> {
        match self.operand(depth)? {
            Value::AnyRef(Some(AnyRef::Object(object))) => Some(object),
            _ => None,
        }
    }

    /// How many bytes so many elements of an array take.
    fn bytes(&self, array_type: u32, len: u64) -> Option<u64> {
        let id = self.type_id(array_type)?;
        Some(len << width_log2(&self.store.types, id))
    }

    fn type_id(&self, index: u32) -> Option<TypeId> {
        let module = self.store.modules.get(self.instance()?.module().index())?;
        module.types.get(index as usize).copied()
    }

    fn call(&self, type_index: u32, table_index: u32) -> Option<Vec<Cause>> {
        let index = self.number(0)?;
        if let Some(beyond) = self.table(table_index, index, 1) {
            return Some(Vec::from([Cause::Beyond(beyond)]));
        }
        let addr = *self.instance()?.tables().get(table_index as usize)?;
        Some(Vec::from([match self.store.table(addr)?.get(index)? {
            Value::FuncRef(Some(func)) => {
                let expected = self.frame.module().inner().func_type_at(type_index)?.clone();
                Cause::Signature { table: table_index, index, func, expected }
            }
            _ => Cause::NullElement { table: table_index, index },
        }]))
    }

    fn cast(&self, heap: HeapType, nullable: bool) -> Option<Vec<Cause>> {
        let space = &self.frame.module().inner().space;
        let expected = RefType::from_wasm(Cast::new(nullable, heap)?, space)?;
        Some(Vec::from([Cause::Cast { found: self.operand(0)?, expected }]))
    }
}
