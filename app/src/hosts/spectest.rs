//! The module that the specification's interpreter offers to its test suite: functions that print,
//! globals of 666, tables of 10 to 20 elements, memories of 1 to 2 pages.

use stepwell_engine::module::Import;
use stepwell_engine::{
    ExternType, FuncType, GlobalType, HostResult, Limits, MemoryType, Mutability, RefType,
    TableType, ValType, Value,
};

use super::Stream;
use super::call::{Call, Item, Lookup};
use super::state::matches;

const MODULE: &str = "spectest";

const NAMES: [&str; 15] = [
    "print",
    "print_i32",
    "print_i64",
    "print_f32",
    "print_f64",
    "print_i32_f32",
    "print_f64_f64",
    "global_i32",
    "global_i64",
    "global_f32",
    "global_f64",
    "table",
    "table64",
    "memory",
    "shared_memory",
];

/// The type of an item, and a global's value.
fn item(name: &str) -> Option<(ExternType, Option<Value>)> {
    use ValType::{F32, F64, I32, I64};
    let print = |params: &[ValType]| {
        Some((ExternType::Func(FuncType::new(params.iter().copied(), [])), None))
    };
    let global = |value: Value| {
        let ty = GlobalType { content: value.ty(), mutability: Mutability::Const };
        Some((ExternType::Global(ty), Some(value)))
    };
    let table = |index64| {
        let ty = TableType::new(RefType::FUNC, Limits { min: 10, max: Some(20) });
        Some((ExternType::Table(TableType { index64, ..ty }), None))
    };
    let memory = |shared| {
        let ty = MemoryType::new(Limits { min: 1, max: Some(2) });
        Some((ExternType::Memory(MemoryType { shared, ..ty }), None))
    };
    match name {
        "print" => print(&[]),
        "print_i32" => print(&[I32]),
        "print_i64" => print(&[I64]),
        "print_f32" => print(&[F32]),
        "print_f64" => print(&[F64]),
        "print_i32_f32" => print(&[I32, F32]),
        "print_f64_f64" => print(&[F64, F64]),
        "global_i32" => global(Value::I32(666)),
        "global_i64" => global(Value::I64(666)),
        "global_f32" => global(Value::F32(666.6)),
        "global_f64" => global(Value::F64(666.6)),
        "table" => table(false),
        "table64" => table(true),
        "memory" => memory(false),
        "shared_memory" => memory(true),
        _ => None,
    }
}

/// Everything that there is.
pub(super) fn all() -> impl Iterator<Item = Import> {
    NAMES.into_iter().filter_map(|name| {
        Some(Import { module: MODULE.into(), name: name.into(), ty: item(name)?.0 })
    })
}

pub(super) fn look_up(import: &Import) -> Lookup {
    if &*import.module != MODULE {
        return Lookup::Unknown;
    }
    match item(&import.name) {
        None => Lookup::Unknown,
        Some((ty, _)) if ty == import.ty && matches!(ty, ExternType::Func(_)) => {
            Lookup::Found(Item::function(print))
        }
        Some((ty, value)) if matches(&ty, &import.ty) => Lookup::Found(Item::Made(ty, value)),
        Some((ty, _)) => Lookup::Misfit(ty.to_string()),
    }
}

/// Writes each value with its type, as `666 : i32`.
fn print(call: &mut Call<'_, '_>) -> HostResult {
    let value = |value: &Value| {
        let number = match value {
            Value::I32(value) => value.to_string(),
            Value::I64(value) => value.to_string(),
            Value::F32(value) => value.to_string(),
            Value::F64(value) => value.to_string(),
            other => other.to_string(),
        };
        format!("{number} : {}", value.ty())
    };
    let values: Vec<String> = call.args.iter().map(value).collect();
    call.print_line(Stream::Stdout, values.join("\n"));
    call.done()
}
