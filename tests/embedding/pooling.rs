//! Instances from a pool: slots are counted, used again, and show nothing of what was in them.

use stepwell_engine::memory::HostBytes;
use stepwell_engine::{
    Allocation, Budget, Config, Engine, Error, Extern, LimitKind, Limits, Linker, MemoryType,
    Module, Pooling, Ref, RefType, Stop, Store, TableType, Value,
};

fn pool(pooling: Pooling) -> Engine {
    Engine::new(Config::default().allocation(Allocation::Pooling(pooling)))
}

fn few() -> Pooling {
    Pooling::default()
        .instances(2)
        .memories(2)
        .memory_pages(64)
        .keep_resident(128 << 10)
        .tables(2)
        .table_elements(100)
        .stacks(2)
}

fn limit(result: Result<impl Sized, Error>) -> Option<LimitKind> {
    match result.err()? {
        Error::Limit { limit, .. } => Some(limit),
        other => panic!("{other}"),
    }
}

/// Two modules with data at different places, one with a large memory, one without data.
const MODULES: [&str; 4] = [
    r#"(module (memory (export "m") 1 8) (data (i32.const 10) "one") (data (i32.const 60000) "end"))"#,
    r#"(module (memory (export "m") 2) (data (i32.const 70000) "two"))"#,
    r#"(module (memory (export "m") 40) (data (i32.const 2000000) "large"))"#,
    r#"(module (memory (export "m") 1))"#,
];

/// What a memory has to hold at first, by the specification: a run without a pool tells.
fn fresh(text: &str) -> Vec<u8> {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    Linker::new().instantiate(&mut store, &module).unwrap();
    store.memory(memory(&store)).unwrap().bytes().to_vec()
}

fn memory(store: &Store) -> stepwell_engine::MemAddr {
    let instance = store.instances().next().unwrap();
    store.instance(instance).unwrap().memories()[0]
}

#[test]
fn a_memory_shows_nothing_of_those_before_it() {
    let engine = pool(few());
    let expected = MODULES.map(fresh);
    let modules = MODULES.map(|text| Module::from_wat(&engine, text).unwrap());
    // Every order of two modules in a slot, each with and without writing, grown and not.
    for round in 0..128u32 {
        let which = (round.wrapping_mul(2_654_435_761) >> 13) as usize % 4;
        let mut store = Store::new(&engine);
        Linker::new().instantiate(&mut store, &modules[which]).unwrap();
        let addr = memory(&store);
        assert!(store.memory(addr).unwrap().bytes() == expected[which], "round {round}");
        if round % 3 != 0 {
            let memory = store.memory_mut(addr).unwrap();
            memory.fill(0, 0xa5, memory.size()).unwrap();
        }
        let snapshot = store.state().clone();
        if round % 5 == 0 {
            store.restore(snapshot).unwrap();
        }
    }
}

#[test]
fn what_grows_is_zero_and_goes_no_further_than_the_slot() {
    let engine = pool(few());
    assert_eq!(engine.config().max_memory_pages, 64);
    assert_eq!(engine.config().max_table_size, 100);
    let text = r#"(module (memory (export "m") 1) (table (export "t") 3 funcref)
      (func (export "grow") (param i32) (result i32) local.get 0  memory.grow)
      (func (export "longer") (param i32) (result i32) ref.null func  local.get 0  table.grow))"#;
    let module = Module::from_wat(&engine, text).unwrap();
    for _ in 0..6 {
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let call = |store: &mut Store, name: &str, by: i32| {
            let func = store.export_func(instance, name).unwrap();
            store.invoke(func, &[Value::I32(by)]).unwrap()
        };
        assert_eq!(call(&mut store, "grow", 64), [Value::I32(-1)]);
        assert_eq!(call(&mut store, "grow", 63), [Value::I32(1)]);
        assert_eq!(call(&mut store, "longer", 98), [Value::I32(-1)]);
        assert_eq!(call(&mut store, "longer", 97), [Value::I32(3)]);
        let memory = store.memory_mut(memory(&store)).unwrap();
        assert_eq!(memory.size(), 64 << 16);
        assert!(memory.bytes().iter().all(|byte| *byte == 0));
        memory.fill(0, 1, 64u64 << 16).unwrap();
        let table = store.instance(instance).unwrap().tables()[0];
        let table = store.table(table).unwrap();
        assert!((0..100).all(|at| table.get(at) == Some(Value::from(Ref::Func(None)))));
    }
}

#[test]
fn slots_are_counted_and_come_back() {
    let engine = pool(few());
    let module = Module::from_wat(&engine, "(module (func (export \"f\")))").unwrap();
    let mut store = Store::new(&engine);
    let first = Linker::new().instantiate(&mut store, &module).unwrap();
    let mut other = Store::new(&engine);
    Linker::new().instantiate(&mut other, &module).unwrap();
    let third = Linker::new().instantiate(&mut store, &module);
    assert_eq!(limit(third), Some(LimitKind::PoolInstances));
    drop(other);
    Linker::new().instantiate(&mut store, &module).unwrap();

    let func = store.export_func(first, "f").unwrap();
    let tasks = [store.start(func, &[]).unwrap(), store.start(func, &[]).unwrap()];
    assert_eq!(limit(store.start(func, &[])), Some(LimitKind::PoolStacks));
    // A snapshot takes no slot, nor another handle.
    let (state, handles) = (store.state().clone(), tasks.clone());
    drop(tasks);
    assert_eq!(limit(store.start(func, &[])), Some(LimitKind::PoolStacks));
    drop(handles);
    store.start(func, &[]).unwrap();
    drop(state);

    let ty = MemoryType::new(Limits { min: 1, max: None });
    let memories = [store.new_memory(ty), store.new_memory(ty)];
    assert!(memories.iter().all(Result::is_ok));
    assert_eq!(limit(store.new_memory(ty)), Some(LimitKind::PoolMemories));
    let ty = TableType::new(RefType::FUNC, Limits { min: 1, max: None });
    assert!(store.new_table(ty).is_ok() && store.new_table(ty).is_ok());
    assert_eq!(limit(store.new_table(ty)), Some(LimitKind::PoolTables));
    drop(store);
    let mut store = Store::new(&engine);
    assert!(store.new_table(ty).is_ok());
}

#[test]
fn a_module_that_can_never_fit_is_refused_when_it_is_loaded() {
    let engine = pool(few());
    for (text, expected) in [
        ("(memory 65)", LimitKind::MemoryPages),
        ("(memory 1) (memory 1) (memory 1)", LimitKind::PoolMemories),
        ("(table 101 funcref)", LimitKind::TableSize),
        ("(table 1 funcref) (table 1 funcref) (table 1 funcref)", LimitKind::PoolTables),
    ] {
        let result = Module::from_wat(&engine, &format!("(module {text})"));
        assert_eq!(limit(result), Some(expected), "{text}");
    }
    // What is imported takes no slot.
    let imported = r#"(module (memory (import "a" "m") 1000))"#;
    assert!(Module::from_wat(&engine, imported).is_ok());
}

#[test]
fn an_imported_memory_gets_the_data_of_its_importer_as_well() {
    let engine = pool(few());
    let owner = Module::from_wat(&engine, MODULES[0]).unwrap();
    let importer = r#"(module (memory (import "a" "m") 1) (data (i32.const 20) "importer"))"#;
    let importer = Module::from_wat(&engine, importer).unwrap();
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    let instance = linker.instantiate(&mut store, &owner).unwrap();
    linker.define_instance("a", instance);
    linker.instantiate(&mut store, &importer).unwrap();
    let bytes = store.memory(memory(&store)).unwrap().bytes();
    assert_eq!(&bytes[10..28], b"one\0\0\0\0\0\0\0importer");
}

#[test]
fn data_behind_a_trapping_element_segment_is_not_written() {
    let text = r#"(module (table (import "a" "t") 2 funcref)
      (memory (export "m") 1) (data (i32.const 0) "late")
      (elem (i32.const 0) $read) (elem (i32.const 9) $read)
      (func $read (result i32) i32.const 0  i32.load))"#;
    for engine in [Engine::default(), pool(few())] {
        let mut store = Store::new(&engine);
        let ty = TableType::new(RefType::FUNC, Limits { min: 2, max: None });
        let table = store.new_table(ty).unwrap();
        let mut linker = Linker::new();
        linker.define("a", "t", Extern::Table(table));
        let module = Module::from_wat(&engine, text).unwrap();
        assert!(matches!(linker.instantiate(&mut store, &module), Err(Error::Trap(_))));
        let Some(Value::FuncRef(Some(read))) = store.table(table).unwrap().get(0) else {
            panic!("the first segment stays written");
        };
        assert_eq!(store.invoke(read, &[]), Ok(vec![Value::I32(0)]));
    }
}

#[test]
fn ten_thousand_short_lives_in_two_slots() {
    let engine = pool(few());
    let text = r#"(module (memory 1) (data (i32.const 0) "\05\00\00\00") (table 4 funcref)
      (func (export "next") (result i32)
        i32.const 0  i32.const 0  i32.load  i32.const 1  i32.add  i32.store
        i32.const 0  i32.load))"#;
    let module = Module::from_wat(&engine, text).unwrap();
    for _ in 0..10_000 {
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let next = store.export_func(instance, "next").unwrap();
        assert_eq!(store.invoke(next, &[]), Ok(vec![Value::I32(6)]));
    }
}

#[test]
fn stores_of_several_threads_share_a_pool() {
    let engine = pool(few().instances(64).memories(8).stacks(64));
    let module = Module::from_wat(&engine, MODULES[0]).unwrap();
    let expected = fresh(MODULES[0]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let mut store = Store::new(&engine);
                    Linker::new().instantiate(&mut store, &module).unwrap();
                    let addr = memory(&store);
                    let memory = store.memory_mut(addr).unwrap();
                    assert!(memory.bytes() == expected);
                    memory.fill(0, 9, memory.size()).unwrap();
                }
            });
        }
    });
}

struct Buffer(Vec<u8>);

// SAFETY: it is a vector of a fixed length whose room has been made before.
#[allow(unsafe_code)]
unsafe impl HostBytes for Buffer {
    fn bytes(&self) -> &[u8] {
        &self.0
    }
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
    fn grow(&mut self, added: u64) -> bool {
        self.0.resize(self.0.len() + added as usize, 0);
        true
    }
}

#[test]
fn a_memory_over_the_embedders_bytes() {
    let engine = Engine::default();
    let mut store = Store::new(&engine);
    let ty = MemoryType::new(Limits { min: 1, max: Some(3) });
    let over = |store: &mut Store, len: usize| store.new_memory_over(ty, Buffer(vec![3; len]));
    for len in [0, 65_535, 4 << 16] {
        assert_eq!(limit(over(&mut store, len)), Some(LimitKind::MemoryPages));
    }
    let memory = over(&mut store, 65_536).unwrap();
    let mut linker = Linker::new();
    linker.define("host", "m", Extern::Memory(memory));
    let text = r#"(module (memory (import "host" "m") 1)
      (func (export "run") (param i32) (result i32)
        i32.const 65532  i32.const 7  i32.store
        local.get 0  memory.grow  drop
        i32.const 65536  i32.load  i32.const 65532  i32.load  i32.add
        i32.const 0  i32.load8_u  i32.add))"#;
    let module = Module::from_wat(&engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    assert!(matches!(store.invoke(run, &[Value::I32(3)]), Err(Error::Trap(_))));
    let mut task = store.start(run, &[Value::I32(2)]).unwrap();
    assert_eq!(task.run(&mut store, Budget::instructions(4)), Ok(Stop::Budget));
    let snapshot = store.state().clone();
    assert_eq!(task.run(&mut store, Budget::unlimited()), Ok(Stop::Done(vec![Value::I32(10)])));
    assert_eq!(store.memory(memory).unwrap().pages(), 3);
    store.restore(snapshot).unwrap();
    assert_eq!(store.memory(memory).unwrap().pages(), 1);
    assert_eq!(task.run(&mut store, Budget::unlimited()), Ok(Stop::Done(vec![Value::I32(10)])));
}

#[test]
fn a_table_of_the_embedders_entries() {
    let engine = Engine::default();
    let mut store = Store::new(&engine);
    let text = "(module (func (export \"f\") (result i32) i32.const 4))";
    let module = Module::from_wat(&engine, text).unwrap();
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let f = store.export_func(instance, "f").unwrap();
    let ty = TableType::new(RefType::FUNC, Limits { min: 1, max: Some(3) });
    let entries = [Ref::Func(None), Ref::Func(Some(f))];
    let table = store.new_table_over(ty, &entries).unwrap();
    let mut linker = Linker::new();
    linker.define("host", "t", Extern::Table(table));
    let text = r#"(module (table (import "host" "t") 2 3 funcref)
      (func (export "run") (result i32) i32.const 1  call_indirect (result i32)))"#;
    let caller = Module::from_wat(&engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &caller).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    assert_eq!(store.invoke(run, &[]), Ok(vec![Value::I32(4)]));

    assert_eq!(limit(store.new_table_over(ty, &[])), Some(LimitKind::TableSize));
    assert_eq!(limit(store.new_table_over(ty, &[Ref::Func(None); 4])), Some(LimitKind::TableSize));
    let foreign = [Ref::Func(Some(stepwell_engine::FuncAddr(99)))];
    assert!(matches!(store.new_table_over(ty, &foreign), Err(Error::UnknownIndex { .. })));
    assert!(matches!(store.new_table_over(ty, &[Ref::Extern(None)]), Err(Error::Type { .. })));
}

#[test]
fn a_table_may_be_of_any_size_that_is_allowed_without_its_room_being_taken() {
    for elements in [1_000_000_000, u64::MAX] {
        let engine = pool(few().table_elements(elements));
        let module =
            Module::from_wat(&engine, "(module (table (export \"t\") 1 funcref))").unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        assert!(matches!(store.export(instance, "t"), Some(Extern::Table(_))));
    }
}
