//! Linking once what is instantiated often.

use alloc::vec::Vec;

use super::linker::{Definition, Given};
use super::{Instantiation, Linker, Store};
use crate::error::{Error, ImportError, LinkError, Result};
use crate::host::HostFunction;
use crate::ids::InstanceId;
use crate::module::{Import, Module};
use crate::types::ExternType;

/// A module whose imports have been looked for; see [`Linker::prelink`].
#[derive(Clone)]
pub struct Prelinked {
    linker: Linker,
    module: Module,
    /// What imports are in any store: host functions of the type that the import has. Others are looked for in
    /// the store.
    known: Vec<Option<HostFunction>>,
}

impl Linker {
    /// Finds, once for many instantiations, the imports of a module that are host functions, and compares their
    /// types. What belongs to a store (exports of instances, single externals) is found and compared for each store.
    ///
    /// The result holds the definitions as they are now; later ones do not change it. It can be
    /// instantiated in any store.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// # use stepwell_engine::{Engine, Linker, Module, Store};
    /// # let engine = Engine::default();
    /// # let module = Module::from_wat(&engine, r#"(module (import "env" "tick" (func)))"#)?;
    /// let mut linker = Linker::new();
    /// linker.func_wrap("env", "tick", || ());
    /// let prelinked = linker.prelink(&module)?;
    /// for _ in 0..100 {
    ///     prelinked.instantiate(&mut Store::new(&engine))?;
    /// }
    /// # }
    /// # Ok::<(), stepwell_engine::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Link`] with the imports that no store can satisfy, since nothing is defined under their names.
    /// Whether types match that are not plainly the same, instantiating tells.
    pub fn prelink(&self, module: &Module) -> Result<Prelinked> {
        let mut errors = Vec::new();
        let mut known = Vec::with_capacity(module.imports().len());
        for import in module.imports() {
            let defined = self.definition(import);
            known.push(match (defined, &import.ty) {
                (Some(Definition::Host(host)), ExternType::Func(ty)) if host.ty == *ty => {
                    Some(host.clone())
                }
                _ => None,
            });
            let may_be = defined.is_some()
                || self.string_constant(import).is_some()
                || self.instances.contains_key(&import.module);
            if !may_be {
                let (module, name) = ((*import.module).into(), (*import.name).into());
                errors.push(ImportError { module, name, reason: LinkError::Unknown });
            }
        }
        if !errors.is_empty() {
            return Err(Error::Link { errors });
        }
        Ok(Prelinked { linker: self.clone(), module: module.clone(), known })
    }

    fn definition(&self, import: &Import) -> Option<&Definition> {
        self.definitions.get(&import.module)?.get(&import.name)
    }
}

impl Prelinked {
    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Instantiates the module and runs its start function to the end.
    ///
    /// # Errors
    /// Those of [`Linker::instantiate`].
    pub fn instantiate(&self, store: &mut Store) -> Result<InstanceId> {
        let Instantiation { instance, start } = self.begin_instantiate(store)?;
        if let Some(start) = start {
            store.finish(start)?;
        }
        Ok(instance)
    }

    /// Instantiates the module up to its start function, which is left to the caller to run.
    ///
    /// # Errors
    /// Those of [`Linker::begin_instantiate`].
    pub fn begin_instantiate(&self, store: &mut Store) -> Result<Instantiation> {
        self.linker.begin(store, &self.module, Given::Known(&self.known))
    }
}
