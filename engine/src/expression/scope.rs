//! What names and numbers of an expression can mean at a place.

use alloc::string::String;
use alloc::vec::Vec;

use crate::ids::{CodeOffset, FuncIndex};
use crate::module::{ExportItem, Module, NameKind};
use crate::observe::{FrameView, local_types, types_at};
use crate::types::{ExternType, FuncType, ValType};

use super::error::ExpressionErrorKind as Kind;
use super::operation::Item;

/// Where an expression is to be evaluated: names, and types of what is there.
pub struct Scope<'a> {
    pub(super) module: Option<&'a Module>,
    pub(super) func: Option<FuncIndex>,
    pub(super) locals: Vec<ValType>,
    names: Vec<(u32, String)>,
    /// Bottom first.
    pub(super) operands: Option<Vec<ValType>>,
    pub(super) arguments: Option<Vec<ValType>>,
}

impl<'a> Scope<'a> {
    /// Of a module without a frame: globals, memories, tables.
    pub fn of_module(module: &'a Module) -> Self {
        let (locals, names) = (Vec::new(), Vec::new());
        Self { module: Some(module), func: None, locals, names, operands: None, arguments: None }
    }

    /// Before an instruction of a function, as at a breakpoint.
    pub fn at(module: &'a Module, func: FuncIndex, offset: CodeOffset) -> Self {
        let types = types_at(module, func, offset).ok().flatten();
        Self { operands: types.map(|types| types.operands), ..Self::of_func(module, func) }
    }

    /// Anywhere in a function: without its operands.
    pub fn of_func(module: &'a Module, func: FuncIndex) -> Self {
        Self {
            func: Some(func),
            locals: local_types(module.inner(), func),
            names: module.local_names(func),
            ..Self::of_module(module)
        }
    }

    /// Where a frame stands.
    pub fn of_frame(frame: &FrameView<'a>) -> Self {
        Self {
            operands: Some(frame.operand_types()),
            ..Self::of_func(frame.module(), frame.func())
        }
    }

    /// At calls of a host function of this type, whoever calls it.
    pub fn of_call(ty: &FuncType) -> Self {
        Self {
            module: None,
            func: None,
            locals: Vec::new(),
            names: Vec::new(),
            operands: None,
            arguments: Some(ty.params().to_vec()),
        }
    }

    /// The local of a name.
    pub(super) fn local(&self, item: &Item) -> Option<u32> {
        match item {
            Item::Index(index) => u32::try_from(*index).ok(),
            Item::Name(name) => {
                self.names.iter().find(|(_, known)| known == name).map(|(index, _)| *index)
            }
        }
    }

    /// The global of a name: of the name section, or that it is exported or imported under.
    pub(super) fn global(&self, name: &str) -> Option<u32> {
        let module = self.module?;
        let count = module.globals().len() as u32;
        let exported = || {
            module.exports().iter().find_map(|export| match export.item {
                ExportItem::Global(index) if *export.name == *name => Some(index),
                _ => None,
            })
        };
        let imported = || {
            let imports = module.imports().iter();
            let globals = imports.filter(|import| matches!(import.ty, ExternType::Global(_)));
            (0..).zip(globals).find(|(_, import)| *import.name == *name).map(|(index, _)| index)
        };
        self.named(NameKind::Global, count, name).or_else(exported).or_else(imported)
    }

    /// A memory or table.
    pub(super) fn item(&self, kind: NameKind, item: &Item) -> Result<u32, Kind> {
        let what = if kind == NameKind::Memory { "memory" } else { "table" };
        let count = self.module.map(|module| match kind {
            NameKind::Memory => module.memories().len(),
            _ => module.tables().len(),
        });
        match item {
            // Whose it is will be known when it is asked for.
            Item::Index(index) if count.is_none() => Ok(u32::try_from(*index).unwrap_or(u32::MAX)),
            Item::Index(index) => {
                let count = count.unwrap_or(0) as u64;
                match u32::try_from(*index) {
                    Ok(index) if u64::from(index) < count => Ok(index),
                    _ => Err(Kind::NoSuch { what, index: *index, count }),
                }
            }
            Item::Name(name) => self
                .named(kind, count.unwrap_or(0) as u32, name)
                .ok_or_else(|| Kind::UnknownItem { what, name: name.clone() }),
        }
    }

    fn named(&self, kind: NameKind, count: u32, name: &str) -> Option<u32> {
        let module = self.module?;
        (0..count).find(|index| module.item_name(kind, *index) == Some(name))
    }
}
