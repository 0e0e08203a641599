//! The host's own errors, kept as sources of traps.

use std::error::Error as _;
use std::fmt;

use stepwell_engine::host::record::RecordedAnswer;
use stepwell_engine::{
    Budget, Engine, Error, FuncType, HostError, InstanceId, Linker, Stop, Store, Trap, TrapCode,
};

use super::module;

#[derive(Debug, PartialEq)]
struct Refused(u32);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused at {}", self.0)
    }
}

impl std::error::Error for Refused {}

fn refused_with<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Refused> {
    error.source()?.downcast_ref()
}

fn instantiate(linker: &Linker) -> (Store, InstanceId) {
    let text = r#"(module
      (import "env" "ask" (func $ask))
      (func $inner (export "inner") call $ask)
      (func (export "run") call $inner))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    (store, instance)
}

#[test]
fn the_error_of_a_host_function_is_the_source_of_the_trap() {
    let typed = |linker: &mut Linker| {
        linker.func_wrap("env", "ask", || Err::<(), _>(HostError::from_error(Refused(7))));
    };
    let untyped = |linker: &mut Linker| {
        linker.func("env", "ask", FuncType::new([], []), |_, _| {
            Err(HostError::from_error(Refused(7)))
        });
    };
    let future = |linker: &mut Linker| {
        linker.func_async("env", "ask", FuncType::new([], []), |_, _| async {
            Err(HostError::from_error(Refused(7)))
        });
    };
    for define in [&typed as &dyn Fn(&mut Linker), &untyped, &future] {
        let mut linker = Linker::new();
        define(&mut linker);
        let (mut store, instance) = instantiate(&linker);
        store.record_host_calls(true);
        let run = store.export_func(instance, "run").unwrap();
        let error = store.invoke(run, &[]).unwrap_err();
        assert_eq!(refused_with(&error), Some(&Refused(7)));
        let Error::Trap(trap) = &error else { panic!("a trap") };
        assert_eq!(trap.code, TrapCode::Host("refused at 7".into()));
        assert_eq!(trap.backtrace.len(), 2);
        let cause = trap.cause.downcast_ref();
        assert_eq!(cause, Some(&Refused(7)));
        // What is kept of the call is data.
        let records = store.take_host_calls();
        assert_eq!(records[0].answer, RecordedAnswer::Trapped("refused at 7".into()));
        let (mut other, again) = instantiate(&linker);
        other.replay_host_calls(records);
        let run = other.export_func(again, "run").unwrap();
        let replayed = other.invoke(run, &[]).unwrap_err();
        assert!(replayed.source().is_none());
        assert_eq!(replayed, error, "traps are compared without their causes");
    }
}

/// A trap that a host function passes on has the cause of the function that failed.
#[test]
fn a_cause_goes_through_host_functions() {
    let mut linker = Linker::new();
    linker.func_async("env", "ask", FuncType::new([], []), |caller, _| async move {
        let inner = caller.with(|caller| caller.export("failing")).await?;
        let Some(stepwell_engine::Extern::Func(inner)) = inner else {
            return Err(HostError::new("no such export"));
        };
        let trap: Trap = caller.try_call(inner, &[]).await?.unwrap_err();
        assert!(refused_with(&trap).is_some());
        let error = HostError::from(trap);
        assert!(refused_with(&error).is_some());
        Err(error)
    });
    linker.func_wrap("env", "fail", || Err::<(), _>(HostError::from_error(Refused(1))));
    let text = r#"(module
      (import "env" "ask" (func $ask))
      (import "env" "fail" (func $fail))
      (func (export "failing") call $fail)
      (func (export "run") call $ask))"#;
    let mut store = Store::new(&Engine::default());
    let instance = linker.instantiate(&mut store, &module(text)).unwrap();
    let run = store.export_func(instance, "run").unwrap();
    let mut task = store.start(run, &[]).unwrap();
    let Stop::Trap(trap) = task.run(&mut store, Budget::unlimited()).unwrap() else {
        panic!("a trap")
    };
    assert_eq!(refused_with(&trap), Some(&Refused(1)));
    assert_eq!(task.trap(&store).and_then(|trap| refused_with(trap)), Some(&Refused(1)));
}

/// An error of the interface that a host function passes on with `?` is kept as it is.
#[test]
fn errors_of_the_interface_are_causes_too() {
    let mut linker = Linker::new();
    linker.func_wrap("env", "ask", |caller: &mut stepwell_engine::Caller<'_>| {
        caller.set_global(stepwell_engine::GlobalAddr(9), stepwell_engine::Value::I32(0))?;
        Ok::<(), HostError>(())
    });
    let (mut store, instance) = instantiate(&linker);
    let run = store.export_func(instance, "run").unwrap();
    let error = store.invoke(run, &[]).unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<Error>());
    assert_eq!(source, Some(&Error::UnknownIndex { what: "global", index: 9 }));
}
