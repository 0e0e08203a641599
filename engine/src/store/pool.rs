//! A fixed number of slots for instances, memories, tables and task stacks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use super::allocator::{InstanceAllocator, Kind, Permit};
use crate::config::{Config, Pooling};
use crate::error::{Error, LimitKind, Result};
use crate::memory::{Bytes, Slots};
use crate::module::ModuleInner;

/// The slots of an engine; its stores share them.
#[derive(Debug)]
pub(crate) struct Pool {
    limits: Pooling,
    memories: Arc<Slots>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of each [`Kind`], how many are in use.
    used: [u32; 4],
    tables: Vec<Vec<u64>>,
    stacks: Vec<Vec<u64>>,
}

impl Pool {
    pub(crate) fn new(limits: Pooling) -> Self {
        let memories = Slots::new(&limits);
        Self { limits, memories: Arc::new(memories), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn allowed(&self, kind: Kind) -> (LimitKind, u32) {
        match kind {
            Kind::Instance => (LimitKind::PoolInstances, self.limits.instances),
            Kind::Memory => (LimitKind::PoolMemories, self.limits.memories),
            Kind::Table => (LimitKind::PoolTables, self.limits.tables),
            Kind::Stack => (LimitKind::PoolStacks, self.limits.stacks),
        }
    }
}

/// Elements or slots of the largest room that is kept from one use to the next: 1 MiB.
const KEPT: usize = 1 << 17;

fn check(limit: LimitKind, requested: u64, allowed: u64) -> Result<()> {
    match requested <= allowed {
        true => Ok(()),
        false => Err(Error::Limit { limit, requested, allowed, offset: None }),
    }
}

impl InstanceAllocator for Pool {
    fn tune(&self, config: &mut Config) {
        config.max_memory_pages = config.max_memory_pages.min(self.limits.memory_pages);
        config.max_table_size = config.max_table_size.min(self.limits.table_elements);
    }

    fn validate_module(&self, module: &ModuleInner) -> Result<()> {
        let count = |all: usize, imported: u32| all as u64 - u64::from(imported);
        let memories = count(module.memories.len(), module.imported_memories);
        check(LimitKind::PoolMemories, memories, self.limits.memories.into())?;
        let tables = count(module.tables.len(), module.imported_tables);
        check(LimitKind::PoolTables, tables, self.limits.tables.into())?;
        for ty in module.memories.iter().skip(module.imported_memories as usize) {
            check(LimitKind::MemoryPages, ty.limits.min, self.limits.memory_pages)?;
        }
        for table in module.tables.iter().skip(module.imported_tables as usize) {
            check(LimitKind::TableSize, table.ty.limits.min, self.limits.table_elements)?;
        }
        Ok(())
    }

    fn permit(self: Arc<Self>, kind: Kind) -> Result<Permit> {
        let (limit, allowed) = self.allowed(kind);
        let mut state = self.state();
        let used = &mut state.used[kind as usize];
        check(limit, u64::from(*used) + 1, allowed.into())?;
        *used += 1;
        drop(state);
        Ok(Permit::new(self, kind))
    }

    fn memory(&self, module: Option<&ModuleInner>, size: u64, most: u64) -> Result<Bytes> {
        self.memories.take(module, size, most)
    }

    fn room(&self, kind: Kind) -> Vec<u64> {
        let mut state = self.state();
        let (kept, most) = match kind {
            Kind::Table => (state.tables.pop(), self.limits.table_elements),
            _ => (state.stacks.pop(), 0),
        };
        drop(state);
        // The first time a slot is used, room is made for all that it may come to hold, as far as it would be
        // kept. What is not to be had now is asked for, and may be refused, when it is needed.
        kept.unwrap_or_else(|| {
            let mut room = Vec::new();
            let _ = room.try_reserve_exact(usize::try_from(most).unwrap_or(KEPT).min(KEPT));
            room
        })
    }

    fn release(&self, kind: Kind, mut room: Vec<u64>) {
        // What grows into the room again is written first.
        room.clear();
        if room.capacity() > KEPT {
            room = Vec::new();
        }
        let mut state = self.state();
        state.used[kind as usize] = state.used[kind as usize].saturating_sub(1);
        match kind {
            Kind::Table => state.tables.push(room),
            Kind::Stack => state.stacks.push(room),
            Kind::Instance | Kind::Memory => {}
        }
    }
}
