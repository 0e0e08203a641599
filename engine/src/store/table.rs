//! Tables: references in slot form.

use crate::config::{Config, Engine};
use crate::error::{Error, LimitKind, Result};
use crate::store::Usage;
use crate::store::allocator::{Kind, Room};
use crate::types::{TableType, ValType};
use crate::value::Value;

/// A table of a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    ty: TableType,
    /// References as on the value stack: 0 is null, others are an address plus 1.
    pub(crate) elements: Room,
}

impl Table {
    pub(crate) fn new(engine: &Engine, usage: &mut Usage, ty: TableType) -> Result<Self> {
        let config = engine.config();
        let elements = Room::new(engine.allocator(), Kind::Table)?;
        let mut table = Self { ty, elements };
        let requested = ty.limits.min;
        let allowed = config.max_table_size;
        if requested > allowed {
            let limit = LimitKind::TableSize;
            return Err(Error::Limit { limit, requested, allowed, offset: None });
        }
        usage.check_table(config, requested)?;
        match table.grow(config, usage, requested, 0) {
            Some(_) => Ok(table),
            None => Err(Error::OutOfMemory { bytes: requested * 8 }),
        }
    }

    /// A table of these slots.
    pub(crate) fn over(
        engine: &Engine,
        usage: &mut Usage,
        ty: TableType,
        slots: &[u64],
    ) -> Result<Self> {
        let requested = slots.len() as u64;
        let most = ty.limits.max.unwrap_or(u64::MAX).min(engine.config().max_table_size);
        if requested < ty.limits.min || requested > most {
            let limit = LimitKind::TableSize;
            return Err(Error::Limit { limit, requested, allowed: most, offset: None });
        }
        let mut empty = ty;
        empty.limits.min = 0;
        let mut table = Self::new(engine, usage, empty)?;
        table.ty = ty;
        if table.grow(engine.config(), usage, requested, 0).is_none() {
            return Err(Error::OutOfMemory { bytes: requested * 8 });
        }
        table.elements.copy_from_slice(slots);
        Ok(table)
    }

    /// The declared type.
    pub fn ty(&self) -> TableType {
        self.ty
    }

    /// Number of elements.
    pub fn size(&self) -> u64 {
        self.elements.len() as u64
    }

    /// An element.
    pub fn get(&self, index: u64) -> Option<Value> {
        let slot = *self.elements.get(usize::try_from(index).ok()?)?;
        Some(Value::from_slot(ValType::from(self.ty.element), slot))
    }

    /// *Growing tables*: adds elements and returns the old size, or `None` if that cannot be.
    pub(crate) fn grow(
        &mut self,
        config: &Config,
        usage: &mut Usage,
        by: u64,
        element: u64,
    ) -> Option<u64> {
        let old = self.size();
        let new = old.checked_add(by)?;
        let max = self.ty.limits.max.unwrap_or(u64::MAX).min(config.max_table_size);
        if new > max || usage.check_table(config, by).is_err() {
            return None;
        }
        self.elements.try_reserve_exact(by as usize).ok()?;
        self.elements.resize(new as usize, element);
        usage.table += by;
        Some(old)
    }
}
