//! References, structures and arrays. What these operations cannot do (null, beyond the end, no room
//! before a collection, a cast that fails) they leave to the exact tier, as if it trapped.

use super::super::machine::{Context, Flow, Registers};
use super::Half::Upper;
use super::Part::{Name, Price, Slot, Text, Type, Unsigned};
use super::calls::{call_entity, exact_call};
use super::vector::{set_vector, vector};
use super::{Operation, Part, affords, forward, get, high, lo, mid, set, third, word};
use crate::exec::exact::{Packing, SMALL};
use crate::ids::{FuncAddr, ObjectAddr, TypeId};
use crate::store::heap::{Heap, slot_of, width_log2};
use crate::types::{HeapType, Layout};
use crate::value::{join, split, tag};

/// The store's heap.
#[inline(always)]
unsafe fn heap<'a>(r: &Registers) -> &'a mut Heap {
    // SAFETY: what the module demands. One operation at a time looks at the heap.
    unsafe { &mut *(*r.context).heap }
}

/// The object that a slot refers to; `None` for null.
#[inline(always)]
unsafe fn object(r: &Registers, slot: u16) -> Option<ObjectAddr> {
    // SAFETY: what the module demands.
    match unsafe { get(r, slot) } {
        0 => None,
        reference => Some(ObjectAddr(reference as u32)),
    }
}

/// A type of the instance as the store numbers it.
#[inline(always)]
unsafe fn type_id(r: &Registers, index: u32) -> TypeId {
    // SAFETY: what the module demands.
    unsafe { *(*r.context).types.add(index as usize) }
}

/// Whether a reference is of a defined type; null is of those that are nullable.
#[inline(always)]
unsafe fn is_of(r: &Registers, slot: u64, flags: u16, index: u32) -> bool {
    // SAFETY: what the module demands.
    unsafe {
        if slot == 0 {
            return flags & NULLABLE != 0;
        }
        let context: &Context = &*r.context;
        let ty = if flags & FUNCTION != 0 {
            match context.func(FuncAddr((slot - 1) as u32)) {
                Some(entity) => entity.ty(),
                None => return false,
            }
        } else if slot & tag::OBJECT != 0 {
            heap(r).type_of(ObjectAddr(slot as u32))
        } else {
            return false;
        };
        (*context.defined).is_subtype(ty, type_id(r, index))
    }
}

/// What references that no type is defined for can refer to, as a number.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Abstract {
    /// Everything in its hierarchy.
    All,
    /// Nothing: only null.
    Nothing,
    I31,
    Eq,
    Struct,
    Array,
}

/// The number of an abstract type; `None` for those that are defined.
pub(in crate::exec::fast) fn abstract_number(ty: HeapType) -> Option<u32> {
    let number = match ty {
        HeapType::Func | HeapType::Extern | HeapType::Any | HeapType::Exn => Abstract::All,
        HeapType::NoFunc | HeapType::NoExtern | HeapType::None | HeapType::NoExn => {
            Abstract::Nothing
        }
        HeapType::I31 => Abstract::I31,
        HeapType::Eq => Abstract::Eq,
        HeapType::Struct => Abstract::Struct,
        HeapType::Array => Abstract::Array,
        HeapType::Concrete(..) => return None,
    };
    Some(number as u32)
}

/// Whether a reference is of an abstract type, by its [number](abstract_number).
#[inline(always)]
unsafe fn is_of_abstract(r: &Registers, slot: u64, flags: u16, number: u32) -> bool {
    if slot == 0 {
        return flags & NULLABLE != 0;
    }
    if number <= Abstract::Nothing as u32 {
        return number == Abstract::All as u32;
    }
    if slot & tag::OBJECT == 0 {
        return slot & tag::I31 != 0 && number <= Abstract::Eq as u32;
    }
    // SAFETY: what the module demands.
    unsafe {
        let types = &*(*r.context).defined;
        let ty = heap(r).type_of(ObjectAddr(slot as u32));
        let wanted = match types.layout(ty) {
            Layout::Array { .. } => Abstract::Array,
            _ => Abstract::Struct,
        };
        // A host value that has been taken in is none of these.
        (number == Abstract::Eq as u32 || number == wanted as u32) && !types.is_string(ty)
    }
}

/// Executes an operation of [`ArrayGet`]'s layout.
#[inline(always)]
unsafe fn get_element(r: &mut Registers, packing: Packing) -> Flow {
    // SAFETY: what the module demands.
    unsafe {
        let w = word(r, 1);
        let Some(array) = object(r, mid(w)) else { return Flow::Trap };
        let (heap, index) = (heap(r), get(r, third(w)) as u32);
        if index >= heap.len_of(array) {
            return Flow::Trap;
        }
        let value = packing.unpack(heap.element(array, packing.width_log2(), index));
        set(r, lo(w), value);
        forward(r, 2)
    }
}

/// In the flags of a cast.
pub(in crate::exec::fast) const NULLABLE: u16 = 1;
pub(in crate::exec::fast) const FUNCTION: u16 = 2;

operations! {
    /// A field that is kept as it is: `dst object - offset`
    StructGet = 37, "struct.get",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Text(" field="), Unsigned(1)],
    |r| {
        let w = word(r, 1);
        let Some(object) = object(r, mid(w)) else { return Flow::Trap };
        let value = heap(r).field(object, high(w));
        set(r, lo(w), value);
        forward(r, 2)
    }

    /// The same where it is packed; how is the next word.
    StructGetPacked = 38, "struct.get",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Text(" field="), Unsigned(1)],
    |r| {
        let (w, packing) = (word(r, 1), word(r, 2));
        let Some(object) = object(r, mid(w)) else { return Flow::Trap };
        let value = Packing::of_number(packing).unpack(heap(r).field(object, high(w)));
        set(r, lo(w), value);
        forward(r, 3)
    }

    /// `object value - offset`
    StructSet = 39, "struct.set",
    &[Name, Slot(1, 0), Text(" field="), Unsigned(1), Text(" ="), Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        let Some(object) = object(r, lo(w)) else { return Flow::Trap };
        let value = get(r, mid(w));
        heap(r).set_field(object, high(w), value);
        forward(r, 2)
    }

    /// Of the fields in their homes: `first fields type`; the structure goes to the first.
    StructNew = 40, "struct.new",
    &[Slot(1, 0), Text(" = "), Name, Type(1), Slot(1, 0)],
    |r| {
        let w = word(r, 1);
        let first = r.fp.add(usize::from(lo(w)));
        let fields = core::slice::from_raw_parts(first, usize::from(mid(w)));
        let ty = type_id(r, high(w));
        match heap(r).new_struct(ty, fields, (*r.context).max_heap) {
            Ok(object) => {
                *first = slot_of(object);
                forward(r, 2)
            }
            Err(_) => Flow::Trap,
        }
    }

    /// `dst array index how`
    ArrayGet = 41, "array.get",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Slot(1, 2)],
    |r| {
        get_element(r, Packing::of_number(word(r, 1) >> 48))
    }

    /// The same of elements of 32 and of 64 bits: `dst array index`
    ArrayGetHalf = 42, "array.get",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Slot(1, 2)],
    |r| {
        get_element(r, Packing::Half)
    }

    /// `dst array index`
    ArrayGetWord = 43, "array.get",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Slot(1, 2)],
    |r| {
        get_element(r, Packing::Word)
    }

    /// `array index value how`
    ArraySet = 44, "array.set",
    &[Name, Slot(1, 0), Slot(1, 1), Text(" ="), Slot(1, 2)],
    |r| {
        let w = word(r, 1);
        let Some(array) = object(r, lo(w)) else { return Flow::Trap };
        let (heap, index) = (heap(r), get(r, mid(w)) as u32);
        if index >= heap.len_of(array) {
            return Flow::Trap;
        }
        let width = Packing::of_number(w >> 48).width_log2();
        heap.set_element(array, width, index, get(r, third(w)));
        forward(r, 2)
    }

    /// `dst array`
    ArrayLen = 45, "array.len",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        let Some(array) = object(r, mid(w)) else { return Flow::Trap };
        let len = heap(r).len_of(array);
        set(r, lo(w), len.into());
        forward(r, 2)
    }

    /// Goes on only with a reference that is not null: `src`
    NotNull = 46, "ref.as_non_null",
    &[Name, Slot(1, 0)],
    |r| {
        if get(r, lo(word(r, 1))) == 0 {
            return Flow::Trap;
        }
        forward(r, 2)
    }

    /// `dst src`
    RefI31 = 47, "ref.i31",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        let value = tag::I31 | get(r, mid(w)) & tag::I31_BITS;
        set(r, lo(w), value);
        forward(r, 2)
    }

    /// `dst src signed`
    I31Get = 48, "i31.get",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        let value = match (get(r, mid(w)), third(w)) {
            (0, _) => return Flow::Trap,
            (slot, 0) => slot & tag::I31_BITS,
            (slot, _) => u64::from(((slot as i32) << 1 >> 1) as u32),
        };
        set(r, lo(w), value);
        forward(r, 2)
    }

    /// `dst src flags type`
    RefTest = 49, "ref.test",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Text(" type="), Unsigned(2)],
    |r| {
        let (w, ty) = (word(r, 1), word(r, 2));
        let is = is_of(r, get(r, mid(w)), third(w), high(ty));
        set(r, lo(w), is.into());
        forward(r, 3)
    }

    /// Goes on only with a reference of the type: `src flags - type`
    RefCast = 50, "ref.cast",
    &[Name, Slot(1, 0), Type(1)],
    |r| {
        let w = word(r, 1);
        if !is_of(r, get(r, lo(w)), mid(w), high(w)) {
            return Flow::Trap;
        }
        forward(r, 2)
    }

    /// As [`CallIndirect`](super::CallIndirect), of what a slot refers to: `args src`, `pc price`, `height`
    CallRef = 51, "call_ref",
    &[Name, Slot(1, 1), Text(" at"), Slot(1, 0), Text(" back"), Price(2, Upper)],
    |r| {
        let w = word(r, 1);
        let addr = get(r, mid(w)).checked_sub(1);
        match addr.and_then(|addr| (*r.context).func(FuncAddr(addr as u32))) {
            Some(entity) => call_entity(r, entity, usize::from(lo(w)), 4),
            None => exact_call(r),
        }
    }
    /// As [`RefTest`], for an abstract type
    RefTestAbstract = 65, "ref.test",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Text(" kind="), Unsigned(2)],
    |r| {
        let (w, number) = (word(r, 1), word(r, 2));
        let is = is_of_abstract(r, get(r, mid(w)), third(w), high(number));
        set(r, lo(w), is.into());
        forward(r, 3)
    }

    /// As [`RefCast`], for an abstract type
    RefCastAbstract = 66, "ref.cast",
    &[Name, Slot(1, 0), Text(" kind="), Unsigned(1)],
    |r| {
        let w = word(r, 1);
        if !is_of_abstract(r, get(r, lo(w)), mid(w), high(w)) {
            return Flow::Trap;
        }
        forward(r, 2)
    }

    /// `dst - type`
    StructNewDefault = 64, "struct.new_default",
    &[Slot(1, 0), Text(" = "), Name, Type(1)],
    |r| {
        let w = word(r, 1);
        let ty = type_id(r, high(w));
        let words = Heap::struct_words(&*(*r.context).defined, ty);
        match heap(r).new_zeroed(ty, words, (*r.context).max_heap) {
            Ok(object) => set(r, lo(w), slot_of(object)),
            Err(_) => return Flow::Trap,
        }
        forward(r, 2)
    }

    /// `dst length type`
    ArrayNewDefault = 61, "array.new_default",
    &[Slot(1, 0), Text(" = "), Name, Type(1), Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        let len = get(r, mid(w)) as u32;
        let made = new_array(r, high(w), len);
        let Some(array) = made else { return Flow::Trap };
        set(r, lo(w), slot_of(array));
        forward(r, 2)
    }

    /// Of operands in their homes, a value and a length behind it: `first how type`; the array goes to the
    /// first.
    ArrayNew = 62, "array.new",
    &[Slot(1, 0), Text(" = "), Name, Type(1), Slot(1, 0)],
    |r| {
        let w = word(r, 1);
        let packing = Packing::of_number(mid(w).into());
        let first = r.fp.add(usize::from(lo(w)));
        let len = *first.add(packing.slots() as usize) as u32;
        let Some(array) = new_array(r, high(w), len) else { return Flow::Trap };
        heap(r).fill(array, packing.width_log2(), (0, len), [*first, *first.add(1)]);
        *first = slot_of(array);
        forward(r, 2)
    }

    /// Of elements in their homes: `first how type`, their number; the array goes to the first, or is
    /// there without any.
    ArrayNewFixed = 63, "array.new_fixed",
    &[Slot(1, 0), Text(" = "), Name, Type(1), Slot(1, 0), Text(" length="), Unsigned(2)],
    |r| {
        let (w, len) = (word(r, 1), high(word(r, 2)));
        let packing = Packing::of_number(mid(w).into());
        let first = r.fp.add(usize::from(lo(w)));
        let Some(array) = new_array(r, high(w), len) else { return Flow::Trap };
        let slots = packing.slots() as usize;
        for index in 0..len {
            let value = first.add(index as usize * slots);
            let value = [*value, if slots > 1 { *value.add(1) } else { 0 }];
            heap(r).fill(array, packing.width_log2(), (index, 1), value);
        }
        *first = slot_of(array);
        forward(r, 3)
    }

    /// A vector in two words: `dst object - offset`
    StructGetVector = 72, "struct.get",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Text(" field="), Unsigned(1)],
    |r| {
        let w = word(r, 1);
        let Some(object) = object(r, mid(w)) else { return Flow::Trap };
        let parts = [heap(r).field(object, high(w)), heap(r).field(object, high(w) + 1)];
        set_vector(r, lo(w), join(parts));
        forward(r, 2)
    }

    /// `object value - offset`
    StructSetVector = 73, "struct.set",
    &[Name, Slot(1, 0), Text(" field="), Unsigned(1), Text(" ="), Slot(1, 1)],
    |r| {
        let w = word(r, 1);
        let Some(object) = object(r, lo(w)) else { return Flow::Trap };
        let [lower, upper] = split(vector(r, mid(w)));
        heap(r).set_field(object, high(w), lower);
        heap(r).set_field(object, high(w) + 1, upper);
        forward(r, 2)
    }

    /// `dst array index`
    ArrayGetVector = 74, "array.get",
    &[Slot(1, 0), Text(" = "), Name, Slot(1, 1), Slot(1, 2)],
    |r| {
        let w = word(r, 1);
        let Some(array) = object(r, mid(w)) else { return Flow::Trap };
        let (heap, index) = (heap(r), get(r, third(w)) as u32);
        if index >= heap.len_of(array) {
            return Flow::Trap;
        }
        let parts = heap.get_element(array, Packing::Vector.width_log2(), index);
        set_vector(r, lo(w), join(parts));
        forward(r, 2)
    }

    /// `array index value`
    ArraySetVector = 75, "array.set",
    &[Name, Slot(1, 0), Slot(1, 1), Text(" ="), Slot(1, 2)],
    |r| {
        let w = word(r, 1);
        let Some(array) = object(r, lo(w)) else { return Flow::Trap };
        let (heap, index) = (heap(r), get(r, mid(w)) as u32);
        if index >= heap.len_of(array) {
            return Flow::Trap;
        }
        let value = split(vector(r, third(w)));
        heap.fill(array, Packing::Vector.width_log2(), (index, 1), value);
        forward(r, 2)
    }
}

/// An array of zeroes or nulls; `None` before a collection.
#[inline(always)]
unsafe fn new_array(r: &Registers, ty: u32, len: u32) -> Option<ObjectAddr> {
    // SAFETY: what the module demands.
    unsafe {
        let context: &Context = &*r.context;
        let (types, ty) = (&*context.defined, type_id(r, ty));
        if len <= SMALL as u32 / 16 {
            return heap(r).new_array(types, ty, len, context.max_heap).ok();
        }
        let bytes = u64::from(len) << width_log2(types, ty);
        if bytes > SMALL && bytes > context.bulk {
            return None;
        }
        let made = heap(r).new_array(types, ty, len, context.max_heap).ok()?;
        affords(r, bytes);
        Some(made)
    }
}
