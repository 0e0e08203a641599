//! Whether exports of modules fit imports of others before there is a store.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use super::{ExportItem, Module};
use crate::ids::TypeId;
use crate::types::{ExternType, Limits, MemoryType, TableType, Types};

/// Compares what modules declare. The types of each are looked at once, however many of its exports and
/// imports are compared.
#[derive(Debug, Default)]
pub struct Matching {
    types: Types,
    /// By [`Module::address`]. The modules are kept, so that no other comes to lie there.
    modules: BTreeMap<usize, (Module, Box<[TypeId]>)>,
}

impl Matching {
    /// One that knows no modules yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether what `exporter` exports can be imported there, as far as declarations tell: memories and
    /// tables may have grown by the time they are linked. `import` is the position of an import.
    pub fn fits(
        &mut self,
        exporter: &Module,
        export: ExportItem,
        importer: &Module,
        import: usize,
    ) -> bool {
        let Some(wanted) = importer.imports().get(import) else { return false };
        let Some(found) = exporter.export_type(export) else { return false };
        self.enter(exporter);
        self.enter(importer);
        let ids = |module: &Module| {
            self.modules.get(&module.address()).map_or(&[][..], |(_, types)| types)
        };
        let (own, other) = (ids(exporter), ids(importer));
        let id = |ids: &[TypeId], ty: u32| ids.get(ty as usize).copied().unwrap_or(TypeId(ty));
        let own_index = match export {
            ExportItem::Func(func) => exporter.inner.funcs.get(func.index()).copied(),
            ExportItem::Tag(tag) => exporter.inner.tags.get(tag as usize).copied(),
            _ => None,
        };
        let found_id = id(own, own_index.unwrap_or(0));
        let wanted_id = id(other, importer.inner.import_types.get(import).copied().unwrap_or(0));
        // Sizes now are the least there will be.
        let grown = |found: Limits, wanted: Limits| {
            let min = wanted.min.max(found.min);
            Limits { min: min.min(found.max.unwrap_or(u64::MAX)), ..found }
        };
        let found = match (found, &wanted.ty) {
            (ExternType::Func(_), ExternType::Func(_)) => {
                return self.types.is_subtype(found_id, wanted_id);
            }
            (ExternType::Tag(_), ExternType::Tag(_)) => return found_id == wanted_id,
            (ExternType::Memory(ty), ExternType::Memory(wanted)) => {
                ExternType::Memory(MemoryType { limits: grown(ty.limits, wanted.limits), ..ty })
            }
            (ExternType::Table(ty), ExternType::Table(wanted)) => {
                ExternType::Table(TableType { limits: grown(ty.limits, wanted.limits), ..ty })
            }
            (found, _) => found,
        };
        let wanted = wanted.ty.map(&|ty| id(other, ty).0);
        self.types.extern_matches(&found.map(&|ty| id(own, ty).0), &wanted)
    }

    fn enter(&mut self, module: &Module) {
        let Self { types, modules } = self;
        modules.entry(module.address()).or_insert_with(|| {
            let types = types.intern_module(module.types(), module.recursion_groups());
            (module.clone(), types)
        });
    }
}
