//! Modules with many imports, linked to the host and to each other, and opened in a session.

use std::fmt::Write as _;
use std::time::Duration;

use stepwell::hosts::{ConsoleLog, HostState, Importer, Stdin};
use stepwell::session::{Command, Session};
use stepwell_engine::{Config, Engine, ExternType, Linker, Module, Store};

use super::{Kind, Result, Work};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "link.functions", size: 50_000, prepare: functions },
    Kind { name: "link.closures", size: 50_000, prepare: closures },
    Kind { name: "link.one_function", size: 20_000, prepare: one_function },
    Kind { name: "link.globals", size: 50_000, prepare: globals },
    Kind { name: "link.between_modules", size: 80_000, prepare: between_modules },
    Kind { name: "link.types", size: 2_500, prepare: types },
    Kind { name: "link.guessed", size: 5_000, prepare: guessed },
    Kind { name: "session.imports", size: 20_000, prepare: session },
];

/// A module with so many imports.
fn importer(engine: &Engine, size: usize, import: impl Fn(&mut String, usize)) -> Result<Module> {
    let mut text = String::from("(module ");
    (0..size).for_each(|number| import(&mut text, number));
    text.push(')');
    Ok(Module::from_wat(engine, &text)?)
}

/// Defines functions without an answer, and makes what is no function.
fn instantiate(engine: &Engine, module: &Module) -> Result<()> {
    let mut store = Store::new(engine);
    let mut linker = Linker::new();
    for import in module.imports() {
        if let ExternType::Func(ty) = &import.ty {
            linker.func_unresolved(&import.module, &import.name, ty.clone());
        } else if let Some(item) = store.new_import(module, &import.ty)? {
            linker.define(&import.module, &import.name, item);
        }
    }
    linker.instantiate(&mut store, module)?;
    Ok(())
}

fn functions(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let module = importer(&engine, size, |text, number| {
        let _ = write!(text, "(import \"env\" \"f{number}\" (func (param i32)))");
    })?;
    Ok(Box::new(move || instantiate(&engine, &module)))
}

fn closures(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let module = importer(&engine, size, |text, number| {
        let _ = write!(text, "(import \"env\" \"f{number}\" (func (param i32)))");
    })?;
    Ok(Box::new(move || {
        let mut linker = Linker::new();
        for import in module.imports() {
            if let ExternType::Func(ty) = &import.ty {
                let ty = ty.clone();
                linker.func(&import.module, &import.name, ty, |_, _| Ok(Vec::new()));
            }
        }
        linker.instantiate(&mut Store::new(&engine), &module)?;
        Ok(())
    }))
}

/// One function of many parameters.
fn one_function(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let params = "i32 ".repeat(8);
    let module = importer(&engine, size, |text, number| {
        let _ = match number {
            0 => write!(text, "(type $t (func (param {params})))"),
            _ => write!(text, "(import \"env\" \"f\" (func (type $t)))"),
        };
    })?;
    Ok(Box::new(move || instantiate(&engine, &module)))
}

fn globals(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let module = importer(&engine, size, |text, number| {
        let _ = write!(text, "(import \"env\" \"g{number}\" (global (mut i64)))");
    })?;
    Ok(Box::new(move || instantiate(&engine, &module)))
}

fn between_modules(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let exporter = importer(&engine, size, |text, number| {
        let _ = write!(text, "(func (export \"f{number}\") (param i32))");
    })?;
    let importer = importer(&engine, size, |text, number| {
        let _ = write!(text, "(import \"m\" \"f{number}\" (func (param i32)))");
    })?;
    Ok(Box::new(move || {
        let mut store = Store::new(&engine);
        let mut linker = Linker::new();
        let instance = linker.instantiate(&mut store, &exporter)?;
        linker.define_instance("m", instance);
        linker.instantiate(&mut store, &importer)?;
        Ok(())
    }))
}

/// Imports of as many types.
fn types(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let module = importer(&engine, size, |text, number| {
        let params = format!("{number:017b}").replace('0', " i64").replace('1', " f32");
        let _ = write!(text, "(import \"env\" \"f{number}\" (func (param{params})))");
    })?;
    Ok(Box::new(move || instantiate(&engine, &module)))
}

/// Linked to ready sets, as subcommands and the window do.
fn guessed(size: usize) -> Result<Work> {
    let engine = Engine::new(Config::default());
    let module = importer(&engine, size, |text, number| {
        let _ = match number % 2 {
            0 => write!(text, "(import \"env\" \"__syscall{number}\" (func (result i32)))"),
            _ => write!(text, "(import \"env\" \"g{number}\" (global i32))"),
        };
    })?;
    Ok(Box::new(move || {
        let hosts = HostState::new(ConsoleLog::default(), Stdin::default());
        let mut store = Store::new(&engine);
        let mut linker = Linker::new();
        let importer = Importer::of(&module);
        for import in module.imports() {
            let set = importer.guess(import);
            let is_defined = match set {
                Some(set) => hosts.define(set, import, &mut linker, &mut store)?,
                None => false,
            };
            if !is_defined && let Some(item) = store.new_import(&module, &import.ty)? {
                linker.define(&import.module, &import.name, item);
            }
        }
        linker.instantiate(&mut store, &module)?;
        Ok(())
    }))
}

/// Two modules in a session, the second of which imports from the first and from nobody; a run is
/// started.
fn session(size: usize) -> Result<Work> {
    let mut exporter = String::from("(module ");
    let mut importer = String::from("(module ");
    for number in 0..size {
        let _ =
            write!(exporter, "(type (func (param i32))) (func (export \"f{number}\") (param i32))");
        let _ = write!(importer, "(import \"m\" \"f{number}\" (func (param i32)))");
        let _ = write!(importer, "(import \"env\" \"g{number}\" (func (param i64)))");
    }
    exporter.push(')');
    importer.push_str("(func (export \"run\")))");
    let (exporter, importer) = (wat::parse_str(&exporter)?, wat::parse_str(&importer)?);
    Ok(Box::new(move || {
        let mut session = Session::new();
        for (name, bytes) in [("m", &exporter), ("main", &importer)] {
            session.apply(Command::Open { name: name.to_owned(), bytes: bytes.clone() })?;
        }
        while session.is_opening() {
            session.tick(Duration::from_millis(8));
        }
        let module = session.modules().last().map(|open| open.key).ok_or("no module")?;
        session.apply(Command::Start { module, export: "run".to_owned(), args: Vec::new() })?;
        Ok(())
    }))
}
