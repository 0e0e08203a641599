//! Parts of what a program reads and writes: what two of them have in common, and what lies in one.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::observer::View;
use super::watch::{Contents, Touched, Watched, WatchpointHit};
use crate::store::Store;
use crate::store::heap::{ObjectKind, width_log2};
use crate::types::{CompositeType, FieldType, ValType};
use crate::value::join;

/// The words that fields of a structure take.
pub(super) fn words_of(fields: &[FieldType], first: u32, len: u32) -> Range<u32> {
    let words = |fields: &[FieldType]| -> u32 {
        fields.iter().map(|field| field.storage.unpacked().slots() as u32).sum()
    };
    let from = fields.len().min(first as usize);
    let to = fields.len().min(from + len as usize);
    words(fields.get(..from).unwrap_or_default())..words(fields.get(..to).unwrap_or_default())
}

/// Contents without types: bytes, or the bits of values.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Raw {
    Bytes(Vec<u8>),
    Slots(Vec<u128>),
}

/// What there is of a part; `slots` are those of a local.
pub(super) fn read(part: Watched, slots: &Range<u32>, view: &View<'_>) -> Raw {
    let within = |first: u64, len: u64, size: usize| {
        let end = first.saturating_add(len).min(size as u64);
        first.min(end) as usize..end as usize
    };
    let pair = |slots: &[u64]| {
        let [lower, upper] = [0, 1].map(|half| slots.get(half).copied().unwrap_or(0));
        join([lower, upper])
    };
    Raw::Slots(match part {
        Watched::Memory { memory, address, len } => {
            let bytes = view.memories.get(memory.index()).map_or(&[][..], |memory| memory.bytes());
            let range = within(address, len, bytes.len());
            return Raw::Bytes(bytes.get(range).unwrap_or_default().to_vec());
        }
        Watched::Global(global) => {
            let global = view.globals.get(global.index());
            global.map(|global| join([global.slot, global.upper])).into_iter().collect()
        }
        Watched::Local { .. } => {
            let slots = view.window.get(slots.start as usize..slots.end as usize);
            vec![pair(slots.unwrap_or_default())]
        }
        Watched::Object { object, first, len } => match view.heap.kind(view.types, object) {
            Some(ObjectKind::Struct(ty)) => {
                let fields = view.types.structure(ty).map_or(&[][..], |ty| ty.fields());
                let mut words = view.heap.fields(object);
                let mut values = Vec::new();
                for field in fields {
                    let count = field.storage.unpacked().slots();
                    let Some((own, rest)) = words.split_at_checked(count) else { break };
                    values.push(pair(own) & field.storage.mask());
                    words = rest;
                }
                let range = within(first.into(), len.into(), values.len());
                values.get(range).unwrap_or_default().to_vec()
            }
            Some(ObjectKind::Array(ty, size)) => {
                let width = width_log2(view.types, ty);
                let indices = within(first.into(), len.into(), size as usize);
                let element = |index: usize| view.heap.get_element(object, width, index as u32);
                indices.map(|index| join(element(index))).collect()
            }
            Some(ObjectKind::Exception(_) | ObjectKind::String(_)) | None => Vec::new(),
        },
        Watched::Table { table, first, len } => {
            let elements = view.tables.get(table.index()).map_or(&[][..], |table| &table.elements);
            let range = within(first, len, elements.len());
            let elements = elements.get(range).unwrap_or_default();
            elements.iter().map(|element| u128::from(*element)).collect()
        }
    })
}

/// Types of the values in a part.
pub(super) fn types_of(part: Watched, store: &Store) -> Vec<ValType> {
    match part {
        Watched::Memory { .. } => Vec::new(),
        Watched::Global(global) => {
            let global = store.state.globals.get(global.index());
            global.map(|global| global.ty.content).into_iter().collect()
        }
        Watched::Local { instance, func, local, .. } => {
            let module = store.module_of(instance);
            let types = module.map(|module| super::local_types(module.inner(), func));
            let ty = types.and_then(|types| types.get(local as usize).copied());
            ty.into_iter().collect()
        }
        Watched::Object { object, first, len } => match store.object_kind(object) {
            Some(ObjectKind::Struct(ty)) => {
                let fields = store.types.structure(ty).map_or(&[][..], |ty| ty.fields());
                let fields = fields.iter().skip(first as usize).take(len as usize);
                fields.map(|field| field.storage.unpacked()).collect()
            }
            Some(ObjectKind::Array(ty, _)) => {
                let ty = store.types.get(ty).map(|ty| &ty.composite);
                let Some(CompositeType::Array(ty)) = ty else { return Vec::new() };
                vec![ty.element.storage.unpacked(); len as usize]
            }
            Some(ObjectKind::Exception(_) | ObjectKind::String(_)) | None => Vec::new(),
        },
        Watched::Table { table, len, .. } => {
            let ty = store.table(table).map(|table| ValType::from(table.ty().element));
            ty.map_or(Vec::new(), |ty| vec![ty; len as usize])
        }
    }
}

pub(super) fn as_touched(accessed: Watched) -> Touched {
    match accessed {
        Watched::Memory { memory, address, len } => Touched::Memory { memory, address, len },
        Watched::Global(global) => Touched::Global(global),
        Watched::Local { local, .. } => Touched::Local(local),
        Watched::Object { object, first, len } => Touched::Elements { object, first, len },
        Watched::Table { table, first, len } => Touched::Table { table, first, len },
    }
}

/// What of something watched is touched. A local has been compared before.
pub(super) fn common(watched: Watched, touched: Touched) -> Option<Watched> {
    let overlap = |a: u64, a_len: u64, b: u64, b_len: u64| {
        let from = a.max(b);
        let to = a.saturating_add(a_len).min(b.saturating_add(b_len));
        (from < to).then(|| (from, to - from))
    };
    match (watched, touched) {
        (
            Watched::Memory { memory, address, len },
            Touched::Memory { memory: other, address: from, len: count },
        ) if memory == other => {
            let (address, len) = overlap(address, len, from, count)?;
            Some(Watched::Memory { memory, address, len })
        }
        (Watched::Global(global), Touched::Global(other)) if global == other => Some(watched),
        (Watched::Local { .. }, Touched::Local(_)) => Some(watched),
        (
            Watched::Object { object, first, len },
            Touched::Elements { object: other, first: from, len: count },
        ) if object == other => {
            let (first, len) = overlap(first.into(), len.into(), from.into(), count.into())?;
            Some(Watched::Object { object, first: first as u32, len: len as u32 })
        }
        (
            Watched::Table { table, first, len },
            Touched::Table { table: other, first: from, len: count },
        ) if table == other => {
            let (first, len) = overlap(first, len, from, count)?;
            Some(Watched::Table { table, first, len })
        }
        _ => None,
    }
}

pub(super) fn size(watched: Watched) -> u64 {
    match watched {
        Watched::Memory { len, .. } | Watched::Table { len, .. } => len,
        Watched::Object { len, .. } => len.into(),
        Watched::Global(_) | Watched::Local { .. } => 1,
    }
}

/// The first bytes or elements of a part.
pub(super) fn shortened(part: Watched) -> Watched {
    let most = WatchpointHit::SHOWN as u64;
    match part {
        Watched::Memory { memory, address, len } => {
            Watched::Memory { memory, address, len: len.min(most) }
        }
        Watched::Object { object, first, len } => {
            Watched::Object { object, first, len: len.min(most as u32) }
        }
        Watched::Table { table, first, len } => Watched::Table { table, first, len: len.min(most) },
        Watched::Global(_) | Watched::Local { .. } => part,
    }
}

/// What a part holds between two instructions, as far as it is [compared](WatchpointHit::COMPARED); nothing where there
/// is no such thing, of locals, and of objects, whose handles may have been other objects'.
pub(crate) fn held(part: Watched, store: &Store) -> Option<Contents> {
    let most = WatchpointHit::COMPARED as u64;
    Some(match part {
        Watched::Memory { memory, address, len } => {
            let bytes = store.memory(memory)?.bytes();
            let end = address.saturating_add(len.min(most)).min(bytes.len() as u64);
            let range = address.min(end) as usize..end as usize;
            Contents::Bytes(bytes.get(range).unwrap_or_default().to_vec())
        }
        Watched::Global(global) => Contents::Values(vec![store.global(global)?.1]),
        Watched::Local { .. } | Watched::Object { .. } => return None,
        Watched::Table { table, first, len } => {
            let table = store.table(table)?;
            let end = first.saturating_add(len.min(most));
            Contents::Values((first..end).map_while(|index| table.get(index)).collect())
        }
    })
}

/// Where in a part two contents of it begin to differ, or where it begins if there was no other: as much of it as is
/// [shown](WatchpointHit::SHOWN), and what of both lies there.
pub(crate) fn first_difference(
    part: Watched,
    old: Option<&Contents>,
    new: &Contents,
) -> (Watched, Option<Contents>, Contents) {
    fn equal<T: PartialEq>(old: &[T], new: &[T]) -> usize {
        old.iter().zip(new).take_while(|(old, new)| old == new).count()
    }
    fn shown<T: Clone>(list: &[T], from: usize) -> Vec<T> {
        list.iter().skip(from).take(WatchpointHit::SHOWN).cloned().collect()
    }
    let from = match (old, new) {
        _ if size(part) <= WatchpointHit::SHOWN as u64 => 0,
        (Some(Contents::Bytes(old)), Contents::Bytes(new)) => equal(old, new),
        (Some(Contents::Values(old)), Contents::Values(new)) => equal(old, new),
        _ => 0,
    };
    let cut = |contents: &Contents| match contents {
        Contents::Bytes(bytes) => Contents::Bytes(shown(bytes, from)),
        Contents::Values(values) => Contents::Values(shown(values, from)),
    };
    let behind = from as u64;
    let moved = match part {
        Watched::Memory { memory, address, len } => {
            let len = len.saturating_sub(behind);
            Watched::Memory { memory, address: address.saturating_add(behind), len }
        }
        Watched::Table { table, first, len } => {
            let len = len.saturating_sub(behind);
            Watched::Table { table, first: first.saturating_add(behind), len }
        }
        Watched::Global(_) | Watched::Local { .. } | Watched::Object { .. } => part,
    };
    (shortened(moved), old.map(cut), cut(new))
}
