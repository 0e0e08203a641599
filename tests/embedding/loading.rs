//! Loading from bytes that arrive bit by bit, in slices: always the module, or the error, of all at once.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use stepwell_engine::module::{ElementItems, LoadState, NameKind};
use stepwell_engine::{
    Config, Engine, Error, Features, FuncIndex, LimitKind, Module, ModuleBuilder,
};
use stepwell_tests::{example_bytes, examples};

/// All that can be asked of a module, or the error.
fn described(module: Result<Module, Error>) -> String {
    let module = match module {
        Ok(module) => module,
        Err(error) => return format!("{error:?}"),
    };
    let mut out = String::new();
    let _ = writeln!(out, "{:?} {:?}", module, module.sections());
    let _ = writeln!(out, "{:?} {:?}", module.types(), module.recursion_groups());
    let _ = writeln!(out, "{:?} {:?}", module.custom_sections(), module.imports());
    let _ = writeln!(out, "{:?} {:?}", module.exports(), module.start());
    let _ = writeln!(out, "{:?} {:?}", module.elements(), module.data_segments());
    let _ = writeln!(out, "{:?}", module.memories());
    let _ = writeln!(out, "{:?}", module.tables().collect::<Vec<_>>());
    let _ = writeln!(out, "{:?}", module.globals().collect::<Vec<_>>());
    let _ = writeln!(out, "{:?}", module.tags().collect::<Vec<_>>());
    for func in (0..module.func_count()).map(FuncIndex) {
        let (ty, body) = (module.func_type(func), module.func_body(func));
        let (name, locals) = (module.func_name(func), module.local_names(func));
        let count = module.instruction_count(func);
        let _ = writeln!(out, "{ty:?} {body:?} {name:?} {locals:?} {count}");
    }
    for index in 0..8 {
        let _ = writeln!(out, "{:?}", module.item_name(NameKind::Global, index));
    }
    out
}

/// A sequence of numbers that is the same on every machine (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }
}

/// Works until more bytes are needed or the module is ready, in slices that `budget` chooses.
fn work(
    builder: &mut ModuleBuilder,
    budget: &mut dyn FnMut() -> usize,
) -> Result<LoadState, Error> {
    let mut before = 0;
    loop {
        let progress = builder.work(budget())?;
        assert!(progress.done >= before && progress.done <= progress.total, "{progress:?}");
        before = progress.done;
        if progress.state != LoadState::Pending {
            return Ok(progress.state);
        }
    }
}

fn in_chunks(
    engine: &Engine,
    chunks: &[&[u8]],
    budget: &mut dyn FnMut() -> usize,
) -> Result<Module, Error> {
    let mut builder = ModuleBuilder::new(engine);
    for chunk in chunks {
        builder.push(chunk);
        assert_eq!(work(&mut builder, budget)?, LoadState::NeedsBytes);
    }
    builder.finish_input();
    assert_eq!(work(&mut builder, budget)?, LoadState::Ready);
    builder.finish()
}

/// The binaries of all examples.
fn binaries() -> Vec<(String, Vec<u8>)> {
    let files: BTreeSet<String> =
        examples().into_iter().flat_map(|example| example.files).collect();
    files.into_iter().map(|file| (file.clone(), example_bytes(&file))).collect()
}

/// A module whose sections have many items each.
fn many_items(count: usize) -> Vec<u8> {
    let mut text = String::from("(module $many\n");
    for index in 0..count {
        let _ = writeln!(text, "(type (func (param {}i32)))", "i64 ".repeat(index % 9));
    }
    for index in 0..count {
        let _ = writeln!(text, "(import \"env\" \"f{index}\" (func (type {index})))");
    }
    let _ = writeln!(text, "(table 8 funcref)");
    for index in 0..count {
        let _ = writeln!(text, "(global $g{index} (mut i32) (i32.const {index}))");
        let _ = writeln!(text, "(elem (i32.const {}) func {index})", index % 8);
        let _ = writeln!(text, "(func $own{index} (export \"e{index}\") (local i64) nop)");
    }
    wat::parse_str(text + ")").unwrap()
}

#[test]
fn bytes_may_be_split_anywhere() {
    let engine = Engine::default();
    let mut numbers = Numbers(0x10ad);
    for (file, bytes) in binaries() {
        let whole = described(Module::new(&engine, &bytes));
        let every = bytes.len() < 1_000;
        for turn in 0..if every { bytes.len() } else { 50 } {
            let at = if every { turn } else { numbers.below(bytes.len()) };
            let (head, tail) = bytes.split_at(at);
            let split = in_chunks(&engine, &[head, tail], &mut || 1 + numbers.below(64));
            assert_eq!(described(split), whole, "{file} split at {at}");
        }
    }
}

#[test]
fn a_module_cut_off_is_as_wrong_as_at_once() {
    let engine = Engine::default();
    let mut numbers = Numbers(0x0ff);
    for (file, bytes) in binaries() {
        for _ in 0..40 {
            let at = numbers.below(bytes.len());
            let whole = described(Module::new(&engine, &bytes[..at]));
            let split = bytes[..at].split_at(numbers.below(at + 1));
            let split = in_chunks(&engine, &[split.0, split.1], &mut || 1 + numbers.below(64));
            assert_eq!(described(split), whole, "{file} up to {at}");
        }
    }
}

#[test]
fn damaged_modules_get_the_same_error() {
    let mut corpus = binaries();
    corpus.push(("many".to_owned(), many_items(40)));
    let mut numbers = Numbers(0x5eed);
    let (mut accepted, mut kinds) = (0, BTreeSet::new());
    let engines = [Engine::default(), Engine::new(Config::default().features(Features::WASM1))];
    for (file, bytes) in &corpus {
        for turn in 0..120 {
            let engine = &engines[turn % engines.len()];
            let mut changed = bytes.clone();
            for _ in 0..numbers.below(3) {
                let at = 8 + numbers.below(bytes.len() - 8);
                changed[at] = match numbers.below(4) {
                    0 => 0xff,
                    1 => 0x80,
                    2 => changed[at] ^ 1 << numbers.below(8),
                    _ => numbers.next() as u8,
                };
            }
            let whole = Module::new(engine, &changed);
            match &whole {
                Ok(_) => accepted += 1,
                Err(error) => {
                    let name = format!("{error:?}");
                    kinds.insert(name.split(' ').next().unwrap_or_default().to_owned());
                }
            }
            let largest = [1, 2, 7, 100, 1 << 20][numbers.below(5)];
            let mut rest = &changed[..];
            let mut chunks = Vec::new();
            while !rest.is_empty() {
                let most = 1 << numbers.below(14);
                let size = rest.len().min(1 + numbers.below(most));
                let (chunk, behind) = rest.split_at(size);
                chunks.push(chunk);
                rest = behind;
            }
            let split = in_chunks(engine, &chunks, &mut || 1 + numbers.below(largest));
            assert_eq!(described(split), described(whole), "{file}, change {turn}");
        }
    }
    assert!(accepted > 100, "{accepted} accepted");
    for kind in ["Malformed", "Invalid", "Unsupported"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
}

#[test]
fn large_sections_come_in_parts() {
    let engine = Engine::default();
    let bytes = many_items(300);
    let whole = described(Module::new(&engine, &bytes));
    for budget in [1, 10, 1_000] {
        let mut slices = 0;
        let parts = in_chunks(&engine, &[&bytes], &mut || {
            slices += 1;
            budget
        });
        assert_eq!(described(parts), whole);
        // Types, imports, functions, globals, exports, elements; bodies take one for their locals, one for
        // each operator.
        assert!(budget > 1 || slices > 9 * 300, "{slices} slices");
    }
    let mut longer = bytes.clone();
    let module = Module::new(&engine, &bytes).unwrap();
    let exports = module.sections().iter().find(|section| section.id == 7).unwrap();
    // One export less: its bytes are left over.
    let count = longer[exports.range.start as usize..].first_mut().unwrap();
    *count -= 1;
    let error = described(Module::new(&engine, &longer));
    assert!(error.contains("unexpected data at the end of the section"), "{error}");
    assert_eq!(described(in_chunks(&engine, &[&longer], &mut || 64)), error);
}

/// A module with one function: so many times `nop`, then what is behind them.
fn one_function(nops: usize, behind: &[u8]) -> Vec<u8> {
    let number = |mut number: usize| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let mut body = vec![0];
    body.extend(std::iter::repeat_n(0x01, nops));
    body.extend(behind);
    let body = [number(body.len()), body].concat();
    let code = [vec![1], body].concat();
    let head = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a".to_vec();
    [head, number(code.len()), code].concat()
}

#[test]
fn a_function_of_seven_megabytes_goes_in_slices() {
    const NOPS: usize = 7_000_000;
    const SLICE: usize = 64 << 10;
    let engine = Engine::default();
    let bytes = one_function(NOPS, &[0x0b]);
    let total = bytes.len() as u64;
    let mut builder = ModuleBuilder::from_bytes(&engine, bytes);
    let (mut slices, mut before) = (0, 0);
    loop {
        let progress = builder.work(SLICE).unwrap();
        assert!(progress.done - before <= SLICE as u64 + 16, "{before}: {progress:?}");
        assert_eq!(progress.total, total);
        (slices, before) = (slices + 1, progress.done);
        if progress.state == LoadState::Ready {
            break;
        }
    }
    assert!(slices > NOPS / SLICE, "{slices} slices");
    let module = builder.finish().unwrap();
    assert_eq!(module.instruction_count(FuncIndex(0)), NOPS as u32 + 1);
    // An error far inside has its offset.
    let wrong = one_function(100_000, &[0x6a, 0x0b]);
    let whole = described(Module::new(&engine, &wrong));
    assert!(whole.contains("Invalid") && whole.contains(&format!("offset: {}", wrong.len() - 2)));
    assert_eq!(described(in_chunks(&engine, &[&wrong], &mut || 1_000)), whole);
}

#[test]
fn bytes_that_are_given_away_are_not_copied() {
    let engine = Engine::default();
    let bytes = one_function(1_000_000, &[0x0b]);
    let place = bytes.as_ptr();
    let module = Module::from_bytes(&engine, bytes).unwrap();
    assert_eq!(module.bytes().as_ptr(), place);
    let bytes = module.bytes().to_vec();
    let place = bytes.as_ptr();
    let mut builder = ModuleBuilder::from_bytes(&engine, bytes);
    assert_eq!(builder.work(1_000).unwrap().state, LoadState::Pending);
    assert_eq!(builder.finish().unwrap().bytes().as_ptr(), place);
    let bytes = module.bytes().to_vec();
    let place = bytes.as_ptr();
    let (loaded, _) = stepwell::session::load_module(&engine, bytes).unwrap();
    assert_eq!(loaded.bytes().as_ptr(), place);
}

#[test]
fn an_error_stays() {
    let mut builder = ModuleBuilder::from_bytes(&Engine::default(), b"\0asm\x02\0\0\0".to_vec());
    let error = builder.work(1).unwrap_err();
    assert_eq!(error.offset(), Some(4));
    assert_eq!(builder.work(1), Err(error.clone()));
    assert_eq!(builder.finish().err(), Some(error));
}

#[test]
fn what_is_invalid_and_malformed_further_on_is_malformed() {
    // The function is invalid; the section behind it does not exist. That is known when all has come.
    let engine = Engine::default();
    let invalid = one_function(0, &[0x6a, 0x0b]);
    let mut builder = ModuleBuilder::new(&engine);
    builder.push(&invalid);
    assert_eq!(builder.work(usize::MAX).unwrap().state, LoadState::NeedsBytes);
    builder.push(&[0x20, 0]);
    builder.finish_input();
    let error = builder.finish().unwrap_err();
    assert!(matches!(&error, Error::Malformed { .. }), "{error:?}");
    let whole = [&invalid[..], &[0x20, 0]].concat();
    assert_eq!(Module::new(&engine, &whole).err(), Some(error));
}

#[test]
fn limits_hold_from_the_first_byte_on() {
    let engine = Engine::new(Config::default().max_module_size(1_000));
    let mut builder = ModuleBuilder::new(&engine);
    builder.expect(u64::MAX);
    builder.push(b"\0asm\x01\0\0\0\x00\xff\x7f");
    assert_eq!(builder.work(1).unwrap().state, LoadState::Pending);
    assert_eq!(builder.work(1).unwrap().state, LoadState::NeedsBytes);
    builder.push(&[0; 990]);
    let kind = LimitKind::ModuleSize;
    let limit = Error::Limit { limit: kind, requested: 1_001, allowed: 1_000, offset: None };
    assert_eq!(builder.work(1), Err(limit.clone()));
    assert_eq!(ModuleBuilder::from_bytes(&engine, vec![0; 1_001]).work(1), Err(limit.clone()));
    assert_eq!(Module::new(&engine, &[0; 1_001]).err(), Some(limit));
    // A function with more locals than allowed, found at its end in slices as well.
    let engine = Engine::new(Config::default().max_locals(10));
    let bytes = wat::parse_str(format!("(module (func (local {})))", "i32 ".repeat(11))).unwrap();
    let whole = described(Module::new(&engine, &bytes));
    assert!(whole.contains("Locals"), "{whole}");
    assert_eq!(described(in_chunks(&engine, &[&bytes], &mut || 1)), whole);
}

#[test]
fn a_section_that_is_declared_huge_takes_no_memory() {
    // Of each kind, with 4 GiB of contents and as many entries; there are none.
    for id in 0..=13 {
        let mut builder = ModuleBuilder::new(&Engine::default());
        builder.push(b"\0asm\x01\0\0\0");
        builder.push(&[id, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        let state = work(&mut builder, &mut || 100);
        builder.finish_input();
        assert!(state.is_err() || builder.work(1).is_err(), "section {id}");
    }
}

#[test]
fn a_future_lets_others_have_their_turn() {
    let engine = Engine::default();
    let bytes = many_items(100);
    let whole = described(Module::new(&engine, &bytes));
    let mut loading = pin!(Module::load_async(&engine, bytes.clone(), 100));
    let mut context = Context::from_waker(Waker::noop());
    let mut turns = 0;
    let module = loop {
        match loading.as_mut().poll(&mut context) {
            Poll::Ready(module) => break module,
            Poll::Pending => turns += 1,
        }
    };
    assert!(turns > bytes.len() / 200, "{turns} turns");
    assert_eq!(described(module), whole);
    // It wakes itself: any executor drives it to its end.
    let module = pollster::block_on(Module::load_async(&engine, bytes.clone(), 1));
    assert_eq!(described(module), whole);
    let broken = pollster::block_on(Module::load_async(&engine, bytes[..50].to_vec(), 1));
    assert_eq!(described(broken), described(Module::new(&engine, &bytes[..50])));
}

#[test]
fn elements_are_those_of_the_whole() {
    let module = in_chunks(&Engine::default(), &[&many_items(3)], &mut || 1).unwrap();
    let ElementItems::Funcs(funcs) = &module.elements()[2].items else { panic!() };
    assert_eq!(&funcs[..], [FuncIndex(2)]);
}
