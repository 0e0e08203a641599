//! Which values of the host wasm still refers to.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::Store;
use crate::error::Result;
use crate::ids::{ExternAddr, ObjectAddr};
use crate::value::AnyRef;

impl Store {
    /// The values of the host (`externref`) that wasm can still reach, in ascending order: through globals,
    /// tables, element segments, objects that are reached themselves, and tasks. A host with a table of its
    /// objects can free all others, but for those that it has not given to wasm yet.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// # use stepwell_engine::{Engine, ExternAddr, Linker, Module, Store, Value};
    /// # let engine = Engine::default();
    /// # let module = Module::from_wat(&engine, r#"(module (global $kept (mut externref) (ref.null extern))
    /// #     (func (export "keep") (param externref) (global.set $kept (local.get 0))))"#)?;
    /// let mut store = Store::new(&engine);
    /// # let instance = Linker::new().instantiate(&mut store, &module)?;
    /// let keep = store.export_func(instance, "keep")?;
    /// let mut objects = std::collections::BTreeMap::from([(ExternAddr(1), "one"), (ExternAddr(2), "two")]);
    /// store.invoke(keep, &[Value::ExternRef(Some(ExternAddr(1).into()))])?;
    /// store.invoke(keep, &[Value::ExternRef(Some(ExternAddr(2).into()))])?;
    /// let alive = store.externals_alive()?;
    /// objects.retain(|addr, _| alive.binary_search(addr).is_ok());
    /// assert_eq!(objects.into_values().collect::<Vec<_>>(), ["two"]);
    /// # }
    /// # Ok::<(), stepwell_engine::Error>(())
    /// ```
    ///
    /// # Errors
    /// None for functions of validated modules.
    pub fn externals_alive(&mut self) -> Result<Vec<ExternAddr>> {
        self.end_dropped();
        let (mut alive, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut gray: Vec<ObjectAddr> = Vec::new();
        let mut look = |slot: u64, gray: &mut Vec<ObjectAddr>| match AnyRef::from_slot(slot) {
            Some(AnyRef::Host(addr)) => {
                alive.insert(addr);
            }
            Some(AnyRef::Object(object)) if seen.insert(object) => gray.push(object),
            _ => {}
        };
        self.roots(None)?.into_iter().for_each(|slot| look(slot, &mut gray));
        let state = &self.state;
        while let Some(object) = gray.pop() {
            state.heap.each_traced(&self.types, &state.tags, object, |slot| look(slot, &mut gray));
        }
        Ok(alive.into_iter().collect())
    }
}
