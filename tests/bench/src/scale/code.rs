//! Functions with much of one thing, decoded, translated and executed for the first time, or looked at.

use std::fmt::Write as _;

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::{FastListing, types_at};
use stepwell_engine::{
    Budget, CodeOffset, Config, Engine, FuncIndex, Linker, Module, Store, Value,
};

use super::{Kind, Result, Work};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "code.heads_with_tables", size: 30_000, prepare: heads_with_tables },
    Kind { name: "code.heads_with_stack", size: 20_000, prepare: heads_with_stack },
    Kind { name: "code.branch_tables", size: 300, prepare: branch_tables },
    Kind { name: "code.nested_blocks", size: 100_000, prepare: nested_blocks },
    Kind { name: "code.nested_ifs", size: 30_000, prepare: nested_ifs },
    Kind { name: "code.nested_results", size: 5_000, prepare: nested_results },
    Kind { name: "code.nested_loops", size: 30_000, prepare: nested_loops },
    Kind { name: "code.handlers", size: 20_000, prepare: handlers },
    Kind { name: "code.nested_handlers", size: 30_000, prepare: nested_handlers },
    Kind { name: "code.clauses", size: 2_000, prepare: clauses },
    Kind { name: "code.legacy_clauses", size: 50_000, prepare: legacy_clauses },
    Kind { name: "code.locals", size: 12_000, prepare: locals },
    Kind { name: "code.deep_operands", size: 20_000, prepare: deep_operands },
    Kind { name: "code.many_results", size: 8_000, prepare: many_results },
    Kind { name: "code.casts", size: 20_000, prepare: casts },
    Kind { name: "code.straight", size: 50_000, prepare: straight },
];

/// Loads a module, runs its function 0 from the beginning and in small parts, and looks at it as the
/// window does.
fn first_call(text: &str) -> Result<Work> {
    let bytes = wat::parse_str(text)?;
    // What the code takes, not its validation.
    let engine = Engine::new(Config::default().validation_threads(1));
    Ok(Box::new(move || {
        let module = Module::new(&engine, &bytes)?;
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module)?;
        let run = store.export_func(instance, "run")?;
        for budget in [u64::MAX, 7] {
            let mut task = store.start(run, &[Value::I32(3)])?;
            for _ in 0..100 {
                task.run(&mut store, Budget::instructions(budget))?;
            }
        }
        let func = FuncIndex(module.imported_func_count());
        let listing = Listing::new(&module, func)?;
        let last = listing.len().saturating_sub(1);
        for row in [0, last / 2, last] {
            types_at(&module, func, listing.offset(row).unwrap_or(CodeOffset(0)))?;
        }
        FastListing::new(&module, func)?;
        Ok(())
    }))
}

/// A function `run` with this body.
fn body(locals: &str, code: &str) -> String {
    format!("(module (tag $e) (func (export \"run\") (param $n i32) {locals} {code}))")
}

/// Back branches to a loop that begins with a choice among 32.
fn heads_with_tables(size: usize) -> Result<Work> {
    let labels: String = (0..32).map(|label| format!("{label} ")).collect();
    let mut code = "block ".repeat(31);
    code += &format!("loop $head block local.get $n br_table {labels} end ");
    for _ in 0..size {
        code += "local.get $n if br $head end ";
    }
    code += "end ";
    code += &"end ".repeat(31);
    first_call(&body("", &code))
}

/// The same with a loop whose head gathers operands first.
fn heads_with_stack(size: usize) -> Result<Work> {
    let mut code = String::from("local.get $n br_if 0 loop $head ");
    code += "local.get $n local.get $n local.get $n local.get $n local.get $n i32.add i32.add i32.eq i32.eq ";
    code += "if nop end ";
    for _ in 0..size {
        code += "block local.get $n br_if 0 br $head end ";
    }
    code += "end";
    first_call(&body("", &code))
}

/// Tables as large as there are of them.
fn branch_tables(size: usize) -> Result<Work> {
    // Four times the targets altogether.
    let targets = 300;
    let mut code = String::from("block (result i32) i32.const 1 local.get $n br_if 0 ");
    let labels: String = "0 ".repeat(targets);
    for _ in 0..size {
        let _ = write!(
            code,
            "block (result i32) i32.const 1 i32.const 2 local.get $n br_table {labels} end drop "
        );
    }
    code += "end drop";
    first_call(&body("", &code))
}

fn nested_blocks(size: usize) -> Result<Work> {
    let code = "block ".repeat(size) + "local.get $n br_if 5 nop " + &"end ".repeat(size);
    first_call(&body("", &code))
}

fn nested_ifs(size: usize) -> Result<Work> {
    let code = "local.get $n if ".repeat(size) + &"else nop end ".repeat(size);
    first_call(&body("", &code))
}

/// Blocks in each other that hand on many results past operands that lie below.
fn nested_results(size: usize) -> Result<Work> {
    let code = "block (type $many) i32.const 9 ".repeat(size)
        + &"i32.const 1 ".repeat(20)
        + &"local.get $n br_if 0 br 0 end ".repeat(size)
        + &"drop ".repeat(20);
    let results = "i32 ".repeat(20);
    first_call(&format!(
        "(module (type $many (func (result {results}))) (func (export \"run\") (param $n i32) {code}))"
    ))
}

fn nested_loops(size: usize) -> Result<Work> {
    let code = "loop ".repeat(size)
        + "local.get $n i32.const 1 i32.sub local.set $n "
        + &"local.get $n i32.const 0 i32.gt_s br_if 0 end ".repeat(size);
    first_call(&body("", &code))
}

fn handlers(size: usize) -> Result<Work> {
    let code = "block try_table (catch $e 0) local.get $n drop end end ".repeat(size);
    first_call(&body("", &code))
}

fn nested_handlers(size: usize) -> Result<Work> {
    let code =
        "block try_table (catch $e 0) ".repeat(size) + "throw $e " + &"end end ".repeat(size);
    first_call(&body("", &code))
}

/// Clauses of one handler, of which the last catches.
fn clauses(size: usize) -> Result<Work> {
    let clauses = "(catch $other 0) ".repeat(size);
    let text = format!(
        "(module (tag $other) (tag $e) (func (export \"run\") (param $n i32)
           block try_table {clauses} (catch $e 0) throw $e end end))"
    );
    first_call(&text)
}

fn legacy_clauses(size: usize) -> Result<Work> {
    let code = format!("try throw $e {} end", "catch $e nop ".repeat(size));
    first_call(&body("", &code))
}

fn locals(size: usize) -> Result<Work> {
    let locals = format!("(local {})", "i32 ".repeat(size));
    let mut code = String::new();
    for number in 0..size {
        let _ = write!(code, "local.get {number} local.set {} ", number + 1);
    }
    first_call(&body(&locals, &code))
}

fn deep_operands(size: usize) -> Result<Work> {
    let code = "local.get $n ".repeat(size)
        + &"block local.get $n br_if 0 end ".repeat(size)
        + &"drop ".repeat(size);
    first_call(&body("", &code))
}

/// Calls that give a hundred results, and calls that take them.
fn many_results(size: usize) -> Result<Work> {
    let (types, zeros) = ("i64 ".repeat(100), "i64.const 0 ".repeat(100));
    let code = "i32.const 1 call $give call $take ".repeat(size) + &"drop ".repeat(size);
    first_call(&format!(
        "(module (func (export \"run\") (param $n i32) {code})
           (func $give (result {types}) {zeros}) (func $take (param {types})))"
    ))
}

fn casts(size: usize) -> Result<Work> {
    let code = "local.get $r ref.test (ref $s) drop ".repeat(size);
    first_call(&format!(
        "(module (type $s (struct (field i32))) (func (export \"run\") (param $n i32)
           (local $r anyref) {code}))"
    ))
}

fn straight(size: usize) -> Result<Work> {
    let code = "local.get $n i32.const 3 i32.add i32.const 5 i32.mul local.set $n ".repeat(size);
    first_call(&body("", &code))
}
