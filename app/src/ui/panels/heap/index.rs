//! What is derived from all objects of the heap: made once for each state of the machine, a slice a
//! frame, so that a large heap does not hold the window up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use egui::{Context, Id};
use stepwell_engine::store::ObjectKind;
use stepwell_engine::{AnyRef, ObjectAddr, Store, Value};
use web_time::Instant;

use super::roots;
use crate::session::{Command, Session};

/// How long a slice may take.
const SLICE: Duration = Duration::from_millis(4);
/// Objects and bytes between two looks at the clock.
const CHUNK: (usize, u64) = (512, 1 << 20);
/// Referrers listed.
pub(super) const LISTED: usize = 500;

/// Objects of one type.
pub(super) struct Group {
    /// The kind of the first of them.
    pub(super) kind: ObjectKind,
    pub(super) bytes: u64,
    pub(super) objects: Vec<ObjectAddr>,
}

/// All objects, and those of each type.
#[derive(Default)]
pub(super) struct Objects {
    of: Option<(u64, u64, u64)>,
    scan: Scan,
    pub(super) all: Vec<ObjectAddr>,
    /// The type with the most bytes first.
    pub(super) groups: Vec<Group>,
    /// Positions in `groups`.
    known: HashMap<(u8, u32), usize>,
}

/// Who refers to an object.
#[derive(Default)]
pub(super) struct Referrers {
    of: Option<(u64, ObjectAddr)>,
    scan: Scan,
    /// From outside the heap: what is said, and what shows it.
    pub(super) roots: Vec<(String, Option<Command>)>,
    /// Objects with the field or element that refers to it first.
    pub(super) objects: Vec<(ObjectAddr, u32)>,
}

/// How far the objects have been looked through.
#[derive(Default)]
struct Scan {
    last: Option<ObjectAddr>,
    done: bool,
}

impl Scan {
    /// Visits objects until the time is over; `visit` says whether it wants more.
    fn go_on(&mut self, store: &Store, mut visit: impl FnMut(ObjectAddr, u64) -> bool) {
        if self.done {
            return;
        }
        let begun = Instant::now();
        let first = self.last.unwrap_or(ObjectAddr(0));
        let mut objects = store.objects_from(first).skip(usize::from(self.last.is_some()));
        loop {
            let mut seen = 0;
            for _ in 0..CHUNK.0 {
                let Some((object, bytes)) = objects.next() else {
                    self.done = true;
                    return;
                };
                self.last = Some(object);
                seen += bytes;
                if !visit(object, bytes) {
                    self.done = true;
                    return;
                }
                if seen > CHUNK.1 {
                    break;
                }
            }
            if begun.elapsed() >= SLICE {
                return;
            }
        }
    }
}

/// Arrays of one type belong together, whatever their length.
fn group_of(kind: ObjectKind) -> ObjectKind {
    match kind {
        ObjectKind::Array(ty, _) => ObjectKind::Array(ty, 0),
        ObjectKind::String(_) => ObjectKind::String(0),
        other => other,
    }
}

impl Objects {
    /// Goes on looking through the heap, from the beginning if there are other objects now.
    pub(super) fn go_on(&mut self, session: &Session, store: &Store) {
        let present = Some(session.heap_number());
        if self.of != present {
            *self = Self { of: present, ..Self::default() };
        }
        if self.scan.done {
            return;
        }
        let Self { scan, all, groups, known, .. } = self;
        scan.go_on(store, |object, bytes| {
            let Some(kind) = store.object_kind(object).map(group_of) else { return true };
            all.push(object);
            let key = match kind {
                ObjectKind::Struct(ty) | ObjectKind::Array(ty, _) => (0, ty.0),
                ObjectKind::Exception(tag) => (1, tag.0),
                ObjectKind::String(_) => (2, 0),
            };
            let position = *known.entry(key).or_insert_with(|| {
                groups.push(Group { kind, bytes: 0, objects: Vec::new() });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(position) {
                group.bytes += bytes;
                group.objects.push(object);
            }
            true
        });
        if self.scan.done {
            self.groups.sort_by_key(|group| std::cmp::Reverse(group.bytes));
        }
    }

    /// Whether all objects have been looked at.
    pub(super) fn is_done(&self) -> bool {
        self.scan.done
    }
}

impl Referrers {
    /// Goes on looking for who refers to an object, in the present state.
    pub(super) fn go_on(&mut self, session: &Session, store: &Store, target: ObjectAddr) {
        let wanted = Some((session.state_number(), target));
        if self.of != wanted {
            *self = Self { of: wanted, ..Self::default() };
            self.roots = roots::of(session, store, target);
        }
        let found = &mut self.objects;
        self.scan.go_on(store, |object, _| {
            if store.references(object).contains(&target) {
                found.push((object, place(store, object, target)));
            }
            found.len() < LISTED
        });
    }

    /// Whether all objects have been looked at, or enough have been found.
    pub(super) fn is_done(&self) -> bool {
        self.scan.done
    }
}

/// Whether a value refers to an object.
pub(super) fn refers(value: Value, target: ObjectAddr) -> bool {
    match value {
        Value::AnyRef(Some(AnyRef::Object(object)))
        | Value::ExternRef(Some(AnyRef::Object(object)))
        | Value::ExnRef(Some(object)) => object == target,
        _ => false,
    }
}

/// The first field or element of an object that refers to another one.
fn place(store: &Store, object: ObjectAddr, target: ObjectAddr) -> u32 {
    let hit = |value: &Value| refers(*value, target);
    let position = match store.object_kind(object) {
        Some(ObjectKind::Array(_, len)) => {
            (0..len).find(|index| store.element(object, *index).as_ref().is_some_and(hit))
        }
        _ => store
            .object(object)
            .and_then(|object| object.fields.iter().position(hit).map(|position| position as u32)),
    };
    position.unwrap_or(0)
}

/// What the panel remembers of the heap.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) objects: Objects,
    pub(super) referrers: Referrers,
}

/// The same, in egui's memory.
#[derive(Clone, Default)]
pub(super) struct Cache(Arc<Mutex<Kept>>);

impl Cache {
    /// The cache of the window.
    pub(super) fn of(ctx: &Context) -> Self {
        let id = Id::unique("stepwell-heap-cache");
        ctx.data_mut(|data| data.get_temp_mut_or_default::<Self>(id).clone())
    }

    /// What is kept.
    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
