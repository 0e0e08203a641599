//! Declarations of more than there is.

use stepwell_engine::{
    Config, Engine, Error, LimitKind, Linker, Module, Store, Tier, TrapCode, Value,
};

use super::exercise::small;

/// A module of one section with this body, by hand: no text format writes such.
fn section(id: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    bytes.push(id);
    bytes.extend(leb(body.len() as u32));
    bytes.extend(body);
    bytes
}

fn leb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn module(bytes: &[u8]) -> Result<Module, Error> {
    Module::new(&Engine::new(small()), bytes)
}

fn instantiate(config: Config, text: &str) -> Result<(), Error> {
    let engine = Engine::new(config);
    let module = Module::from_wat(&engine, text)?;
    Linker::new().instantiate(&mut Store::new(&engine), &module).map(drop)
}

fn limit(error: Error) -> (LimitKind, u64, u64) {
    // In a text, with its place there.
    let cause = match &error {
        Error::Text { errors } => errors.first().and_then(|error| error.cause.as_deref()),
        other => Some(other),
    };
    match cause {
        Some(Error::Limit { limit, requested, allowed, .. }) => (*limit, *requested, *allowed),
        _ => panic!("{error}"),
    }
}

#[test]
fn counts_that_promise_four_billion_items() {
    // Types, imports, functions, tables, memories, globals, exports, elements, code, data.
    for id in [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12] {
        let error = module(&section(id, &leb(u32::MAX))).unwrap_err();
        assert!(error.offset().is_some(), "section {id}: {error}");
    }
    // A name section that promises as many names is ignored, as the specification wants it.
    let mut body = vec![4, b'n', b'a', b'm', b'e', 1];
    let names = leb(u32::MAX);
    body.extend(leb(names.len() as u32));
    body.extend(names);
    let module = module(&section(0, &body)).unwrap();
    assert_eq!(module.func_name(stepwell_engine::FuncIndex(0)), None);
}

#[test]
fn eighty_thousand_name_sections() {
    // Each names one function more: they are sorted once, not again each.
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for index in (0..80_000u32).rev() {
        let map = [&[1][..], &leb(index), b"\x01f"].concat();
        let part = [&[1], &leb(map.len() as u32)[..], &map].concat();
        // Without the header of a module of its own.
        bytes.extend(&section(0, &[b"\x04name", &part[..]].concat())[8..]);
    }
    let begun = std::time::Instant::now();
    let module = Module::new(&Engine::new(Config::default()), &bytes).unwrap();
    assert_eq!(module.name_counts(), [("functions", 80_000)]);
    assert_eq!(module.func_name(stepwell_engine::FuncIndex(79_999)), Some("f"));
    println!("{:?}", begun.elapsed());
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
}

#[test]
fn a_section_longer_than_the_file() {
    let mut bytes = b"\0asm\x01\0\0\0\x01".to_vec();
    bytes.extend(leb(u32::MAX));
    assert!(matches!(module(&bytes).unwrap_err(), Error::Malformed { .. }));
}

#[test]
fn a_function_with_a_billion_locals() {
    // type () -> (), one function, its code: one group of 2^30 locals.
    let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0".to_vec();
    let mut code = vec![1];
    code.extend(leb(1 << 30));
    code.extend([0x7f, 0x0b]);
    let mut body = vec![1];
    body.extend(leb(code.len() as u32));
    body.extend(code);
    bytes.push(10);
    bytes.extend(leb(body.len() as u32));
    bytes.extend(body);
    let error = module(&bytes).unwrap_err();
    assert!(error.to_string().contains("locals"), "{error}");
    assert!(error.offset().is_some());
}

#[test]
fn more_locals_than_allowed() {
    let text = format!("(module (func (local {})))", "i64 ".repeat(101));
    let engine = Engine::new(small().max_locals(100));
    let error = Module::from_wat(&engine, &text).unwrap_err();
    assert!(error.offset().is_some());
    assert_eq!(limit(error), (LimitKind::Locals, 101, 100));
    assert!(Module::from_wat(&engine, &text.replacen("i64 ", "", 1)).is_ok());
}

#[test]
fn a_module_larger_than_allowed() {
    let engine = Engine::new(small().max_module_size(100));
    let error = Module::new(&engine, &[0; 101]).unwrap_err();
    assert_eq!(limit(error), (LimitKind::ModuleSize, 101, 100));
}

#[test]
fn memories_and_tables_beyond_their_limits() {
    let text = "(module (memory 65))";
    assert_eq!(limit(instantiate(small(), text).unwrap_err()), (LimitKind::MemoryPages, 65, 64));
    let text = "(module (memory 64) (memory 64) (memory 1))";
    let error = limit(instantiate(small(), text).unwrap_err());
    assert_eq!(error, (LimitKind::StoreMemory, 129 << 16, 128 << 16));
    let text = "(module (table 10001 funcref))";
    let error = limit(instantiate(small(), text).unwrap_err());
    assert_eq!(error, (LimitKind::TableSize, 10_001, 10_000));
    let text = "(module (table 10000 funcref) (table 10000 funcref) (table 1 externref))";
    let error = limit(instantiate(small(), text).unwrap_err());
    assert_eq!(error, (LimitKind::StoreTable, 20_001, 20_000));
}

#[test]
fn a_refused_instance_leaves_nothing_behind() {
    let engine = Engine::new(small());
    let big = Module::from_wat(&engine, "(module (memory 64) (memory 64) (memory 64))").unwrap();
    let fits = Module::from_wat(&engine, "(module (memory 64) (memory 64))").unwrap();
    let mut store = Store::new(&engine);
    let before = store.state().clone();
    for _ in 0..5 {
        assert!(Linker::new().instantiate(&mut store, &big).is_err());
        assert!(store.state() == &before);
    }
    Linker::new().instantiate(&mut store, &fits).unwrap();
}

#[test]
fn more_instances_than_allowed() {
    let engine = Engine::new(small());
    let module = Module::from_wat(&engine, "(module)").unwrap();
    let mut store = Store::new(&engine);
    for _ in 0..10 {
        Linker::new().instantiate(&mut store, &module).unwrap();
    }
    let error = Linker::new().instantiate(&mut store, &module).unwrap_err();
    assert_eq!(limit(error), (LimitKind::Instances, 11, 10));
}

#[test]
fn growing_beyond_the_limits_fails_as_the_specification_says() {
    let engine = Engine::new(small());
    let text = r#"(module (memory 1) (table 1 funcref)
      (func (export "memory") (param i32) (result i32) local.get 0 memory.grow)
      (func (export "table") (param i32) (result i32) ref.null func local.get 0 table.grow))"#;
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let mut grow = |what: &str, by: i32| {
        let func = store.export_func(instance, what).unwrap();
        store.invoke(func, &[stepwell_engine::Value::I32(by)]).unwrap()[0].to_string()
    };
    for (what, most) in [("memory", 64), ("table", 10_000)] {
        assert_eq!(grow(what, -1), "i32:-1", "four billion more");
        assert_eq!(grow(what, most), "i32:-1", "one too many");
        assert_eq!(grow(what, most - 1), "i32:1");
        assert_eq!(grow(what, 1), "i32:-1");
        assert_eq!(grow(what, 0), format!("i32:{most}"));
    }
}

#[test]
fn a_frame_larger_than_the_value_stack() {
    let engine = Engine::new(small().max_value_stack(50));
    let text = format!("(module (func (export \"f\") (local {})))", "i64 ".repeat(51));
    let module = Module::from_wat(&engine, &text).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let Err(Error::Trap(trap)) = store.invoke(func, &[]) else { panic!("a trap") };
    assert_eq!(trap.code, TrapCode::CallStackExhausted);
}

#[test]
fn frames_up_to_a_small_value_stack() {
    let text = "(module (func $f (export \"f\") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (call $f (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7)))))";
    for tier in [Tier::Exact, Tier::Fast] {
        let engine = Engine::new(small().max_value_stack(60).tier(tier));
        let module = Module::from_wat(&engine, text).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let func = store.export_func(instance, "f").unwrap();
        // A frame adds a slot to those below it, which lend their argument.
        assert_eq!(store.invoke(func, &[Value::I32(50)]).unwrap(), [Value::I32(7)]);
        let Err(Error::Trap(trap)) = store.invoke(func, &[Value::I32(60)]) else {
            panic!("a trap")
        };
        assert_eq!(trap.code, TrapCode::CallStackExhausted, "{tier:?}");
    }
}

#[test]
fn blocks_nested_a_hundred_thousand_deep() {
    // By hand, since the parser of the text format has a limit of its own.
    const DEPTH: usize = 100_000;
    let mut code = vec![0];
    for _ in 0..DEPTH {
        code.extend([0x02, 0x40]);
    }
    code.extend(vec![0x0b; DEPTH + 1]);
    let mut body = vec![1];
    body.extend(leb(code.len() as u32));
    body.extend(code);
    let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0".to_vec();
    bytes.extend(b"\x07\x05\x01\x01f\0\0");
    bytes.push(10);
    bytes.extend(leb(body.len() as u32));
    bytes.extend(body);

    let engine = Engine::new(small());
    let module = Module::new(&engine, &bytes).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let mut task = store.start(func, &[]).unwrap();
    let half = stepwell_engine::Budget::instructions(DEPTH as u64);
    task.run(&mut store, half).unwrap();
    let labels = task.frames(&store).next().unwrap().labels();
    assert_eq!(labels.len(), DEPTH + 1, "each block's, and the function's");
    task.run(&mut store, stepwell_engine::Budget::unlimited()).unwrap();
    assert_eq!(task.executed(), 2 * DEPTH as u64 + 1);
}

#[test]
fn many_branches_on_a_deep_stack_take_no_longer_than_few() {
    const DEPTH: usize = 20_000;
    const BRANCHES: usize = 100_000;
    let mut code = vec![0];
    code.extend([0x41, 0].repeat(DEPTH));
    // block, br 0, end
    code.extend([0x02, 0x40, 0x0c, 0, 0x0b].repeat(BRANCHES));
    code.extend(vec![0x1a; DEPTH]);
    code.push(0x0b);
    let mut body = vec![1];
    body.extend(leb(code.len() as u32));
    body.extend(code);
    let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0".to_vec();
    bytes.extend(b"\x07\x05\x01\x01f\0\0");
    bytes.push(10);
    bytes.extend(leb(body.len() as u32));
    bytes.extend(body);

    // A translation that looked at the whole stack at each branch would take minutes.
    let engine = Engine::new(Config::default());
    let module = Module::new(&engine, &bytes).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let mut task = store.start(func, &[]).unwrap();
    task.run(&mut store, stepwell_engine::Budget::unlimited()).unwrap();
    assert_eq!(task.executed() as usize, 2 * DEPTH + 2 * BRANCHES + 1);
}

#[test]
fn text_nested_deeply_overflows_nothing() {
    let folded = format!("(module (func {} {}))", "(block ".repeat(100_000), ")".repeat(100_000));
    assert!(Module::from_wat(&Engine::new(small()), &folded).is_ok());
    for text in ["(".repeat(1_000_000), "(module ".repeat(100_000), "(; ".repeat(1_000_000)] {
        let error = Module::from_wat(&Engine::new(small()), &text).unwrap_err();
        assert!(matches!(error, Error::Text { .. }), "{error}");
    }
}
