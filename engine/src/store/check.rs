//! Whether a value is of a type: references by what they refer to.

use super::{ObjectKind, Store, StoreState};
use crate::error::{Error, Result};
use crate::ids::{InstanceId, TypeId};
use crate::types::{HeapType, RefType, Types, ValType};
use crate::value::{AnyRef, Ref, Value};

impl StoreState {
    /// The type of a reference that is not null, exactly; `None` if it refers to nothing that the
    /// store has.
    pub(crate) fn heap_type_of(&self, types: &Types, reference: Ref) -> Option<HeapType> {
        let defined = |ty: TypeId| Some(HeapType::Concrete(types.get(ty)?.kind(), ty.0));
        match reference {
            Ref::Func(Some(addr)) => defined(self.funcs.get(addr.index())?.ty()),
            Ref::Extern(Some(AnyRef::Object(object))) => {
                self.heap.kind(types, object).map(|_| HeapType::Extern)
            }
            Ref::Extern(Some(_)) => Some(HeapType::Extern),
            Ref::Any(Some(AnyRef::Host(_))) => Some(HeapType::Any),
            Ref::Any(Some(AnyRef::I31(_))) => Some(HeapType::I31),
            Ref::Any(Some(AnyRef::Object(object))) => match self.heap.kind(types, object)? {
                ObjectKind::Struct(ty) | ObjectKind::Array(ty, _) => defined(ty),
                ObjectKind::String(_) => Some(HeapType::Any),
                ObjectKind::Exception(_) => None,
            },
            Ref::Exn(Some(object)) => match self.heap.kind(types, object)? {
                ObjectKind::Exception(_) => Some(HeapType::Exn),
                _ => None,
            },
            Ref::Func(None) | Ref::Extern(None) | Ref::Any(None) | Ref::Exn(None) => None,
        }
    }

    /// Whether a reference is of a type.
    pub(crate) fn ref_matches(&self, types: &Types, reference: Ref, of: RefType) -> bool {
        if reference.is_null() {
            return of.nullable && Value::from(reference).ty() == Value::from(Ref::null(of)).ty();
        }
        let ty = self.heap_type_of(types, reference);
        ty.is_some_and(|ty| types.heap_matches(ty, of.heap))
    }
}

impl Store {
    /// A type of an instance's module, as the store numbers types.
    pub(crate) fn type_in_store(&self, instance: InstanceId, ty: ValType) -> ValType {
        let instance = self.state.instances.get(instance.index());
        let entry = instance.and_then(|instance| self.modules.get(instance.module.index()));
        let id = |index: u32| entry.and_then(|entry| entry.types.get(index as usize));
        ty.map(&|index| id(index).map_or(u32::MAX, |id| id.0))
    }

    /// Whether a value is of a type of this store.
    pub fn matches(&self, value: Value, ty: ValType) -> bool {
        match (value.as_ref(), ty) {
            (Some(reference), ValType::Ref(ty)) => {
                self.state.ref_matches(&self.types, reference, ty)
            }
            _ => value.ty() == ty,
        }
    }

    /// Checks one value against the type wanted.
    pub(crate) fn check_type(
        &self,
        what: &'static str,
        position: usize,
        expected: ValType,
        value: &Value,
    ) -> Result<()> {
        if self.matches(*value, expected) {
            return Ok(());
        }
        if let Value::FuncRef(Some(addr)) = value
            && addr.index() >= self.state.funcs.len()
        {
            return Err(Error::UnknownIndex { what: "function", index: addr.0.into() });
        }
        let reference = value.as_ref();
        let heap = reference.and_then(|to| self.state.heap_type_of(&self.types, to));
        let found = match heap {
            Some(heap) => ValType::Ref(RefType { nullable: false, heap }),
            None => value.ty(),
        };
        Err(Error::Type { what, position, expected, found })
    }

    /// Checks a list of values against a list of types.
    pub(crate) fn check_values(
        &self,
        lists: (&'static str, &'static str),
        types: &[ValType],
        values: &[Value],
    ) -> Result<()> {
        if types.len() != values.len() {
            let (expected, found) = (types.len(), values.len());
            return Err(Error::Arity { what: lists.0, expected, found });
        }
        for (position, (ty, value)) in types.iter().zip(values).enumerate() {
            self.check_type(lists.1, position, *ty, value)?;
        }
        Ok(())
    }
}
