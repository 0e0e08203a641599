//! What a person is told of files that do not open, and of traps.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use stepwell_engine::Error;

use super::tests::{run_on, start, with};
use super::*;

fn open(session: &mut Session, name: &str, bytes: &[u8]) -> Result<(), SessionError> {
    session.apply(Command::Open { name: name.to_owned(), bytes: bytes.to_vec() })
}

#[test]
fn a_text_that_does_not_validate_is_listed_with_its_places() {
    let mut session = Session::new();
    let text =
        b"(module\n (func $a (drop))\n (func $b (param $x i64)\n  (i32.eqz (local.get $x))))";
    let told = open(&mut session, "broken", text).unwrap_err().to_string();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(lines[1].starts_with("broken:4:4: type mismatch in i32.eqz"), "{told}");

    let [problem] = session.problems() else { panic!("{:?}", session.problems()) };
    assert_eq!(problem.name, "broken");
    let Error::Text { errors } = &problem.error else { panic!("{:?}", problem.error) };
    let second = &errors[1];
    assert_eq!((second.line, second.column), (4, 4));
    assert_eq!(second.item.as_deref(), Some("function $b"));
    assert_eq!(second.expected.as_deref(), Some("[i32]"));
    assert_eq!(second.found.as_deref(), Some("[i64]"));
    assert_eq!(second.source, "  (i32.eqz (local.get $x))))");

    open(&mut session, "page", b"<!DOCTYPE html>").unwrap_err();
    let names: Vec<&str> = session.problems().iter().map(|problem| &*problem.name).collect();
    assert_eq!(names, ["page", "broken"]);
    open(&mut session, "broken", b"(module)").unwrap();
    assert_eq!(session.problems().len(), 1);
    assert!(
        load_error("page", &session.problems()[0].error)
            .contains("page: not a module: this is HTML")
    );
}

#[test]
fn a_trap_says_what_it_was_about() {
    let text = "(module (memory 1) (table 3 funcref) (elem (i32.const 0) $have)
      (func $have (param i32) (result i32) (local.get 0))
      (func (export \"load\") (drop (i64.load offset=4 (i32.const 65530))))
      (func (export \"call\") (call_indirect (param i64) (i64.const 5) (i32.const 0)))
      (func (export \"copy\") (memory.copy (i32.const 1) (i32.const 65535) (i32.const 2))))";
    for (export, instruction, cause) in [
        (
            "load",
            "i64.load offset=4 with i32:65530 on the stack",
            "8 bytes at address 0xfffe (0xfffa + 4) reach beyond memory 0, which has 65536 bytes",
        ),
        (
            "call",
            "call_indirect (param i64) with i64:5, i32:0 on the stack",
            "element 0 of table 0 is m.have of (i32) -> (i32), and the call is of (i64) -> ()",
        ),
        (
            "copy",
            "memory.copy with i32:1, i32:65535, i32:2 on the stack",
            "2 bytes at address 0xffff reach beyond memory 0, which has 65536 bytes",
        ),
    ] {
        let mut session = with(&[("m", text)]);
        start(&mut session, "m", export, &[]);
        session.apply(Command::Continue).unwrap();
        run_on(&mut session);
        let RunState::Stopped(StopReason::Trap(trap)) = session.run_state().clone() else {
            panic!("{:?}", session.run_state());
        };
        let frames = session.frames();
        let said = trapped_instruction(&frames[0], &trap.code, &session);
        assert_eq!(said.as_deref(), Some(instruction));
        assert_eq!(trap_causes(session.store().unwrap(), &frames[0], &session), [cause]);
    }
}
