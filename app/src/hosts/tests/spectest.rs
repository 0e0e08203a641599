use stepwell_engine::{Error, Linker, Module};

use super::super::{HostSet, Importer, provides};
use super::{Run, link, module};

const ALL: &str = r#"(module
    (import "spectest" "print" (func))
    (import "spectest" "print_i32" (func $i (param i32)))
    (import "spectest" "print_i64" (func (param i64)))
    (import "spectest" "print_f32" (func (param f32)))
    (import "spectest" "print_f64" (func (param f64)))
    (import "spectest" "print_i32_f32" (func $both (param i32 f32)))
    (import "spectest" "print_f64_f64" (func (param f64 f64)))
    (import "spectest" "global_i32" (global $g i32))
    (import "spectest" "global_i64" (global i64))
    (import "spectest" "global_f32" (global $f f32))
    (import "spectest" "global_f64" (global f64))
    (import "spectest" "table" (table 10 20 funcref))
    (import "spectest" "memory" (memory 1 2))
    (func (export "go") (call $i (global.get $g)) (call $both (i32.const 1) (global.get $f)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (result i32) (table.size)))"#;

#[test]
fn everything_links_and_prints() {
    let mut run = Run::new(ALL);
    run.call("go", &[]).unwrap();
    assert_eq!(run.text(), "666 : i32\n1 : i32\n666.6 : f32\n");
    assert_eq!(run.int("table", &[]), 10);
    assert_eq!(run.int("grow", &[2]), -1);
    assert_eq!(run.int("grow", &[1]), 1);
    // The memory is the same for all who import it.
    run.instance = link(&mut run.store, &run.state, ALL);
    assert_eq!(run.int("grow", &[0]), 2);
}

#[test]
fn all_of_it_can_be_defined_at_once() {
    let mut run = Run::new("(module)");
    let mut linker = Linker::new();
    run.state.define_spectest(&mut linker, &mut run.store).unwrap();
    let module = Module::from_wat(run.store.engine(), ALL).unwrap();
    linker.instantiate(&mut run.store, &module).unwrap();
    let wrong = r#"(module (import "spectest" "memory" (memory 3)))"#;
    let wrong = Module::from_wat(run.store.engine(), wrong).unwrap();
    assert!(matches!(linker.instantiate(&mut run.store, &wrong), Err(Error::Link { .. })));
}

#[test]
fn other_types_do_not_fit() {
    for wrong in [
        r#"(module (import "spectest" "memory" (memory 3)))"#,
        r#"(module (import "spectest" "memory" (memory 1 1)))"#,
        r#"(module (import "spectest" "global_i32" (global (mut i32))))"#,
        r#"(module (import "spectest" "table" (table 10 20 externref)))"#,
        r#"(module (import "spectest" "print_i32" (func (param i64))))"#,
    ] {
        let module = module(wrong);
        let import = &module.imports()[0];
        assert!(!provides(HostSet::Spectest, import), "{wrong}");
        let misfit = Importer::of(&module).misfit(import).expect(wrong);
        assert_eq!(misfit.set, HostSet::Spectest);
    }
}
