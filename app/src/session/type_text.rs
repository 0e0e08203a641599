//! Types as text, with the names that modules give to types and fields.

use stepwell_engine::module::NameKind;
use stepwell_engine::text::identifier;
use stepwell_engine::types::{CompositeType, FieldType, StorageType};
use stepwell_engine::{ExternType, FuncType, HeapType, Module, Mutability, RefType, ValType};

/// A value type whose defined types are called what `name` says.
pub(super) fn val(ty: ValType, name: &dyn Fn(u32) -> String) -> String {
    match ty {
        ValType::Ref(RefType { nullable, heap: HeapType::Concrete(_, index) }) => {
            let null = if nullable { "null " } else { "" };
            format!("(ref {null}{})", name(index))
        }
        other => other.to_string(),
    }
}

fn list(types: &[ValType], name: &dyn Fn(u32) -> String) -> String {
    let types: Vec<String> = types.iter().map(|ty| val(*ty, name)).collect();
    format!("({})", types.join(", "))
}

/// A function type, as [`val`] has its parts.
pub(super) fn func(ty: &FuncType, name: &dyn Fn(u32) -> String) -> String {
    format!("{} -> {}", list(ty.params(), name), list(ty.results(), name))
}

fn field(ty: FieldType, name: &dyn Fn(u32) -> String) -> String {
    let mutable = if ty.mutable { "mut " } else { "" };
    let storage = match ty.storage {
        StorageType::Val(ty) => val(ty, name),
        packed => packed.to_string(),
    };
    format!("{mutable}{storage}")
}

/// What a type of a module is called there: `$point`, or its index.
pub fn type_name(module: &Module, index: u32) -> String {
    match module.item_name(NameKind::Type, index) {
        Some(name) => identifier(name),
        None => index.to_string(),
    }
}

/// A value type of a module, as `(ref null $list)`.
pub fn val_type(module: &Module, ty: ValType) -> String {
    val(ty, &|index| type_name(module, index))
}

/// A function type of a module, as `(i32, (ref $point)) -> ()`.
pub fn func_type(module: &Module, ty: &FuncType) -> String {
    func(ty, &|index| type_name(module, index))
}

/// The type of an import or export of a module, with the names of what it refers to.
pub fn extern_type(module: &Module, ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => format!("func {}", func_type(module, ty)),
        ExternType::Tag(ty) => {
            let values = list(ty.params(), &|index| type_name(module, index));
            format!("tag {values}")
        }
        ExternType::Global(ty) => {
            let mutable = if ty.mutability == Mutability::Var { "mut " } else { "" };
            format!("global {mutable}{}", val_type(module, ty.content))
        }
        ExternType::Table(ty) => {
            let index = if ty.index64 { "i64 " } else { "" };
            format!("table {index}{} {}", ty.limits, val_type(module, ty.element.into()))
        }
        ExternType::Memory(_) => ty.to_string(),
    }
}

/// What a type of a module's type section consists of, as `sub $shape struct ($x f64, mut i8)`; empty
/// if there is none.
pub fn defined_type(module: &Module, index: u32) -> String {
    let Some(ty) = module.types().get(index as usize) else { return String::new() };
    let name = |index| type_name(module, index);
    let above = ty.supertype.map(name);
    let sub = match (ty.is_final, above) {
        (true, None) => String::new(),
        (true, Some(above)) => format!("sub final {above} "),
        (false, Some(above)) => format!("sub {above} "),
        (false, None) => "sub ".to_owned(),
    };
    let composite = match &ty.composite {
        CompositeType::Func(ty) => func(ty, &name),
        CompositeType::Array(ty) => format!("array ({})", field(ty.element, &name)),
        CompositeType::Struct(ty) => {
            let fields: Vec<String> = (0..)
                .zip(ty.fields())
                .map(|(position, ty)| match module.field_name(index, position) {
                    Some(called) => format!("{} {}", identifier(called), field(*ty, &name)),
                    None => field(*ty, &name),
                })
                .collect();
            format!("struct ({})", fields.join(", "))
        }
    };
    sub + &composite
}

/// Names and types of the fields of a structure: `$next` or its position, and `mut (ref null $list)`.
/// An array's elements count as one field.
pub fn fields(module: &Module, index: u32) -> Vec<(String, String)> {
    let Some(ty) = module.types().get(index as usize) else { return Vec::new() };
    let name = |index| type_name(module, index);
    match &ty.composite {
        CompositeType::Func(_) => Vec::new(),
        CompositeType::Array(ty) => vec![("element".to_owned(), field(ty.element, &name))],
        CompositeType::Struct(ty) => (0..)
            .zip(ty.fields())
            .map(|(position, ty)| {
                let called = module.field_name(index, position);
                let called = called.map_or(position.to_string(), identifier);
                (called, field(*ty, &name))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::{Config, Engine};

    #[test]
    fn types_are_written_with_the_names_of_their_module() {
        let text = "(module (rec (type $list (sub (struct (field $value i32) \
                    (field $next (mut (ref null $list))))))) (type $row (array (mut i8))) \
                    (type $longer (sub final $list (struct (field $value i32) \
                    (field $next (mut (ref null $list))) (field f64)))) \
                    (type (func (param (ref $row) anyref) (result (ref null 1)))))";
        let module = Module::from_wat(&Engine::new(Config::default()), text).unwrap();
        let all: Vec<String> = (0..5).map(|index| defined_type(&module, index)).collect();
        assert_eq!(all[0], "sub struct ($value i32, $next mut (ref null $list))");
        assert_eq!(all[1], "array (mut i8)");
        assert_eq!(all[2], "sub final $list struct ($value i32, $next mut (ref null $list), f64)");
        assert_eq!(all[3], "((ref $row), anyref) -> ((ref null $row))");
        assert_eq!(all[4], "");
        assert_eq!(type_name(&module, 3), "3");
        let pair = |name: &str, ty: &str| (name.to_owned(), ty.to_owned());
        assert_eq!(
            fields(&module, 2)[1..],
            [pair("$next", "mut (ref null $list)"), pair("2", "f64"),]
        );
        assert_eq!(fields(&module, 1), [pair("element", "mut i8")]);
    }
}
