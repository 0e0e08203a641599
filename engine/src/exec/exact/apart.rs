//! Operators that the dispatch loop hands on: on structures, arrays, casts and atomics, and `throw`.
//!
//! They work on the window of a frame as all others do. As a function of their own they leave the
//! loop its registers.

use super::atomic::{AtomicOp, aligned, execute as atomic, load};
use super::bulk::{Bulk, Part, memory_part, table_part};
use super::decode::FuncCode;
use super::machine::Waiting;
use super::op::{INDEX64, Op, Packing};
use crate::config::Config;
use crate::exec::stop::TrapCode;
use crate::ids::{ObjectAddr, TypeId};
use crate::memory::LinearMemory;
use crate::store::heap::{Full, Heap, deref, slot_of, width_log2};
use crate::store::waiters::Waiters;
use crate::store::{DataInstance, FuncEntity, Instance, ModuleEntry};
use crate::types::{HeapType, Layout, RefType, TypeKind, Types, slots_of};
use crate::value::tag;

/// What these operators work on beside the window.
pub(super) struct Apart<'a, 'b> {
    pub(super) config: &'a Config,
    pub(super) module: &'a ModuleEntry,
    pub(super) code: &'a FuncCode,
    pub(super) instance: &'a Instance,
    pub(super) types: &'a Types,
    pub(super) memories: &'a mut [LinearMemory],
    pub(super) funcs: &'a [FuncEntity],
    pub(super) elements: &'a [alloc::sync::Arc<[u64]>],
    pub(super) data: &'a [DataInstance],
    pub(super) heap: &'a mut Heap,
    pub(super) tags: &'a [TypeId],
    pub(super) waiters: &'a mut Waiters,
    pub(super) bulk: &'a mut Bulk<'b>,
}

/// Why execution does not go on with the next instruction.
pub(super) enum Leave {
    Trap(TrapCode),
    /// An object of so many words needs a collection; nothing has changed.
    Collect(u64),
    /// The run may do no more bulk work; the operands are still there.
    Part,
    Wait(Waiting),
    Throw(ObjectAddr),
}

impl From<TrapCode> for Leave {
    fn from(code: TrapCode) -> Self {
        Leave::Trap(code)
    }
}

impl Apart<'_, '_> {
    /// Executes an operator on the operands below `sp`, and returns where the operands then end.
    #[inline(never)]
    pub(super) fn execute(self, op: Op, window: &mut [u64], mut sp: usize) -> Result<usize, Leave> {
        let Self {
            config,
            module,
            code,
            instance: inst,
            types,
            memories,
            funcs,
            elements,
            data,
            heap,
            tags,
            waiters,
            bulk,
        } = self;
        match op {
            Op::Throw { tag } => {
                let tag = inst.tags[tag as usize];
                let ty = types.func(tags[tag.index()]);
                let count = ty.map_or(0, |ty| slots_of(ty.params()));
                let values = &window[sp - count..sp];
                let made = heap.new_exception(tag, values, config.max_heap);
                let slot = allocated(made, 1 + count as u64)?;
                return Err(Leave::Throw(object(slot)));
            }
            Op::ThrowRef => {
                return Err(Leave::Throw(deref(window[sp - 1], TrapCode::NullException)?));
            }
            Op::Rethrow { local } => {
                let slot = window[local as usize];
                return Err(Leave::Throw(deref(slot, TrapCode::NullException)?));
            }
            Op::Atomic { op: AtomicOp::Notify, width_log2, memory, offset } => {
                let memory = inst.memories[(memory & !INDEX64) as usize];
                let size = memories[memory.index()].bytes().len() as u64;
                let at = aligned(window[sp - 2], offset, width_log2, size)?;
                sp -= 1;
                let most = window[sp] as u32;
                window[sp - 1] = waiters.notify(memory, at as u64, most).into();
            }
            Op::Atomic { op: AtomicOp::Wait, width_log2, memory, offset } => {
                let memory = inst.memories[(memory & !INDEX64) as usize];
                let target = &memories[memory.index()];
                let size = target.bytes().len() as u64;
                if !target.ty().shared {
                    return Err(TrapCode::ExpectedShared.into());
                }
                let at = aligned(window[sp - 3], offset, width_log2, size)?;
                let found = load(target.bytes(), at, width_log2);
                let timeout = window[sp - 1] as i64;
                let answer = if found != window[sp - 2] {
                    1
                } else if timeout == 0 {
                    2
                } else {
                    let address = at as u64;
                    return Err(Leave::Wait(Waiting { memory, address, timeout }));
                };
                sp -= 2;
                window[sp - 1] = answer;
            }
            Op::Atomic { op, width_log2, memory, offset } => {
                let memory = inst.memories[(memory & !INDEX64) as usize];
                let (pops, pushes) = op.effect();
                let first = sp - pops as usize;
                let bytes = memories[memory.index()].bytes_at(window[first], offset);
                atomic(op, width_log2, bytes, offset, &mut window[first..])?;
                sp = first + pushes as usize;
            }
            Op::RefTest { index, .. } => {
                let (ty, _) = code.casts[index as usize];
                let ty = ty.map(&|ty| module.types[ty as usize].0);
                window[sp - 1] = is_of(heap, funcs, types, window[sp - 1], ty).into();
            }
            Op::RefCast { index, .. } => {
                let (ty, _) = code.casts[index as usize];
                let ty = ty.map(&|ty| module.types[ty as usize].0);
                if !is_of(heap, funcs, types, window[sp - 1], ty) {
                    return Err(TrapCode::CastFailure.into());
                }
            }
            Op::I31GetS => {
                let slot = window[sp - 1];
                if slot == 0 {
                    return Err(TrapCode::NullI31.into());
                }
                window[sp - 1] = u64::from(((slot as i32) << 1 >> 1) as u32);
            }
            Op::I31GetU => {
                let slot = window[sp - 1];
                if slot == 0 {
                    return Err(TrapCode::NullI31.into());
                }
                window[sp - 1] = slot & tag::I31_BITS;
            }
            Op::StructNew { ty, slots } => {
                let ty = module.types[ty as usize];
                let words = 1 + u64::from(slots);
                let first = sp - slots as usize;
                let made = heap.new_struct(ty, &window[first..sp], config.max_heap);
                let slot = allocated(made, words)?;
                sp = first;
                window[sp] = slot;
                sp += 1;
            }
            Op::StructNewDefault { ty } => {
                let ty = module.types[ty as usize];
                let words = Heap::struct_words(types, ty);
                let made = heap.new_zeroed(ty, words, config.max_heap);
                window[sp] = allocated(made, words)?;
                sp += 1;
            }
            Op::StructGet { offset, packing } => {
                let object = deref(window[sp - 1], TrapCode::NullStruct)?;
                window[sp - 1] = packing.unpack(heap.field(object, offset));
                if packing == Packing::Vector {
                    window[sp] = heap.field(object, offset + 1);
                    sp += 1;
                }
            }
            Op::StructSet { offset, packing } => {
                let first = sp - packing.slots() as usize;
                let object = deref(window[first - 1], TrapCode::NullStruct)?;
                heap.set_field(object, offset, window[first]);
                if packing == Packing::Vector {
                    heap.set_field(object, offset + 1, window[first + 1]);
                }
                sp = first - 1;
            }
            Op::ArrayNew { ty, packing } => {
                let ty = module.types[ty as usize];
                let len = window[sp - 1] as u32;
                let first = sp - 1 - packing.slots() as usize;
                let width = packing.width_log2();
                let (made, part) = make(heap, bulk, &window[first..sp], len, width, |heap| {
                    let words = Heap::array_words(types, ty, len);
                    (heap.new_array(types, ty, len, config.max_heap), words)
                })?;
                let value = pair(&window[first..sp - 1]);
                heap.fill(made, width, elements_of(&part), value);
                last(&part)?;
                window[first] = slot_of(made);
                sp = first + 1;
            }
            Op::ArrayNewDefault { ty } => {
                let ty = module.types[ty as usize];
                let len = window[sp - 1] as u32;
                let words = Heap::array_words(types, ty, len);
                let made = bulk.whole(u64::from(len) << width_log2(types, ty), || {
                    heap.new_array(types, ty, len, config.max_heap)
                });
                window[sp - 1] = allocated(made.ok_or(Leave::Part)?, words)?;
            }
            Op::ArrayNewFixed { ty, len, packing } => {
                let ty = module.types[ty as usize];
                let words = Heap::array_words(types, ty, len);
                let made = bulk.whole(u64::from(len) << width_log2(types, ty), || {
                    heap.new_array(types, ty, len, config.max_heap)
                });
                let slot = allocated(made.ok_or(Leave::Part)?, words)?;
                let slots = packing.slots() as usize;
                sp -= len as usize * slots;
                for (index, value) in (0..len).zip(window[sp..].chunks_exact(slots).map(pair)) {
                    heap.fill(object(slot), packing.width_log2(), (index, 1), value);
                }
                window[sp] = slot;
                sp += 1;
            }
            Op::ArrayNewData { ty, data: segment } => {
                let ty = module.types[ty as usize];
                let dropped = data[inst.data[segment as usize].index()].dropped;
                let bytes = module.data(segment, dropped);
                let (source, len) = (window[sp - 2], window[sp - 1]);
                let width = width_log2(types, ty);
                let bytes = memory_part(bytes, source, len << width)?;
                let len = len as u32;
                let (made, part) = make(heap, bulk, &window[sp - 2..sp], len, width, |heap| {
                    let words = Heap::array_words(types, ty, len);
                    (heap.new_array(types, ty, len, config.max_heap), words)
                })?;
                set_bytes(heap, made, width, 0, bytes, &part);
                last(&part)?;
                sp -= 1;
                window[sp - 1] = slot_of(made);
            }
            Op::ArrayNewElem { ty, element } => {
                let ty = module.types[ty as usize];
                let segment = &elements[inst.elements[element as usize].index()];
                let (source, len) = (window[sp - 2], window[sp - 1]);
                let entries = table_part(segment, source, len)?;
                let (len, width) = (len as u32, width_log2(types, ty));
                let (made, part) = make(heap, bulk, &window[sp - 2..sp], len, width, |heap| {
                    let words = Heap::array_words(types, ty, len);
                    (heap.new_array(types, ty, len, config.max_heap), words)
                })?;
                set_entries(heap, made, 0, entries, &part);
                last(&part)?;
                sp -= 1;
                window[sp - 1] = slot_of(made);
            }
            Op::ArrayGet { packing } => {
                let array = deref(window[sp - 2], TrapCode::NullArray)?;
                let index = window[sp - 1] as u32;
                if index >= heap.len_of(array) {
                    return Err(TrapCode::ArrayOutOfBounds.into());
                }
                let [lower, upper] = heap.get_element(array, packing.width_log2(), index);
                window[sp - 2] = packing.unpack(lower);
                window[sp - 1] = upper;
                sp -= 2 - packing.slots() as usize;
            }
            Op::ArraySet { packing } => {
                let first = sp - packing.slots() as usize;
                let array = deref(window[first - 2], TrapCode::NullArray)?;
                let index = window[first - 1] as u32;
                if index >= heap.len_of(array) {
                    return Err(TrapCode::ArrayOutOfBounds.into());
                }
                let value = pair(&window[first..sp]);
                heap.fill(array, packing.width_log2(), (index, 1), value);
                sp = first - 2;
            }
            Op::ArrayLen => {
                let array = deref(window[sp - 1], TrapCode::NullArray)?;
                window[sp - 1] = heap.len_of(array).into();
            }
            Op::ArrayFill { packing } => {
                let first = sp - 1 - packing.slots() as usize;
                let array = deref(window[first - 2], TrapCode::NullArray)?;
                let (at, len) = (window[first - 1] as u32, window[sp - 1] as u32);
                array_part(heap, array, at, len)?;
                let width = packing.width_log2();
                let part = bulk.part(&window[first - 2..sp], len.into(), width, None);
                let value = pair(&window[first..sp - 1]);
                let (from, count) = elements_of(&part);
                heap.fill(array, width, (at + from, count), value);
                last(&part)?;
                sp = first - 2;
            }
            Op::ArrayCopy { packing } => {
                let to = deref(window[sp - 5], TrapCode::NullArray)?;
                let from = deref(window[sp - 3], TrapCode::NullArray)?;
                let [at, source, len] = [sp - 4, sp - 2, sp - 1].map(|place| window[place] as u32);
                array_part(heap, to, at, len)?;
                array_part(heap, from, source, len)?;
                let width = packing.width_log2();
                let part = bulk.part(&window[sp - 5..sp], len.into(), width, None);
                let copied = part.copying(to == from && at > source);
                let (first, count) = (copied.start as u32, (copied.end - copied.start) as u32);
                heap.copy(width, (to, at + first), (from, source + first), count);
                last(&part)?;
                sp -= 5;
            }
            Op::ArrayInitData { packing, data: segment } => {
                let array = deref(window[sp - 4], TrapCode::NullArray)?;
                let (at, len) = (window[sp - 3] as u32, window[sp - 1] as u32);
                array_part(heap, array, at, len)?;
                let dropped = data[inst.data[segment as usize].index()].dropped;
                let bytes = module.data(segment, dropped);
                let width = packing.width_log2();
                let bytes = memory_part(bytes, window[sp - 2], u64::from(len) << width)?;
                let part = bulk.part(&window[sp - 4..sp], len.into(), width, None);
                set_bytes(heap, array, width, at, bytes, &part);
                last(&part)?;
                sp -= 4;
            }
            Op::ArrayInitElem { element } => {
                let array = deref(window[sp - 4], TrapCode::NullArray)?;
                let (at, len) = (window[sp - 3] as u32, window[sp - 1] as u32);
                array_part(heap, array, at, len)?;
                let segment = &elements[inst.elements[element as usize].index()];
                let entries = table_part(segment, window[sp - 2], len.into())?;
                let part = bulk.part(&window[sp - 4..sp], len.into(), 3, None);
                set_entries(heap, array, at, entries, &part);
                last(&part)?;
                sp -= 4;
            }
            // The loop executes all others itself.
            _ => return Err(TrapCode::Unreachable.into()),
        }
        Ok(sp)
    }
}

/// What an allocation gives, or that it needs a collection.
fn allocated(made: Result<ObjectAddr, Full>, words: u64) -> Result<u64, Leave> {
    made.map(slot_of).map_err(|Full| Leave::Collect(words))
}

/// The array that a bulk operator makes, allocated when it begins, and the part of its elements that is
/// to be set now.
fn make(
    heap: &mut Heap,
    bulk: &mut Bulk<'_>,
    operands: &[u64],
    len: u32,
    width_log2: u32,
    allocate: impl FnOnce(&mut Heap) -> (Result<ObjectAddr, Full>, u64),
) -> Result<(ObjectAddr, Part), Leave> {
    let made = match bulk.made(operands) {
        Some(made) => made,
        None => {
            let (made, words) = allocate(heap);
            made.map_err(|Full| Leave::Collect(words))?
        }
    };
    Ok((made, bulk.part(operands, len.into(), width_log2, Some(made))))
}

/// Elements of an array: the first one and how many.
fn elements_of(part: &Part) -> (u32, u32) {
    let range = part.forwards();
    (range.start as u32, (range.end - range.start) as u32)
}

/// Sets a part of an array's elements, of which the first is at `index`.
fn set_bytes(heap: &mut Heap, array: ObjectAddr, width: u32, at: u32, bytes: &[u8], part: &Part) {
    let range = part.forwards();
    let bytes = bytes.get((range.start << width) as usize..(range.end << width) as usize);
    heap.set_bytes(array, width, at + range.start as u32, bytes.unwrap_or_default());
}

/// The same from a segment's elements.
fn set_entries(heap: &mut Heap, array: ObjectAddr, at: u32, entries: &[u64], part: &Part) {
    let range = part.forwards();
    let entries = entries.get(range.start as usize..range.end as usize).unwrap_or_default();
    for (index, entry) in (at + range.start as u32..).zip(entries) {
        heap.set_field(array, index, *entry);
    }
}

/// Goes on only behind the last part.
fn last(part: &Part) -> Result<(), Leave> {
    if part.is_last() { Ok(()) } else { Err(Leave::Part) }
}

/// The object that a slot refers to, which is one.
#[inline(always)]
fn object(slot: u64) -> ObjectAddr {
    ObjectAddr(slot as u32)
}

/// A value of one slot or two.
#[inline(always)]
fn pair(slots: &[u64]) -> [u64; 2] {
    [slots.first().copied().unwrap_or(0), slots.get(1).copied().unwrap_or(0)]
}

/// Checks a range of an array.
fn array_part(heap: &Heap, array: ObjectAddr, at: u32, len: u32) -> Result<(), TrapCode> {
    match at.checked_add(len) {
        Some(end) if end <= heap.len_of(array) => Ok(()),
        _ => Err(TrapCode::ArrayOutOfBounds),
    }
}

/// Whether a reference is of a type of the store.
#[inline(never)]
pub(super) fn is_of(
    heap: &Heap,
    funcs: &[FuncEntity],
    types: &Types,
    slot: u64,
    of: RefType,
) -> bool {
    if slot == 0 {
        return of.nullable;
    }
    let ty = match of.heap.top() {
        HeapType::Func => match funcs.get((slot - 1) as usize) {
            Some(func) => HeapType::Concrete(TypeKind::Func, func.ty().0),
            None => return false,
        },
        HeapType::Extern => HeapType::Extern,
        HeapType::Exn => HeapType::Exn,
        _ if slot & tag::OBJECT != 0 => {
            let ty = heap.type_of(object(slot));
            // A host value that has been taken in.
            if types.is_string(ty) {
                return of.heap == HeapType::Any;
            }
            let kind = match types.layout(ty) {
                Layout::Array { .. } => TypeKind::Array,
                _ => TypeKind::Struct,
            };
            HeapType::Concrete(kind, ty.0)
        }
        _ if slot & tag::I31 != 0 => HeapType::I31,
        _ => HeapType::Any,
    };
    types.heap_matches(ty, of.heap)
}
