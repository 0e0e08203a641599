//! Every row of the table in `assets/examples/README.md`, and that the gallery and the folder hold
//! the same files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use stepwell::session::{Command, ConsoleStream, Session, TaskState};
use stepwell_engine::types::ExternType;
use stepwell_engine::{
    Config, Engine, Error, FuncType, HostError, InstanceId, Linker, Module, Store, ValType, Value,
};
use stepwell_tests::{example_bytes, examples, examples_folder, link, stem, value};

/// One row: what is called, and what is to come of it.
struct Row {
    files: Vec<String>,
    /// Whether it goes on with the instance of the row above.
    then: bool,
    export: String,
    args: Vec<Value>,
    expected: String,
}

/// Under this heading another table has the programs that need a host.
const PROGRAMS: &str = "\n## Programs\n";

/// A program, what is typed for it, and the lines that it prints.
struct Program {
    file: String,
    typed: Vec<String>,
    printed: Vec<String>,
}

fn programs() -> Vec<Program> {
    let readme = std::fs::read_to_string(examples_folder().join("README.md")).unwrap();
    let (_, readme) = readme.split_once(PROGRAMS).unwrap();
    let lines = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let program = |line: &str| {
        let cells: Vec<&str> = line.split('|').collect();
        let [file, typed, printed, ..] = cells[..] else { panic!("three cells: {line}") };
        let file = file.trim().trim_end_matches('`').to_owned();
        Program { file, typed: quoted(typed), printed: quoted(printed) }
    };
    lines.map(program).collect()
}

/// The texts between backquotes.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let readme = std::fs::read_to_string(examples_folder().join("README.md")).unwrap();
    let mut files = Vec::new();
    let mut rows = Vec::new();
    let (readme, _) = readme.split_once(PROGRAMS).unwrap();
    let lines = readme.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    for line in lines.skip(1) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [named, export, args, expected] = cells[..] else { panic!("four cells: {line}") };
        if !named.is_empty() {
            files = quoted(named);
        }
        rows.push(Row {
            files: files.clone(),
            then: export.starts_with("*then*"),
            export: quoted(export).remove(0),
            args: quoted(args).iter().map(|arg| value(arg)).collect(),
            expected: expected.to_owned(),
        });
    }
    rows
}

/// What the guests printed.
type Printed = Rc<RefCell<Vec<String>>>;

/// A host that prints, and plays the game with these guesses.
fn host(printed: &Printed, guesses: Vec<i32>) -> Linker {
    let mut linker = Linker::new();
    let lines = printed.clone();
    let text = FuncType::new([ValType::I32, ValType::I32], []);
    linker.func_local("env", "print", text, move |caller, args| {
        let [Value::I32(at), Value::I32(len)] = args[..] else { panic!("two integers") };
        let memory = caller.memory().ok_or("the caller has no memory")?;
        lines.borrow_mut().push(memory.read_str(at as u32, len as u32)?);
        Ok(vec![])
    });
    let number = FuncType::new([], [ValType::I32]);
    linker.func_local("env", "random", number.clone(), |_, _| Ok(vec![Value::I32(41)]));
    let guesses = RefCell::new(guesses.into_iter());
    linker.func_local("env", "ask_number", number, move |_, _| {
        let guess = guesses.borrow_mut().next().ok_or(HostError::new("no guess left"))?;
        Ok(vec![Value::I32(guess)])
    });
    linker
}

fn instantiate(row: &Row, printed: &Printed) -> (Store, InstanceId) {
    let guesses = match row.expected.as_str() {
        text if text.contains("50, 25, 42") => vec![50, 25, 42],
        text if text.contains("seven wrong") => vec![1; 7],
        _ => vec![],
    };
    let modules: Vec<_> =
        row.files.iter().map(|file| (stem(file).to_owned(), example_bytes(file))).collect();
    let engine = Engine::new(Config::default());
    link(&engine, &mut host(printed, guesses), &modules).unwrap()
}

#[test]
fn every_row_of_the_table() {
    let rows = rows();
    assert!(rows.len() > 80, "{} rows", rows.len());
    let mut instance = None;
    for row in &rows {
        let printed = Printed::default();
        if !row.then {
            instance = Some(instantiate(row, &printed));
        }
        let (store, instance) = instance.as_mut().expect("a first row");
        let place = format!("{:?} {} {:?}", row.files, row.export, row.args);
        let func = store.export_func(*instance, &row.export).expect(&place);
        let outcome = store.invoke(func, &row.args);
        if let Some(trap) = row.expected.strip_prefix("trap: ") {
            let Err(Error::Trap(found)) = &outcome else { panic!("{place}: {outcome:?}") };
            assert_eq!(found.code.to_string(), trap, "{place}");
            continue;
        }
        let results: Vec<String> = outcome.expect(&place).iter().map(Value::to_string).collect();
        if let Some(lines) = row.expected.strip_prefix("prints ") {
            assert_eq!(*printed.borrow(), quoted(lines), "{place}");
        } else {
            assert_eq!(results, quoted(&row.expected.replace("`random`", "random")), "{place}");
        }
    }
}

#[test]
fn programs_print_what_the_table_says() {
    let programs = programs();
    assert!(programs.len() >= 5);
    for Program { file, typed, printed } in programs {
        let mut session = Session::new();
        session.apply(Command::OpenExample(stem(&file).to_owned())).unwrap();
        for line in typed {
            session.apply(Command::TypeLine(line)).unwrap();
        }
        session.apply(Command::Continue).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let over = |session: &Session| {
            session.tasks().iter().all(|task| matches!(task.state, TaskState::Done(_)))
        };
        while !over(&session) {
            assert!(
                Instant::now() < deadline,
                "{file}: {:?} {:?}",
                session.run_state(),
                session.tasks()
            );
            if !session.tick(Duration::from_millis(8)) && !over(&session) {
                // It waits for a timer.
                std::thread::sleep(session.next_look().unwrap_or_default());
            }
        }
        let pieces = session.console();
        let written = pieces.iter().filter(|piece| piece.stream != ConsoleStream::Input);
        let bytes: Vec<u8> = written.flat_map(|piece| piece.bytes.iter().copied()).collect();
        let lines: Vec<String> =
            String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines, printed, "{file}");
    }
}

#[test]
fn memories_after_a_run() {
    let memory = |file: &[&str], export: &str, address: usize, len: usize| {
        let row = Row {
            files: file.iter().map(|&file| file.to_owned()).collect(),
            then: false,
            export: export.to_owned(),
            args: vec![],
            expected: String::new(),
        };
        let (mut store, instance) = instantiate(&row, &Printed::default());
        let func = store.export_func(instance, export).unwrap();
        store.invoke(func, &[]).unwrap();
        let memory = store.instance(instance).unwrap().memories()[0];
        store.memory(memory).unwrap().bytes()[address..address + len].to_vec()
    };
    let text = "Hello, Ada! Hello, Grace! Hello, Edsger! ";
    let greeted = memory(&["greeter/lib.wat", "greeter/main.wat"], "greet", 1024, text.len());
    assert_eq!(String::from_utf8_lossy(&greeted), text);
    let sorted = memory(&["memory.wat"], "sort_sample", 256, 32);
    let numbers: Vec<i32> =
        sorted.chunks(4).map(|bytes| i32::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!(numbers, [-1000, -7, 0, 7, 13, 42, 99, 1000]);
}

#[test]
fn the_gallery_has_every_example_and_starts_what_there_is() {
    let gallery: BTreeSet<String> =
        examples().into_iter().flat_map(|example| example.files).collect();
    let calls = rows().into_iter().flat_map(|row| row.files);
    let table: BTreeSet<String> =
        calls.chain(programs().into_iter().map(|program| program.file)).collect();
    assert_eq!(gallery, table);
    for example in examples() {
        let bytes = example_bytes(example.files.last().unwrap());
        let module = Module::new(&Engine::default(), &bytes).unwrap();
        let export = module.export(&example.export);
        let ty = export.and_then(|export| module.export_type(export.item));
        let Some(ExternType::Func(ty)) = ty else { panic!("{} has no export", example.id) };
        assert_eq!(ty.params().len(), example.args.len(), "{}", example.id);
    }
}
