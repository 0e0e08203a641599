//! Chains through everything that carries values.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Author, Carried, Contents, Origin, Place, Question, Unknown};
use crate::timeline::Timeline;
use crate::{Budget, Engine, Linker, MemAddr, Module, Store, Task, Value};

struct Run {
    store: Store,
    task: Task,
    timeline: Timeline,
}

impl Run {
    fn new(wat: &str, args: &[Value]) -> Self {
        let engine = Engine::default();
        let module = Module::from_wat(&engine, wat).unwrap();
        let mut store = Store::new(&engine);
        let mut linker = Linker::new();
        linker.func_wrap("h", "seven", || 7_i32);
        linker.func_wrap("h", "fill", |caller: &mut crate::Caller<'_>, at: i32| {
            let _ = caller.memory().unwrap().write(at as u32, &[1, 2, 3, 4]);
        });
        let mut timeline = Timeline::begin(&mut store, 64 << 20);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = store.export_func(instance, "run").unwrap();
        let mut task = store.start(run, args).unwrap();
        timeline.changed(&mut store, &task);
        while !task.is_finished(&store) {
            timeline.run(&mut store, &mut task, Budget::instructions(10_000)).unwrap();
        }
        Self { store, task, timeline }
    }

    fn ask(&mut self, mut question: Question) -> Vec<Origin> {
        loop {
            // In slices, each of which ends somewhere else.
            let found = question.go_on(&mut self.timeline, &mut self.store, 1_000).unwrap();
            if let Some(found) = found {
                return found;
            }
        }
    }

    fn result(&mut self) -> Origin {
        let (task, clock) = (self.task.id(), self.timeline.end());
        let mut found = self.ask(Question::new(Place::Result { task, index: 0 }, clock));
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    fn bytes(&mut self, address: u64, len: u64) -> Vec<Origin> {
        let place = Place::Bytes { memory: MemAddr(0), address, len };
        let clock = self.timeline.end();
        self.ask(Question::new(place, clock))
    }
}

fn operator(author: &Author) -> (&str, Vec<Value>) {
    let (Author::Instruction(made) | Author::Constant(made)) = author else {
        panic!("not an instruction: {author:?}");
    };
    let values = made.inputs.iter().filter_map(|input| match &input.value {
        Contents::Value(value) => Some(*value),
        Contents::Bytes(_) => None,
    });
    (&made.operator, values.collect())
}

#[test]
fn moves_are_passed_through_and_told() {
    let mut run = Run::new(
        r#"(module (memory 1) (global $g (mut i32) (i32.const 0)) (table $t 2 funcref)
          (func $id (param $p i32) (result i32) (local.get $p))
          (func (export "run") (result i32) (local $x i32)
            (local.set $x (i32.add (i32.const 40) (i32.const 2)))
            (i32.store (i32.const 16) (call $id (local.get $x)))
            (memory.copy (i32.const 32) (i32.const 16) (i32.const 4))
            (global.set $g (i32.load (i32.const 32)))
            (block $b (result i32) (i32.const 9) (br $b (global.get $g)))))"#,
        &[],
    );
    let origin = run.result();
    assert_eq!(operator(&origin.author), ("i32.add", [Value::I32(40), Value::I32(2)].into()));
    assert_eq!(origin.made, Some(Contents::Value(Value::I32(42))));
    let through: Vec<_> = origin.through.iter().map(|step| step.by).collect();
    let kinds = through.iter().map(|by| match by {
        Carried::Local { local, .. } => alloc::format!("local {local}"),
        Carried::Global(_) => "global".into(),
        Carried::Bytes { address, len, .. } => alloc::format!("{address}+{len}"),
        Carried::Argument { index, .. } => alloc::format!("argument {index}"),
        Carried::Result { func, .. } => alloc::format!("result of {func}"),
        Carried::Branch(_) => "branch".into(),
        other => alloc::format!("{other:?}"),
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "result of 1",
            "branch",
            "global",
            "32+4",
            "16+4",
            "result of 0",
            "local 0",
            "argument 0",
            "local 0"
        ]
    );
    // The constant is the next question.
    let Author::Instruction(made) = origin.author else { unreachable!() };
    let found = run.ask(Question::new(made.inputs[0].place, made.clock));
    assert!(matches!(&found[0].author, Author::Constant(made) if made.operator == "i32.const"));
}

#[test]
fn step_by_step_stops_at_each_move() {
    let mut run = Run::new(
        r#"(module (func (export "run") (param $x i32) (result i32) (local.get $x)))"#,
        &[Value::I32(5)],
    );
    let place = Place::Result { task: run.task.id(), index: 0 };
    let found = run.ask(Question::new(place, run.timeline.end()).step_by_step());
    let Author::Instruction(end) = &found[0].author else { panic!("{found:?}") };
    assert_eq!((&*end.operator, end.clock), ("end", 1));
    let found = run.ask(Question::new(end.inputs[0].place, end.clock).step_by_step());
    let Author::Instruction(get) = &found[0].author else { panic!("{found:?}") };
    assert_eq!((&*get.operator, get.clock), ("local.get", 0));
    let found = run.ask(Question::new(get.inputs[0].place, get.clock).step_by_step());
    assert_eq!(found[0].author, Author::Argument { index: 0, clock: 0 });
}

#[test]
fn what_the_host_has_made_is_told_with_its_call() {
    let mut run = Run::new(
        r#"(module (import "h" "seven" (func $seven (result i32))) (import "h" "fill" (func $fill (param i32)))
          (memory 1)
          (func (export "run") (result i32)
            (call $fill (i32.const 8))
            (i32.store8 (i32.const 9) (i32.const 99))
            (i32.sub (call $seven) (i32.load8_u (i32.const 10)))))"#,
        &[],
    );
    let origin = run.result();
    let Author::Instruction(made) = origin.author else { panic!() };
    assert_eq!(&*made.operator, "i32.sub");
    let host = |author: &Author| match author {
        Author::HostCall { number, call, .. } => {
            (number.unwrap(), call.as_ref().unwrap().operator.clone().into_owned())
        }
        other => panic!("{other:?}"),
    };
    let seven = run.ask(Question::new(made.inputs[0].place, made.clock));
    assert_eq!(host(&seven[0].author), (1, "call".into()));
    let loaded = run.ask(Question::new(made.inputs[1].place, made.clock));
    assert_eq!(host(&loaded[0].author), (0, "call".into()));
    assert_eq!(loaded[0].made, Some(Contents::Bytes([3].into())));
    assert!(
        matches!(loaded[0].through[..], [step] if matches!(step.by, Carried::Bytes { address: 10, len: 1, .. }))
    );
    // Bytes of several authors, in order.
    let found = run.bytes(6, 8);
    let told: Vec<_> = found
        .iter()
        .map(|origin| {
            let Place::Bytes { address, len, .. } = origin.part else { panic!() };
            let by = match &origin.author {
                Author::Initial => "initial".into(),
                Author::HostCall { .. } => "host".into(),
                author => operator(author).0.to_owned(),
            };
            (address, len, by)
        })
        .collect();
    let expected = [
        (6, 2, "initial"),
        (8, 1, "host"),
        (9, 1, "i32.const"),
        (10, 2, "host"),
        (12, 2, "initial"),
    ];
    assert_eq!(told, expected.map(|(address, len, by)| (address, len, String::from(by))));
}

#[test]
fn data_segments_arguments_and_defaults_are_ends() {
    let mut run = Run::new(
        r#"(module (memory 1) (data (i32.const 4) "\2a\00\00\00")
          (func (export "run") (param $n i32) (result i32) (local $zero i32)
            (drop (i32.add (local.get $zero) (local.get $n)))
            (drop (i32.add (i32.load (i32.const 4)) (i32.const 1)))
            (i32.load (i32.const 2))))"#,
        &[Value::I32(3)],
    );
    // Made of zeros and of the segment: the load has put it together.
    let origin = run.result();
    let Author::Instruction(load) = origin.author else { panic!() };
    assert_eq!(&*load.operator, "i32.load");
    let bytes = run.ask(Question::new(load.inputs[1].place, load.clock));
    let ends: Vec<_> = bytes.iter().map(|origin| &origin.author).collect();
    let segment = Author::DataSegment { instance: crate::InstanceId(0), segment: 0 };
    assert_eq!(ends, [&Author::Initial, &segment]);
    let task = run.task.id();
    let operand = |index| Place::Operand { task, frame: 0, index };
    let zero = run.ask(Question::new(operand(0), 2));
    assert_eq!(zero[0].author, Author::LocalDefault { clock: 0 });
    let argument = run.ask(Question::new(operand(1), 2));
    assert_eq!(argument[0].author, Author::Argument { index: 0, clock: 0 });
    let loaded = run.ask(Question::new(operand(0), 6));
    assert_eq!(loaded[0].author, segment);
    assert_eq!(loaded[0].made, Some(Contents::Bytes([42, 0, 0, 0].into())));
    let none = run.ask(Question::new(operand(7), 6));
    assert_eq!(none[0].author, Author::NotKnown(Unknown::NoPlace));
}

#[test]
fn exceptions_tail_calls_and_selects_carry() {
    let mut run = Run::new(
        r#"(module (tag $e (param i32))
          (func $thrower (param $v i32) (result i32) (throw $e (local.get $v)))
          (func $tail (param $a i32) (param $b i32) (result i32) (return_call $thrower (local.get $b)))
          (func (export "run") (result i32)
            (select (block $caught (result i32)
              (try_table (result i32) (catch $e $caught)
                (call $tail (i32.const 1) (i32.mul (i32.const 6) (i32.const 7)))))
              (i32.const 3) (i32.const 1))))"#,
        &[],
    );
    let origin = run.result();
    assert_eq!(operator(&origin.author), ("i32.mul", [Value::I32(6), Value::I32(7)].into()));
    let has = |by: fn(&Carried) -> bool| origin.through.iter().any(|step| by(&step.by));
    assert!(has(|by| matches!(by, Carried::Select(_))));
    assert!(has(|by| matches!(by, Carried::Exception(_))));
    assert!(has(|by| matches!(by, Carried::Argument { index: 1, func, .. } if func.0 == 1)));
    assert!(has(|by| matches!(by, Carried::Argument { index: 0, func, .. } if func.0 == 0)));
}

#[test]
#[cfg_attr(miri, ignore)] // long, and without a line that Miri is for
fn edits_and_far_writers_are_found() {
    let mut run = Run::new(
        r#"(module (global $g (mut i32) (i32.const 0))
          (func (export "run") (param $n i32) (result i32) (local $far i32)
            (local.set $far (i32.sub (i32.const 50) (i32.const 8)))
            (loop $l
              (global.set $g (i32.add (global.get $g) (i32.const 1)))
              (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $far)))"#,
        &[Value::I32(120_000)],
    );
    assert!(run.timeline.kept_states() > 3);
    let origin = run.result();
    assert_eq!(operator(&origin.author).0, "i32.sub");
    let global = Place::Global(crate::GlobalAddr(0));
    let found = run.ask(Question::new(global, run.timeline.end()));
    assert_eq!(
        operator(&found[0].author),
        ("i32.add", [Value::I32(119_999), Value::I32(1)].into())
    );
    run.timeline.return_to_present(&mut run.store);
    run.store.set_global(crate::GlobalAddr(0), Value::I32(-1)).unwrap();
    let task = run.task.clone();
    run.timeline.changed(&mut run.store, &task);
    let end = run.timeline.end();
    let found = run.ask(Question::new(global, end));
    assert_eq!(found[0].author, Author::Edit { clock: end });
}
