//! What can be watched: how it is named in every run, what it is called, and where it is in the machine.

use serde::{Deserialize, Serialize};
use stepwell_engine::module::NameKind;
use stepwell_engine::observe::{FrameView, Watched};
use stepwell_engine::store::{Instance, ObjectKind};
use stepwell_engine::text::identifier;
use stepwell_engine::{
    FrameId, FuncIndex, GlobalAddr, MemAddr, Module, ObjectAddr, TableAddr, TaskId,
};

use super::command::ModuleKey;
use super::machine::Machine;
use super::reload::same;
use super::{Session, fields};

/// What is watched. Indices are those of the module's index spaces, imports first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)] // named as in the engine
pub enum WatchTarget {
    /// Bytes of a memory.
    Memory { module: ModuleKey, memory: u32, address: u64, len: u64 },
    /// A global.
    Global { module: ModuleKey, global: u32 },
    /// A local, whenever its function runs.
    Local { module: ModuleKey, func: u32, local: u32 },
    /// A local of one frame, until that is left: its task in the engine, and its first slot.
    LocalOfCall { module: ModuleKey, func: u32, local: u32, task: u64, base: u32 },
    /// An element of a table.
    Element { module: ModuleKey, table: u32, index: u64 },
    /// A field of a structure, or an element of an array, until it is collected.
    Field { object: u32, field: u32 },
}

impl WatchTarget {
    /// The module that has it; objects are no module's.
    pub fn module(&self) -> Option<ModuleKey> {
        match *self {
            Self::Memory { module, .. }
            | Self::Global { module, .. }
            | Self::Local { module, .. }
            | Self::LocalOfCall { module, .. }
            | Self::Element { module, .. } => Some(module),
            Self::Field { .. } => None,
        }
    }

    /// Whether its last write can be looked for without watching it before.
    pub fn can_be_traced(&self) -> bool {
        !matches!(self, Self::Field { .. } | Self::LocalOfCall { .. })
    }

    /// Whether it is there in every run.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self, Self::Field { .. } | Self::LocalOfCall { .. })
    }

    /// The same of another module.
    pub(super) fn of_module(mut self, key: ModuleKey) -> Self {
        match &mut self {
            Self::Memory { module, .. }
            | Self::Global { module, .. }
            | Self::Local { module, .. }
            | Self::LocalOfCall { module, .. }
            | Self::Element { module, .. } => *module = key,
            Self::Field { .. } => {}
        }
        self
    }

    pub(super) fn watched(&self, machine: &Machine) -> Option<Watched> {
        let instance = |module: ModuleKey| machine.instance_of(module);
        let parts = |module| machine.store.instance(instance(module)?);
        Some(match *self {
            Self::Memory { module, memory, address, len } => {
                let memory = *parts(module)?.memories().get(memory as usize)?;
                Watched::Memory { memory, address, len }
            }
            Self::Global { module, global } => {
                Watched::Global(*parts(module)?.globals().get(global as usize)?)
            }
            Self::Local { module, func, local } => {
                let (instance, func) = (instance(module)?, FuncIndex(func));
                Watched::Local { instance, func, local, frame: None }
            }
            Self::LocalOfCall { module, func, local, task, base } => {
                let (instance, func) = (instance(module)?, FuncIndex(func));
                let frame = Some(FrameId { task: TaskId(task), base });
                Watched::Local { instance, func, local, frame }
            }
            Self::Element { module, table, index } => {
                let table = *parts(module)?.tables().get(table as usize)?;
                Watched::Table { table, first: index, len: 1 }
            }
            Self::Field { object, field } => {
                Watched::Object { object: ObjectAddr(object), first: field, len: 1 }
            }
        })
    }
}

/// What a target of one module is in another version of it.
pub(super) fn moved(old: &Module, new: &Module, target: WatchTarget) -> Option<WatchTarget> {
    let position = |kind: NameKind, index: u32, count: usize| {
        let Some(name) = old.item_name(kind, index) else { return Some(index) };
        (0..count as u32).find(|other| new.item_name(kind, *other) == Some(name))
    };
    let mut target = target;
    match &mut target {
        WatchTarget::Memory { memory, .. } => {
            *memory = position(NameKind::Memory, *memory, new.memories().len())?;
        }
        WatchTarget::Global { global, .. } => {
            *global = position(NameKind::Global, *global, new.globals().len())?;
        }
        WatchTarget::Element { table, .. } => {
            *table = position(NameKind::Table, *table, new.tables().len())?;
        }
        WatchTarget::Local { func, .. } => *func = same(old, new, FuncIndex(*func))?.0,
        WatchTarget::Field { .. } | WatchTarget::LocalOfCall { .. } => return None,
    }
    Some(target)
}

/// What a module calls something, or its kind and index.
fn named(module: &Module, kind: NameKind, index: u32, otherwise: &str) -> String {
    module.item_name(kind, index).map_or_else(|| format!("{otherwise} {index}"), identifier)
}

impl Session {
    /// Whether two targets are one: a memory, table or global may be several modules'.
    pub(super) fn same_place(&self, one: &WatchTarget, other: &WatchTarget) -> bool {
        let machine = self.machine.as_ref();
        let watched = |target: &WatchTarget| machine.and_then(|machine| target.watched(machine));
        one == other || watched(one).is_some_and(|place| watched(other) == Some(place))
    }

    /// Bytes of a memory that are watched: the first, how many, and whether that stops.
    pub fn watched_bytes(&self, of: MemAddr) -> Vec<(u64, u64, bool)> {
        let Some(machine) = &self.machine else { return Vec::new() };
        let states = self.watchpoints().iter();
        let found = states.filter_map(|state| match state.target.watched(machine)? {
            Watched::Memory { memory, address, len } if memory == of => {
                Some((address, len, state.enabled))
            }
            _ => None,
        });
        found.collect()
    }

    /// The memory whose bytes are watched.
    pub fn watched_memory(&self, target: &WatchTarget) -> Option<MemAddr> {
        match target.watched(self.machine.as_ref()?)? {
            Watched::Memory { memory, .. } => Some(memory),
            _ => None,
        }
    }

    /// Bytes of a memory of the store, as something that can be watched.
    pub fn bytes_to_watch(&self, memory: MemAddr, address: u64, len: u64) -> Option<WatchTarget> {
        let (module, memory) =
            self.owner(|parts| parts.memories().iter().position(|all| *all == memory))?;
        Some(WatchTarget::Memory { module, memory, address, len })
    }

    /// An element of a table of the store.
    pub fn element_to_watch(&self, table: TableAddr, index: u64) -> Option<WatchTarget> {
        let (module, table) =
            self.owner(|parts| parts.tables().iter().position(|all| *all == table))?;
        Some(WatchTarget::Element { module, table, index })
    }

    /// A global of the store.
    pub fn global_to_watch(&self, global: GlobalAddr) -> Option<WatchTarget> {
        let (module, global) =
            self.owner(|parts| parts.globals().iter().position(|all| *all == global))?;
        Some(WatchTarget::Global { module, global })
    }

    /// A local of a frame's function: in all calls of it, and in this one alone.
    pub fn local_to_watch(&self, frame: &FrameView<'_>, local: u32) -> Option<[WatchTarget; 2]> {
        let module = self.module_of_instance(frame.instance())?.key;
        let (func, FrameId { task, base }) = (frame.func().0, frame.id());
        Some([
            WatchTarget::Local { module, func, local },
            WatchTarget::LocalOfCall { module, func, local, task: task.0, base },
        ])
    }

    /// The first module that has something, and its index there.
    fn owner(&self, position: impl Fn(&Instance) -> Option<usize>) -> Option<(ModuleKey, u32)> {
        let store = self.store()?;
        store.instances().find_map(|id| {
            let module = self.module_of_instance(id)?.key;
            Some((module, position(store.instance(id)?)? as u32))
        })
    }

    /// What a target is called, if there is such a thing.
    pub fn watch_label(&self, target: &WatchTarget) -> Option<String> {
        let module = |key| self.module(key).map(|open| &open.module);
        Some(match *target {
            WatchTarget::Memory { module: key, memory, address, len } => {
                let open = module(key)?;
                open.memories().get(memory as usize)?;
                let name = named(open, NameKind::Memory, memory, "memory");
                match len {
                    0 => return None,
                    1 => format!("{name} 0x{address:x}"),
                    len => format!("{name} 0x{address:x}, {len} bytes"),
                }
            }
            WatchTarget::Global { module: key, global } => {
                let open = module(key)?;
                open.globals().nth(global as usize)?;
                named(open, NameKind::Global, global, "global")
            }
            WatchTarget::Local { module: key, func, local } => {
                let open = self.module(key)?;
                let func = FuncIndex(func);
                let params = open.module.func_type(func)?.params().len() as u64;
                let declared = open.module.declared_locals(func);
                let count: u64 = declared.iter().map(|(count, _)| u64::from(*count)).sum();
                if open.module.func_import(func).is_some() || u64::from(local) >= params + count {
                    return None;
                }
                let names = open.module.local_names(func);
                let name = names.into_iter().find(|(index, _)| *index == local);
                let name =
                    name.map_or_else(|| format!("local {local}"), |(_, name)| identifier(&name));
                format!("{name} of {}", open.names.place(func))
            }
            WatchTarget::LocalOfCall { module, func, local, .. } => {
                self.machine.as_ref()?;
                let name = self.watch_label(&WatchTarget::Local { module, func, local })?;
                format!("{name}, this call")
            }
            WatchTarget::Element { module: key, table, index } => {
                let open = module(key)?;
                open.tables().nth(table as usize)?;
                format!("{} [{index}]", named(open, NameKind::Table, table, "table"))
            }
            WatchTarget::Field { object, field } => {
                let object = ObjectAddr(object);
                let store = self.store()?;
                let name = self.object_reference(object).text;
                match store.object_kind(object)? {
                    ObjectKind::Array(_, len) if field < len => format!("{name} [{field}]"),
                    ObjectKind::Struct(ty) => {
                        let (module, index) = store.origin_of(ty)?;
                        let (field, _) = fields(module, index).into_iter().nth(field as usize)?;
                        format!("{name} {field}")
                    }
                    _ => return None,
                }
            }
        })
    }
}
