//! Where instances come from: memories, tables, task stacks, and how many there may be.
//!
//! [`OnDemand`] asks the system each time. A [`Pool`] has a fixed number of slots, takes them back
//! when a store or task is dropped, and hands them out again empty.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Debug;
use core::ops::{Deref, DerefMut};

use crate::config::Config;
use crate::error::Result;
use crate::memory::Bytes;
use crate::module::ModuleInner;

#[cfg(feature = "std")]
pub(crate) use super::pool::Pool;

/// What is allocated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Instance,
    Memory,
    Table,
    Stack,
}

/// Makes what instances consist of.
pub(crate) trait InstanceAllocator: Send + Sync + Debug {
    /// Narrows the limits of an engine to what the allocator can give.
    fn tune(&self, _config: &mut Config) {}

    /// Refuses a module that can never be instantiated.
    fn validate_module(&self, _module: &ModuleInner) -> Result<()> {
        Ok(())
    }

    /// One more of a kind.
    fn permit(self: Arc<Self>, _kind: Kind) -> Result<Permit> {
        Ok(Permit::default())
    }

    /// Zeroed bytes for a memory, with the data of a module if they come with it.
    fn memory(&self, _module: Option<&ModuleInner>, size: u64, most: u64) -> Result<Bytes> {
        Bytes::new(size, most)
    }

    /// Room for elements of a table or slots of a stack; it is empty.
    fn room(&self, _kind: Kind) -> Vec<u64> {
        Vec::new()
    }

    /// Takes back what [`InstanceAllocator::permit`] and [`InstanceAllocator::room`] have given.
    fn release(&self, _kind: Kind, _room: Vec<u64>) {}
}

/// Everything from the system, as much as the limits of the engine allow.
#[derive(Debug)]
pub(crate) struct OnDemand;

impl InstanceAllocator for OnDemand {}

/// One of the number that a pool has; given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Permit {
    owner: Option<(Arc<dyn InstanceAllocator>, Kind)>,
}

impl Permit {
    #[cfg(feature = "std")]
    pub(super) fn new(owner: Arc<dyn InstanceAllocator>, kind: Kind) -> Self {
        Self { owner: Some((owner, kind)) }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some((owner, kind)) = self.owner.take() {
            owner.release(kind, Vec::new());
        }
    }
}

/// Elements or slots whose room goes back to where it came from.
#[derive(Debug, Default)]
pub(crate) struct Room {
    room: Vec<u64>,
    permit: Permit,
}

impl Room {
    /// Empty room.
    pub(crate) fn new(allocator: &Arc<dyn InstanceAllocator>, kind: Kind) -> Result<Self> {
        let permit = allocator.clone().permit(kind)?;
        Ok(Self { room: allocator.room(kind), permit })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some((owner, kind)) = self.permit.owner.take() {
            owner.release(kind, core::mem::take(&mut self.room));
        }
    }
}

/// A copy is nobody's: a snapshot takes no slot.
impl Clone for Room {
    fn clone(&self) -> Self {
        Self { room: self.room.clone(), permit: Permit::default() }
    }
}

impl PartialEq for Room {
    fn eq(&self, other: &Self) -> bool {
        self.room == other.room
    }
}

impl Eq for Room {}

impl Deref for Room {
    type Target = Vec<u64>;

    #[inline(always)]
    fn deref(&self) -> &Vec<u64> {
        &self.room
    }
}

impl DerefMut for Room {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Vec<u64> {
        &mut self.room
    }
}
