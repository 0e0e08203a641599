//! Whoever writes to a memory marks the page: what is kept by marks alone is what the memory holds.

#![allow(clippy::unwrap_used)]

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::image::Before;
use super::{Search, Timeline};
use crate::module::disassemble::Listing;
use crate::observe::{Breakpoint, Debugger, Watched, Watchpoint};
use crate::{
    Budget, CodeOffset, Config, Engine, FuncIndex, FuncType, InstanceId, Linker, MemAddr, Module,
    Stop, Store, Tier, ValType, Value, WatchKind,
};

/// Stores over the border of two pages, in the forms that operands have; `$m` is the memory, `$T` its address type.
fn stores(memory: &str, ty: &str) -> Vec<String> {
    let mut bodies = Vec::new();
    let operators = [
        ("i32.store", "i32"),
        ("i32.store8", "i32"),
        ("i32.store16", "i32"),
        ("i64.store", "i64"),
        ("i64.store8", "i64"),
        ("i64.store16", "i64"),
        ("i64.store32", "i64"),
        ("f32.store", "f32"),
        ("f64.store", "f64"),
    ];
    for (operator, value) in operators {
        let operator = format!("{operator} {memory}");
        let (constant, local) = (format!("({value}.const 119)"), format!("(local.get ${value})"));
        let added = format!("({value}.add {local} {constant})");
        let address = "(local.get $a)";
        let moved = format!("({ty}.add {address} ({ty}.const 3))");
        let indexed = format!("({ty}.add {address} ({ty}.shl (local.get $j) ({ty}.const 2)))");
        for (address, value) in [
            (address, &local),
            (address, &constant),
            (address, &added),
            (moved.as_str(), &local),
            (moved.as_str(), &constant),
            (indexed.as_str(), &local),
        ] {
            bodies.push(format!("({operator} offset=5 {address} {value})"));
        }
        // Computed directly before, so that it is in the accumulator.
        bodies.push(format!("({operator} ({ty}.xor {address} ({ty}.const 1)) {local})"));
    }
    bodies.push(format!("(v128.store {memory} (local.get $a) (local.get $v))"));
    for (bits, lane) in [(8, 15), (16, 7), (32, 3), (64, 1)] {
        bodies
            .push(format!("(v128.store{bits}_lane {memory} {lane} (local.get $a) (local.get $v))"));
    }
    let aligned = format!("({ty}.and (local.get $a) ({ty}.const -8))");
    for operator in ["store", "rmw.add", "rmw8.xchg_u", "rmw16.or_u", "store8"] {
        let drop = if operator.starts_with("rmw") { "drop" } else { "" };
        bodies.push(format!("(i32.atomic.{operator} {memory} {aligned} (local.get $i32)) {drop}"));
    }
    bodies.push(format!(
        "(drop (i64.atomic.rmw.cmpxchg {memory} {aligned} (i64.const 0) (i64.const 5)))"
    ));
    let small = format!("({ty}.and (local.get $a) ({ty}.const 31))");
    bodies.push(format!("(memory.fill {memory} (local.get $a) (i32.const 9) {small})"));
    bodies
        .push(format!("(memory.fill {memory} ({ty}.const 20000) (i32.const 8) ({ty}.const 9000))"));
    bodies.push(format!(
        "(memory.copy {memory} {memory} (local.get $a) ({ty}.const 20000) ({ty}.const 30))"
    ));
    bodies
        .push(format!("(memory.init {memory} $bytes (local.get $a) (i32.const 2) (i32.const 20))"));
    bodies.push(format!("(drop (memory.grow {memory} ({ty}.const 1)))"));
    bodies
}

/// A module in which each body is done forty times, a byte further on each time.
fn module(memory: &str, ty: &str) -> (String, usize) {
    let bodies = stores(memory, ty);
    let mut text = String::from(
        r#"(module (memory $m0 4 60) (memory $m1 4 60) (memory $m2 0) (memory $m3 0) (memory $m4 0)
           (memory $m5 0) (memory $m6 0) (memory $m7 0) (memory $m8 4 60) (memory $wide i64 4 60)
           (data $bytes "some bytes to be put somewhere")
           (func (export "far") (memory.copy $m1 $m0 (i32.const 4090) (i32.const 8000) (i32.const 9)))"#,
    );
    for (index, body) in bodies.iter().enumerate() {
        text += &format!(
            r#"(func (export "f{index}") (param $at i32)
                 (local $a {ty}) (local $j {ty}) (local $n i32)
                 (local $i32 i32) (local $i64 i64) (local $f32 f32) (local $f64 f64) (local $v v128)
                 (local.set $a ({convert} (local.get $at)))
                 (loop $next
                   (local.set $i32 (i32.add (local.get $n) (i32.const 0x01020304)))
                   (local.set $i64 (i64.extend_i32_u (local.get $i32)))
                   (local.set $f32 (f32.convert_i32_s (local.get $i32)))
                   (local.set $f64 (f64.convert_i32_s (local.get $i32)))
                   (local.set $v (i8x16.splat (local.get $i32)))
                   {body}
                   (local.set $a ({ty}.add (local.get $a) ({ty}.const 1)))
                   (local.set $n (i32.add (local.get $n) (i32.const 1)))
                   (br_if $next (i32.lt_u (local.get $n) (i32.const 40)))))"#,
            convert = if ty == "i64" { "i64.extend_i32_u" } else { "i32.add (i32.const 0)" },
        );
    }
    text.push(')');
    (text, bodies.len())
}

struct Marked {
    store: Store,
    timeline: Timeline,
    instance: InstanceId,
}

impl Marked {
    fn new(text: &str, tier: Tier) -> Self {
        let engine = Engine::new(Config { tier, ..Config::default() });
        let module = Module::from_wat(&engine, text).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let timeline = Timeline::begin(&mut store, 1 << 30);
        Self { store, timeline, instance }
    }

    fn memory(&self, index: usize) -> MemAddr {
        self.store.instance(self.instance).unwrap().memories()[index]
    }

    fn first_offset(&self) -> CodeOffset {
        let module = self.store.module_of(self.instance).unwrap();
        Listing::new(module, FuncIndex(0)).unwrap().offset(0).unwrap()
    }

    /// Keeps the state by its marks, and compares it with the memories, byte by byte; what has been marked, at most.
    fn check(&mut self, most: u64, what: &str) {
        let marked = self.store.state.marked_bytes();
        assert!(marked <= most, "{what}: {marked} bytes are marked");
        let task = self.timeline.acts.last().unwrap().task.clone();
        self.timeline.changed(&mut self.store, &task);
        for (image, memory) in self.timeline.bases.iter().zip(&self.store.state.memories) {
            let mut bytes = vec![0; image.len()];
            image.put(&mut bytes, Before::New);
            assert!(bytes == memory.bytes(), "{what}: a page has been written without a mark");
        }
    }

    fn run(&mut self, name: &str, argument: Option<i32>, slice: u64) {
        let func = self.store.export_func(self.instance, name).unwrap();
        let arguments: Vec<_> = argument.into_iter().map(Value::I32).collect();
        let mut task = self.store.start(func, &arguments).unwrap();
        self.timeline.changed(&mut self.store, &task);
        let budget = || Budget::instructions(slice);
        while self.timeline.run(&mut self.store, &mut task, budget()).unwrap() == Stop::Budget {}
        assert!(task.is_finished(&self.store));
    }
}

#[test]
#[cfg_attr(miri, ignore)] // long
fn whatever_writes_marks() {
    for (memory, ty) in [("$m0", "i32"), ("$m1", "i32"), ("$m8", "i32"), ("$wide", "i64")] {
        let (text, count) = module(memory, ty);
        for (tier, observed) in
            [(Tier::Exact, false), (Tier::Fast, false), (Tier::Mixed, false), (Tier::Fast, true)]
        {
            let mut marked = Marked::new(&text, tier);
            if observed {
                // Where the instance has translations of its own.
                let offset = marked.first_offset();
                let instance = marked.instance;
                let breakpoint = Breakpoint { instance, offset };
                marked.store.debugger_mut().add_breakpoint(breakpoint);
            }
            if !observed {
                marked.run("far", None, 1_000);
                marked.check(4 << 12, "a copy to another memory");
            }
            for index in 0..count {
                // Up to the border of two pages and no further, over it, and at that of two groups of them.
                for (round, at) in [8192 - 48, 8192 - 25, 4 * 65536 - 100].into_iter().enumerate() {
                    let slice = [1_000_000, 333, 61][(index + round) % 3];
                    marked.run(&format!("f{index}"), Some(at), slice);
                    // Growing marks what has come; a fill of 9,000 bytes, three or four pages.
                    let most = if index + 1 == count { u64::MAX } else { 4 << 12 };
                    marked.check(most, &format!("{memory} {tier:?} f{index} at {at}"));
                }
            }
            assert!(marked.store.marks);
        }
    }
}

#[test]
fn hosts_and_hands_mark_as_well() {
    let text = r#"(module (import "h" "write" (func $write))
      (memory (export "memory") 3)
      (func (export "f") (call $write)))"#;
    let engine = Engine::default();
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    linker.func("h", "write", FuncType::new([] as [ValType; 0], []), |caller, _| {
        let mut memory = caller.memory().ok_or("no memory")?;
        memory.write(65_530u32, &[7; 20])?;
        Ok(Vec::new())
    });
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let timeline = Timeline::begin(&mut store, 1 << 30);
    let mut marked = Marked { store, timeline, instance };
    marked.run("f", None, 100);
    marked.check(2 << 12, "a host function");
    let address = marked.memory(0);
    marked.store.memory_mut(address).unwrap().set(8190, 0x0102_0304u32).unwrap();
    marked.check(2 << 12, "a hand");
    marked.store.memory_mut(address).unwrap().fill(100, 3, 3 << 12).unwrap();
    marked.check(4 << 12, "a hand that fills");
    // A state that somebody else has kept knows nothing of marks.
    let snapshot = marked.store.state().clone();
    marked.store.memory_mut(address).unwrap().fill(0, 9, 3 * 65_536).unwrap();
    marked.check(u64::MAX, "all of it");
    marked.store.restore(snapshot).unwrap();
    marked.check(u64::MAX, "another state");
}

#[test]
#[cfg_attr(miri, ignore)] // long
fn a_search_passes_over_intervals_without_writes_and_finds_the_last() {
    let text = r#"(module (memory 16)
      (func (export "f") (local $n i32) (local $at i32)
        (loop $next
          (local.set $at (i32.add (i32.shl (i32.and (i32.shr_u (local.get $n) (i32.const 5)) (i32.const 15))
            (i32.const 16)) (i32.and (i32.mul (local.get $n) (i32.const 1021)) (i32.const 0x1fff))))
          (i64.store (local.get $at) (i64.extend_i32_u (local.get $n)))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $n) (i32.const 1024))))))"#;
    let mut marked = Marked::new(text, Tier::Fast);
    marked.timeline.keep_every(300);
    marked.run("f", None, 100);
    let (memory, rounds) = (marked.memory(0), 0..1024_u64);
    let at = |n: u64| ((n >> 5 & 15) << 16) + ((n * 1021) & 0x1fff);
    let Marked { store, timeline, .. } = &mut marked;
    let (each, mut skipped) = (timeline.end() / 1024, 0);
    for address in [0, 5, 4095, 4096, 4099, 8191, 70_000, 5 << 16, (15 << 16) + 4100, 0xf_1000] {
        let wrote = rounds.clone().rfind(|n| (at(*n)..at(*n) + 8).contains(&address));
        let mut debugger = Debugger::default();
        let watched = Watched::Memory { memory, address, len: 1 };
        debugger.add_watchpoint(Watchpoint { watched, kind: WatchKind::Write });
        let mut search = Search::back(timeline, debugger, timeline.end() + 1);
        let found = loop {
            if let Some(found) = search.go_on(timeline, store, 1_000, &mut |_, _, _| true).unwrap()
            {
                break found;
            }
        };
        assert_eq!(found.map(|hit| hit.clock / each), wrote, "{address}");
        skipped += search.skipped();
        timeline.return_to_present(store);
    }
    assert!(skipped > 100, "only {skipped} intervals were passed over");
}
