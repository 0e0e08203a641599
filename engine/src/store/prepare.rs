//! What a large function needs before it is started, in pieces.

use super::{FuncEntity, Store};
use crate::error::{Error, Result};
use crate::ids::FuncAddr;
use crate::module::begun::cost;

impl Store {
    /// Works for about so many bytes of code on what a large function needs to be started, and to be looked
    /// at when it has stopped; true once nothing is missing. Without this it is done then, in one go: a
    /// function of 7 MB takes some tenths of a second. Functions that a run calls are decoded within its
    /// [`bulk_bytes`](crate::Budget::bulk_bytes).
    ///
    /// # Errors
    /// [`Error::UnknownIndex`] if the store has no such function.
    pub fn prepare(&self, func: FuncAddr, bytes: u64) -> Result<bool> {
        let unknown = || Error::UnknownIndex { what: "function", index: u64::from(func.0) };
        let FuncEntity::Wasm { instance, func, .. } =
            *self.state.funcs.get(func.index()).ok_or_else(unknown)?
        else {
            return Ok(true);
        };
        let module = self.module_of(instance).ok_or_else(unknown)?.inner();
        let mut allowance = cost(bytes);
        Ok(module.code_within(func, &mut allowance)?.is_some()
            && module.types_within(func, &mut allowance)?)
    }
}
