#![allow(clippy::unwrap_used, clippy::expect_used)]

use stepwell_engine::recording::{Played, Player};
use stepwell_engine::{
    AnyRef, Budget, Config, Engine, ExternAddr, FuncAddr, FuncType, Linker, Module, ObjectAddr,
    Stop, Store, ValType, Value,
};

use super::values::{bytes_of, bytes_text, type_of, type_text, value_of, value_text};
use super::{Ending, File, Header, Problem, Stream, VERSION, Writer, read};

#[test]
fn values_come_back_with_each_bit() {
    let values = [
        Value::I32(i32::MIN),
        Value::I64(-1),
        Value::F32(f32::from_bits(0xffa0_0001)),
        Value::F32(-0.0),
        Value::F64(f64::from_bits(0x7ff0_0000_0000_0001)),
        Value::F64(1e300),
        Value::V128(u128::MAX - 7),
        Value::FuncRef(None),
        Value::FuncRef(Some(FuncAddr(7))),
        Value::ExternRef(None),
        Value::ExternRef(Some(AnyRef::Host(ExternAddr(3)))),
        Value::AnyRef(Some(AnyRef::I31(-1))),
        Value::AnyRef(Some(AnyRef::Object(ObjectAddr(12)))),
        Value::ExnRef(None),
        Value::ExnRef(Some(ObjectAddr(2))),
    ];
    for value in values {
        let text = value_text(&value);
        assert_eq!(value_of(&text), Some(value), "{text}");
    }
    for wrong in [
        "",
        "i32",
        "i32:",
        "i32:2147483648",
        "f32:1.5",
        "f32:0x1ffffffff",
        "anyref:i31 1073741824",
        "anyref:7",
        "funcref:-1",
    ] {
        assert_eq!(value_of(wrong), None, "{wrong}");
    }
}

#[test]
fn types_and_bytes_come_back() {
    for ty in [ValType::I64, ValType::V128, ValType::FUNCREF, ValType::EXTERNREF, ValType::ANYREF] {
        assert_eq!(type_of(&type_text(ty).unwrap()), Some(ty));
    }
    assert_eq!(type_of("i33"), None);
    for bytes in [&b""[..], b"text: hex:", b"\0\n\x1b", &[0xff, 0, 0x80], "ä€".as_bytes()] {
        assert_eq!(bytes_of(&bytes_text(bytes)).as_deref(), Some(bytes));
    }
    for wrong in ["", "00", "hex:0", "hex:0g", "hex:00ä"] {
        assert_eq!(bytes_of(wrong), None, "{wrong}");
    }
}

/// A run with a host, written.
fn recorded() -> (Vec<u8>, Store) {
    let engine = Engine::new(Config::default());
    let mut store = Store::new(&engine);
    store.note_steps(u64::MAX);
    let mut linker = Linker::new();
    let ty = FuncType::new([ValType::I32], [ValType::F64]);
    linker.func("env", "half", ty, |caller, args| {
        let Value::I32(value) = args[0] else { return Err("no number".into()) };
        caller.memory().unwrap().write(8u32, &[1, 255, 3])?;
        Ok(vec![Value::F64(f64::from(value) / 2.0)])
    });
    let text = r#"(module (import "env" "half" (func $half (param i32) (result f64)))
        (memory (export "memory") 1)
        (func (export "sum") (param i32) (result f64)
            (f64.add (call $half (local.get 0)) (call $half (i32.const 9)))))"#;
    let module = Module::from_wat(&engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    store.name_instance(instance, "halves");
    let sum = store.export_func(instance, "sum").unwrap();
    let config = engine.config();
    let mut writer = Writer::new(
        Vec::new(),
        Header {
            version: VERSION,
            made_by: "a test".to_owned(),
            max_call_depth: config.max_call_depth,
            max_value_stack: config.max_value_stack,
            ..Header::default()
        },
    );
    let mut task = store.start(sum, &[Value::I32(5)]).unwrap();
    loop {
        let stop = task.run(&mut store, Budget::instructions(2)).unwrap();
        if matches!(stop, Stop::Done(_)) {
            store.close_recording();
        }
        let part = store.take_recording().unwrap();
        writer.add(&part, |_| "halves.wasm".to_owned());
        writer.print(Stream::Stdout, task.executed(), b"so far\n");
        if let Stop::Done(values) = stop {
            assert_eq!(values, [Value::F64(7.0)]);
            break;
        }
    }
    let ending = Ending { exit_code: 3, executed: task.executed(), ..Ending::default() };
    (writer.finish(ending).unwrap(), store)
}

#[test]
fn a_run_that_was_written_and_read_is_the_same() {
    let (bytes, store) = recorded();
    let File { header, engine, modules, recording, printed, ending, .. } = read(&*bytes).unwrap();
    assert_eq!((header.version, header.made_by.as_str()), (VERSION, "a test"));
    assert_eq!(modules[0].0, "halves.wasm");
    assert_eq!((ending.exit_code, recording.calls.len()), (3, 2));
    assert!(
        printed
            .iter()
            .all(|(stream, _, bytes)| (*stream, &**bytes) == (Stream::Stdout, b"so far\n"))
    );
    let mut played = Store::new(&engine);
    let mut player = Player::begin(&mut played, recording);
    assert_eq!(player.left(), ending.executed);
    assert_eq!(player.go_on(&mut played, None, u64::MAX).unwrap(), Played::Done);
    let _tasks = player.finish(&mut played);
    assert_eq!(played.state(), store.state());
    assert_eq!(played.instance_name(stepwell_engine::InstanceId(0)), Some("halves"));
}

#[test]
fn what_is_cut_off_or_forged_is_an_error() {
    let (bytes, _store) = recorded();
    for len in 0..bytes.len() {
        match read(&bytes[..len]) {
            Err(Problem::NotOne | Problem::CutOff { .. }) => {}
            Err(other) => panic!("{len}: {other}"),
            Ok(_) => panic!("{len} of {}", bytes.len()),
        }
    }
    let mut text = String::new();
    let mut decoder = flate2::read::GzDecoder::new(&*bytes);
    std::io::Read::read_to_string(&mut decoder, &mut text).unwrap();
    let forge = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.replacen(from, to, 1).as_bytes()).unwrap();
        read(&*encoder.finish().unwrap()).map(|file| {
            let mut store = Store::new(&file.engine);
            let mut player = Player::begin(&mut store, file.recording);
            player.go_on(&mut store, None, 1_000).map_err(|error| error.to_string())
        })
    };
    assert!(matches!(forge("\"version\":1", "\"version\":2"), Err(Problem::Version(2))));
    let future = forge("\"version\":1", "\"kind\":\"new\",\"version\":7");
    assert!(matches!(future, Err(Problem::Version(7))));
    for (from, to) in [
        ("\"stepwell\"", "\"stepping\""),
        ("hex:00", "hex:01"),
        ("\"module\":0", "\"module\":1"),
        ("i32:5", "i32:five"),
        ("\"do\"", "\"undo\""),
        ("\"closed\"", "\"open-ended\""),
    ] {
        assert!(forge(from, to).is_err(), "{from}");
    }
    for (from, to) in [
        ("i32:5", "i64:5"),
        ("i32:5", "i32:6"),
        ("\"func\":1", "\"func\":9"),
        ("\"host\":0", "\"host\":1"),
        ("\"host\":0", "\"memory\":0"),
        ("\"host\":0", "\"builtin\":0"),
        ("f64:0x", "i64:"),
        ("\"name\":\"half\"", "\"name\":\"whole\""),
        ("\"address\":8", "\"address\":65535"),
        ("\"task\":0", "\"task\":4"),
    ] {
        match forge(from, to) {
            Ok(played) => assert!(played.is_err(), "{from} to {to}: {played:?}"),
            Err(problem) => assert!(matches!(problem, Problem::Line { .. }), "{problem}"),
        }
    }
}
