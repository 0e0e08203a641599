//! What the tests of this crate share: the examples, and linking modules.
#![allow(clippy::unwrap_used, clippy::expect_used)] // what cannot be set up has failed

use std::path::{Path, PathBuf};

use stepwell::session::parse_value;
use stepwell_engine::types::ExternType;
use stepwell_engine::{Engine, InstanceId, Linker, Module, Store, ValType, Value};

/// Where the examples are.
pub fn examples_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/examples")
}

/// A module of the examples as binary, by its path in their folder.
pub fn example_bytes(file: &str) -> Vec<u8> {
    let path = examples_folder().join(file);
    wat::parse_file(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// The name that a file is linked under.
pub fn stem(file: &str) -> &str {
    Path::new(file).file_stem().and_then(|stem| stem.to_str()).expect("a name")
}

/// A value as it is printed: `i32:5`.
pub fn value(text: &str) -> Value {
    let (ty, value) = text.split_once(':').expect("a type before the value");
    let ty = match ty {
        "i32" => ValType::I32,
        "i64" => ValType::I64,
        "f32" => ValType::F32,
        "f64" => ValType::F64,
        "v128" => ValType::V128,
        _ => panic!("{ty}: no number type"),
    };
    parse_value(ty, value).expect("a value")
}

/// An example of the gallery.
pub struct Example {
    /// Its name in the gallery.
    pub id: String,
    /// Its modules in the order in which they are linked.
    pub files: Vec<String>,
    /// The export to start, one of the last module.
    pub export: String,
    /// The arguments of the export.
    pub args: Vec<Value>,
}

/// All examples of the gallery.
pub fn examples() -> Vec<Example> {
    let index = std::fs::read_to_string(examples_folder().join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let texts = |value: &serde_json::Value| value.as_array().unwrap().iter().map(text).collect();
    let of = |entry: &serde_json::Value| {
        let files: Vec<String> = texts(&entry["files"]);
        let args: Vec<String> = texts(&entry["entry"]["args"]);
        assert_eq!(entry["entry"]["module"].as_str(), files.last().map(|file| stem(file)));
        Example {
            id: text(&entry["id"]),
            files,
            export: text(&entry["entry"]["export"]),
            args: args.iter().map(|arg| value(arg)).collect(),
        }
    };
    index.as_array().unwrap().iter().map(of).collect()
}

/// Instantiates modules in turn, each linked under its name for those behind it; imports that
/// nothing satisfies become host calls. Answers with the last instance.
pub fn link(
    engine: &Engine,
    linker: &mut Linker,
    modules: &[(String, Vec<u8>)],
) -> stepwell_engine::Result<(Store, InstanceId)> {
    let mut store = Store::new(engine);
    let mut last = None;
    for (name, bytes) in modules {
        let module = Module::new(engine, bytes)?;
        for import in module.imports() {
            if let ExternType::Func(ty) = &import.ty
                && !linker.has(&store, &import.module, &import.name)
            {
                linker.func_unresolved(&import.module, &import.name, ty.clone());
            }
        }
        let instance = linker.instantiate(&mut store, &module)?;
        linker.define_instance(name, instance);
        last = Some(instance);
    }
    Ok((store, last.expect("a module")))
}
