//! Much of one thing: what is done with it grows with its amount, not with the square of it. Where work
//! can be counted it is; elsewhere the limits are far above what it takes, and far below what squares
//! would take. `tests/bench` has the figures.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::{Breakpoint, FastListing, types_at};
use stepwell_engine::{
    Budget, Config, Engine, ExternType, FuncIndex, InstanceId, Linker, Module, Stop, Store, Value,
};

/// What an amount of this file may take, in a build without optimisation on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

fn within_limit(work: impl FnOnce()) {
    let start = Instant::now();
    work();
    let time = start.elapsed();
    assert!(time < LIMIT, "{time:?}");
}

fn repeated(count: usize, field: impl Fn(usize) -> String) -> Module {
    let mut text = String::from("(module ");
    (0..count).for_each(|number| text.push_str(&field(number)));
    text.push(')');
    Module::from_wat(&Engine::default(), &text).unwrap()
}

fn loaded(text: &str) -> (Module, Store, InstanceId) {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    (module, store, instance)
}

#[test]
fn imports_are_linked_each_in_the_same_time() {
    let module = repeated(60_000, |number| match number % 3 {
        0 => format!("(import \"env\" \"g{number}\" (global i32))"),
        1 => format!("(import \"env\" \"f{number}\" (func (param i32)))"),
        _ => "(import \"env\" \"again\" (func))".to_owned(),
    });
    let mut store = Store::new(&Engine::default());
    within_limit(|| {
        let mut linker = Linker::new();
        for import in module.imports() {
            if let ExternType::Func(ty) = &import.ty {
                linker.func_unresolved(&import.module, &import.name, ty.clone());
            } else if let Some(item) = store.new_import(&module, &import.ty).unwrap() {
                linker.define(&import.module, &import.name, item);
            }
        }
        let instance = linker.instantiate(&mut store, &module).unwrap();
        // What is imported again is one function.
        let addrs: std::collections::BTreeSet<_> = (0..40_000)
            .filter_map(|func| store.instance(instance)?.func(FuncIndex(func)))
            .collect();
        assert_eq!(addrs.len(), 20_001);
    });
}

#[test]
fn imports_of_one_type_share_it() {
    let params = "i64 ".repeat(900);
    let module = repeated(1_000, |number| match number {
        0 => format!("(type $t (func (param {params})))"),
        _ => format!("(import \"env\" \"f{number}\" (func (type $t)))"),
    });
    let lists: std::collections::BTreeSet<_> = module
        .imports()
        .iter()
        .map(|import| match &import.ty {
            ExternType::Func(ty) => ty.params().as_ptr(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(lists.len(), 1);
    assert!(Arc::ptr_eq(&module.imports()[0].module, &module.imports()[998].module));
}

/// Words of the fast tier, and instructions.
fn translated(code: &str) -> (usize, usize) {
    let text = format!("(module (func (export \"run\") (param $n i32) {code}))");
    let (module, ..) = loaded(&text);
    let listing = FastListing::new(&module, FuncIndex(0)).unwrap();
    let words = listing.operations().iter().map(|operation| operation.words as usize).sum();
    (words, module.instruction_count(FuncIndex(0)) as usize)
}

#[test]
fn the_head_of_a_loop_is_not_copied_for_every_jump_back() {
    let labels: String = (0..32).map(|label| format!("{label} ")).collect();
    let code = |jumps: usize| {
        format!(
            "{} loop $head block local.get $n br_table {labels} end {} end {}",
            "block ".repeat(31),
            "local.get $n if br $head end ".repeat(jumps),
            "end ".repeat(31)
        )
    };
    // That of an interpreter is.
    let (words, instructions) = translated(&code(50));
    assert!(words > 6 * instructions, "{words} words of {instructions} instructions");
    let (words, instructions) = translated(&code(20_000));
    assert!(words < 4 * instructions, "{words} words of {instructions} instructions");
}

#[test]
fn labels_of_a_table_that_carry_values_share_what_moves_them() {
    let labels = "0 ".repeat(1_000);
    let block = format!(
        "block (result i32) i32.const 1 i32.const 2 local.get $n br_table {labels} end drop "
    );
    let (words, _) = translated(&block.repeat(20));
    assert!(words < 20 * 1_100, "{words} words");
}

#[test]
fn choices_in_choices_have_types_and_code() {
    let depth = 60_000;
    let code =
        "local.get 0 if ".repeat(depth) + "i32.const 5 drop " + &"else nop end ".repeat(depth);
    let text = format!("(module (func (export \"run\") (param i32) {code}))");
    let (module, mut store, instance) = loaded(&text);
    within_limit(|| {
        let listing = Listing::new(&module, FuncIndex(0)).unwrap();
        let innermost = listing.offset(2 * depth + 1).unwrap();
        let types = types_at(&module, FuncIndex(0), innermost).unwrap().unwrap();
        assert_eq!((types.labels.len(), types.operands.len()), (depth + 1, 1));
        let run = store.export_func(instance, "run").unwrap();
        store.invoke(run, &[Value::I32(1)]).unwrap();
    });
}

#[test]
fn a_throw_looks_at_the_handlers_around_it() {
    let others = "block try_table (catch $e 0) nop end end ".repeat(30_000);
    let text = format!(
        "(module (tag $e) (func (export \"run\") (param $n i32)
           {others}
           loop $next
             block try_table (catch $e 0) throw $e end end
             local.get $n i32.const 1 i32.sub local.tee $n br_if $next
           end))"
    );
    let (_, mut store, instance) = loaded(&text);
    let run = store.export_func(instance, "run").unwrap();
    within_limit(|| drop(store.invoke(run, &[Value::I32(30_000)]).unwrap()));
}

#[test]
fn legacy_clauses_within_each_other() {
    let depth = 20_000;
    let code = "try throw $e catch $e ".repeat(depth) + &"end ".repeat(depth);
    let text = format!("(module (tag $e) (func (export \"run\") {code}))");
    let (_, mut store, instance) = loaded(&text);
    let run = store.export_func(instance, "run").unwrap();
    within_limit(|| drop(store.invoke(run, &[]).unwrap()));
}

#[test]
fn a_collection_looks_at_equal_frames_once() {
    let labels = 3_000;
    let text = format!(
        r#"(module (type $a (array (mut i64)))
          (func $deep (param $n i32) (param $kept (ref null $a))
            local.get $n  i32.eqz
            if
              i32.const 50  local.set $n
              loop
                i32.const 100000  array.new_default $a  drop
                local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
              end
              return
            end
            {} local.get $n  i32.const 1  i32.sub  local.get $kept  call $deep {})
          (func (export "run") (param i32)
            local.get 0  i32.const 3  array.new_default $a  call $deep))"#,
        "block ".repeat(labels),
        "end ".repeat(labels),
    );
    let engine = Engine::new(Config::default().max_heap(1 << 20));
    let module = Module::from_wat(&engine, &text).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    within_limit(|| drop(store.invoke(run, &[Value::I32(15_000)]).unwrap()));
    assert!(store.heap().collections() >= 40);
}

#[test]
fn breakpoints_on_every_instruction() {
    let count = 100_000;
    let text = format!("(module (func (export \"run\") {}))", "nop ".repeat(count));
    let (module, mut store, instance) = loaded(&text);
    let listing = Listing::new(&module, FuncIndex(0)).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    within_limit(|| {
        // Each before all that are there.
        for row in (0..=count).rev() {
            let offset = listing.offset(row).unwrap();
            assert!(store.debugger_mut().add_breakpoint(Breakpoint { instance, offset }));
        }
        let mut task = store.start(run, &[]).unwrap();
        for executed in 0..100 {
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            assert!(matches!(stop, Stop::Breakpoint(_)), "{stop:?}");
            assert_eq!(task.executed(), executed);
        }
        for row in 0..=count {
            let offset = listing.offset(row).unwrap();
            assert!(store.debugger_mut().remove_breakpoint(Breakpoint { instance, offset }));
        }
        assert_eq!(task.run(&mut store, Budget::unlimited()).unwrap(), Stop::Done(Vec::new()));
    });
}

#[test]
fn many_tasks_wait_and_are_notified_one_by_one() {
    let count = 20_000;
    let (_, mut store, instance) = loaded(
        r#"(module (memory 1 1 shared)
          (func (export "wait") (result i32)
            i32.const 0  i32.const 0  i64.const -1  memory.atomic.wait32)
          (func (export "notify") (param i32) (result i32) (local $woken i32)
            loop
              i32.const 0  i32.const 1  memory.atomic.notify
              local.get $woken  i32.add  local.set $woken
              local.get 0  i32.const 1  i32.sub  local.tee 0  br_if 0
            end
            local.get $woken))"#,
    );
    let wait = store.export_func(instance, "wait").unwrap();
    let notify = store.export_func(instance, "notify").unwrap();
    within_limit(|| {
        let mut tasks = Vec::new();
        for _ in 0..count {
            let mut task = store.start(wait, &[]).unwrap();
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            assert!(matches!(stop, Stop::Wait(_)), "{stop:?}");
            tasks.push(task);
        }
        assert_eq!(store.waiters().len(), count as usize);
        let woken = store.invoke(notify, &[Value::I32(2 * count)]).unwrap();
        assert_eq!(woken, [Value::I32(count)]);
        for mut task in tasks.into_iter().rev() {
            let stop = task.run(&mut store, Budget::unlimited()).unwrap();
            assert_eq!(stop, Stop::Done(vec![Value::I32(0)]));
        }
        assert_eq!(store.waiters().len(), 0);
    });
}

#[test]
fn many_operands_of_one_operator_are_noted_together() {
    let types = "i64 ".repeat(500);
    let mut code = String::new();
    for _ in 0..5_000 {
        let _ = write!(code, "i32.const 1 call $give call $take ");
    }
    code += &"drop ".repeat(5_000);
    let text = format!(
        "(module (func (export \"run\") (param i32) {code})
           (func $give (result {types}) unreachable) (func $take (param {types})))"
    );
    let (module, ..) = loaded(&text);
    let listing = Listing::new(&module, FuncIndex(0)).unwrap();
    within_limit(|| {
        for (row, operands) in [(14_999, 5_500), (15_000, 5_000), (2, 501)] {
            let offset = listing.offset(row).unwrap();
            let types = types_at(&module, FuncIndex(0), offset).unwrap().unwrap();
            assert_eq!(types.operands.len(), operands, "before instruction {row}");
        }
    });
}
