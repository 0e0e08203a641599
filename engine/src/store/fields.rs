//! Fields of structures and elements of arrays, as embedders see them: what they are declared as, and set from outside.

use super::Store;
use super::heap::{self, ObjectKind};
use crate::error::{Error, Result};
use crate::ids::ObjectAddr;
use crate::recording::Step;
use crate::types::{CompositeType, FieldType};
use crate::value::{Value, split};

impl Store {
    /// What a field of a structure, or an element of an array, is declared as; `None` if there is none.
    pub fn field_type(&self, object: ObjectAddr, field: u32) -> Option<FieldType> {
        match self.object_kind(object)? {
            ObjectKind::Struct(ty) => {
                self.types.structure(ty)?.fields().get(field as usize).copied()
            }
            ObjectKind::Array(id, len) => match &self.types.get(id)?.composite {
                CompositeType::Array(ty) if field < len => Some(ty.element),
                _ => None,
            },
            ObjectKind::Exception(_) | ObjectKind::String(_) => None,
        }
    }

    /// Sets a mutable field of a structure, or an element of an array; a packed one gets the low bits of the value.
    ///
    /// # Errors
    /// [`Error::UnknownIndex`] if there is no such field, [`Error::ImmutableField`] if it is constant, or
    /// [`Error::Type`].
    pub fn set_field(&mut self, object: ObjectAddr, field: u32, value: Value) -> Result<()> {
        let unknown = || Error::UnknownIndex { what: "field", index: u64::from(field) };
        let ty = self.field_type(object, field).ok_or_else(unknown)?;
        if !ty.mutable {
            return Err(Error::ImmutableField { index: field });
        }
        self.check_type("field", 0, ty.storage.unpacked(), &value)?;
        let bits = split(value.to_bits() & ty.storage.mask());
        match self.object_kind(object) {
            Some(ObjectKind::Array(id, _)) => {
                let width = heap::width_log2(&self.types, id);
                self.state.heap.fill(object, width, (field, 1), bits);
            }
            Some(ObjectKind::Struct(id)) => {
                let before = self.types.structure(id).map_or(0, |ty| {
                    let fields = ty.fields().iter().take(field as usize);
                    fields.map(|field| field.storage.unpacked().slots() as u32).sum()
                });
                let parts = bits.into_iter().take(ty.storage.unpacked().slots());
                for (offset, part) in (before..).zip(parts) {
                    self.state.heap.set_field(object, offset, part);
                }
            }
            _ => return Err(unknown()),
        }
        self.note_step(|| Step::SetField { object, field, value });
        Ok(())
    }
}
