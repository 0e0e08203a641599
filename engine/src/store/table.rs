//! Tables: references in slot form.

use alloc::vec::Vec;

use crate::config::Config;
use crate::error::{Error, LimitKind, Result};
use crate::store::Usage;
use crate::types::{TableType, ValType};
use crate::value::Value;

/// A table of a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    ty: TableType,
    /// References as on the value stack: 0 is null, others are an address plus 1.
    pub(crate) elements: Vec<u64>,
}

impl Table {
    pub(crate) fn new(config: &Config, usage: &mut Usage, ty: TableType) -> Result<Self> {
        let mut table = Self { ty, elements: Vec::new() };
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
