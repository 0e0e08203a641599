//! Modules with much of one thing, loaded and instantiated.

use std::fmt::Write as _;

use stepwell_engine::{Config, Engine, Linker, Module, Store};

use super::{Kind, Result, Work};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "load.types", size: 20_000, prepare: types },
    Kind { name: "load.groups", size: 20_000, prepare: groups },
    Kind { name: "load.one_group", size: 20_000, prepare: one_group },
    Kind { name: "load.functions", size: 50_000, prepare: functions },
    Kind { name: "load.exports", size: 100_000, prepare: exports },
    Kind { name: "load.globals", size: 100_000, prepare: globals },
    Kind { name: "load.elements", size: 25_000, prepare: elements },
    Kind { name: "load.data", size: 25_000, prepare: data },
    Kind { name: "load.customs", size: 50_000, prepare: customs },
    Kind { name: "load.name_sections", size: 5_000, prepare: name_sections },
    Kind { name: "load.instances", size: 50_000, prepare: instances },
    Kind { name: "load.modules", size: 10_000, prepare: many_modules },
];

/// A module of so many fields, loaded and instantiated each time.
pub(super) fn load(size: usize, field: impl Fn(&mut String, usize)) -> Result<Work> {
    let mut text = String::from("(module ");
    (0..size).for_each(|number| field(&mut text, number));
    text.push(')');
    loaded(wat::parse_str(&text)?)
}

fn loaded(bytes: Vec<u8>) -> Result<Work> {
    let engine = Engine::new(Config::default().validation_threads(1));
    Ok(Box::new(move || {
        let module = Module::new(&engine, &bytes)?;
        Linker::new().instantiate(&mut Store::new(&engine), &module)?;
        Ok(())
    }))
}

fn types(size: usize) -> Result<Work> {
    load(size, |text, number| {
        let _ = write!(text, "(type (func (param i32");
        let digits = format!("{number:020b}").replace('0', " i64").replace('1', " f32");
        let _ = write!(text, "{digits})))");
    })
}

fn groups(size: usize) -> Result<Work> {
    load(size, |text, number| {
        let before = number.saturating_sub(1);
        let _ = match number {
            0 => write!(text, "(type $t0 (struct))"),
            _ => write!(text, "(type $t{number} (array (ref null $t{before})))"),
        };
    })
}

fn one_group(size: usize) -> Result<Work> {
    let mut text = String::from("(module (rec ");
    for number in 0..size {
        let next = (number + 1) % size;
        let _ = write!(text, "(type $t{number} (struct (field (ref null $t{next}))))");
    }
    text.push_str("))");
    loaded(wat::parse_str(&text)?)
}

fn functions(size: usize) -> Result<Work> {
    load(size, |text, number| {
        let _ = write!(text, "(func $f{number} (export \"f{number}\") nop)");
    })
}

fn exports(size: usize) -> Result<Work> {
    load(size, |text, number| {
        let _ = match number {
            0 => write!(text, "(func $f)"),
            _ => write!(text, "(export \"e{number}\" (func $f))"),
        };
    })
}

fn globals(size: usize) -> Result<Work> {
    load(size, |text, number| {
        let _ = match number {
            0 => write!(text, "(global $g0 i32 (i32.const 0))"),
            _ => write!(text, "(global $g{number} i32 (global.get $g{}))", number - 1),
        };
    })
}

fn elements(size: usize) -> Result<Work> {
    load(size, |text, number| {
        let _ = match number {
            0 => write!(text, "(func $f) (table 10 funcref)"),
            _ => write!(text, "(elem (i32.const 5) func $f)"),
        };
    })
}

fn data(size: usize) -> Result<Work> {
    load(size, |text, number| {
        let _ = match number {
            0 => write!(text, "(memory 1)"),
            _ => write!(text, "(data (i32.const {}) \"stepwell\")", number & 0xfff),
        };
    })
}

fn customs(size: usize) -> Result<Work> {
    load(size, |text, number| {
        let _ = write!(text, "(@custom \"c{number}\" \"stepwell\")");
    })
}

/// Several name sections, of which each says something new.
fn name_sections(size: usize) -> Result<Work> {
    let mut text = String::from("(module ");
    (0..size).for_each(|_| text.push_str("(func)"));
    text.push(')');
    let mut bytes = wat::parse_str(&text)?;
    for number in 0..size as u32 {
        // The subsection of functions, with one name: an index of three bytes, and a letter.
        let index = [number as u8 | 0x80, (number >> 7) as u8 | 0x80, (number >> 14) as u8];
        let mut section = b"\x04name\x01\x06\x01".to_vec();
        section.extend(index);
        section.extend(b"\x01f");
        bytes.extend([0, section.len() as u8]);
        bytes.extend(section);
    }
    loaded(bytes)
}

/// One module, so many times in one store.
fn instances(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default().max_instances(u32::MAX));
    let text = "(module (type (func)) (global i32 (i32.const 0)) (func (export \"f\")))";
    let module = Module::from_wat(&engine, text)?;
    Ok(Box::new(move || {
        let mut store = Store::new(&engine);
        for _ in 0..size {
            Linker::new().instantiate(&mut store, &module)?;
        }
        Ok(())
    }))
}

/// So many modules, each linked to the one before.
fn many_modules(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default().max_instances(u32::MAX));
    let mut modules = Vec::new();
    for number in 0..size {
        let import = match number {
            0 => String::new(),
            _ => format!("(import \"m{}\" \"f\" (func (type 0)))", number - 1),
        };
        let text =
            format!("(module (type (func (param i32))) {import} (func (export \"f\") (type 0)))");
        modules.push(Module::from_wat(&engine, &text)?);
    }
    Ok(Box::new(move || {
        let mut store = Store::new(&engine);
        let mut linker = Linker::new();
        for (number, module) in modules.iter().enumerate() {
            let instance = linker.instantiate(&mut store, module)?;
            linker.define_instance(&format!("m{number}"), instance);
        }
        Ok(())
    }))
}
