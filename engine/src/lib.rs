//! Stepwell's engine: a resumable WebAssembly interpreter.
//!
//! A [`Module`] is validated once and shared. A [`Store`] holds what running changes. A
//! [`Task`] is one thread of execution: its frames and operand stack lie in the store, it borrows nothing
//! while parked, and runs for exactly as many instructions as its [`Budget`] says. Every reason
//! to stop is a [`Stop`], and every stop can be inspected through [`observe`] and resumed.
//!
//! ```
//! # #[cfg(feature = "wat")] {
//! use stepwell_engine::{Budget, Config, Engine, Linker, Module, Stop, Store, Value};
//!
//! let engine = Engine::new(Config::default());
//! let module = Module::from_wat(
//!     &engine,
//!     r#"(module (func (export "add") (param i32 i32) (result i32)
//!          local.get 0  local.get 1  i32.add))"#,
//! )?;
//! let mut store = Store::new(&engine);
//! let instance = Linker::new().instantiate(&mut store, &module)?;
//! let add = store.export_func(instance, "add")?;
//!
//! let mut task = store.start(add, &[Value::I32(2), Value::I32(3)])?;
//! assert_eq!(task.run(&mut store, Budget::instructions(2))?, Stop::Budget);
//! assert_eq!(task.run(&mut store, Budget::unlimited())?, Stop::Done(vec![Value::I32(5)]));
//! assert_eq!(task.executed(), 4); // two local.get, i32.add, end
//! # }
//! # Ok::<(), stepwell_engine::Error>(())
//! ```
//!
//! The crate is `no_std` with `alloc`; the feature `std` (on by default) lets float rounding use the
//! platform's instructions, maps large memories, offers pools and validates on several threads, and
//! `wat` adds `Module::from_wat`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

/// Its code is tested.
#[cfg(all(doctest, feature = "wat"))]
#[doc = include_str!("../README.md")]
struct Readme;

mod config;
mod error;
pub mod exec;
pub mod expression;
mod features;
mod flags;
pub mod host;
mod ids;
mod lock;
pub mod memory;
pub mod module;
pub mod observe;
pub mod recording;
pub mod sched;
pub mod semantics;
pub mod store;
pub mod text;
pub mod text_format;
pub mod timeline;
pub mod types;
mod value;

#[cfg(feature = "std")]
pub use config::Pooling;
pub use config::{Allocation, Config, Engine, Tier};
pub use error::{Error, ImportError, LimitKind, LinkError, Result};
pub use exec::{
    AtomicWait, Beyond, Budget, BulkProgress, CallSite, CallState, Exception, HostAnswer, HostCall,
    InterruptHandle, SegmentTrap, Space, Stop, Task, Trap, TrapCode, TrapFrame, WatchKind,
};
pub use features::Features;
#[cfg(feature = "std")]
pub use host::Local;
pub use host::{AsyncCaller, Caller, CallerMemory, HostCause, HostError, HostResult};
pub use ids::{
    CodeOffset, DataAddr, ElemAddr, ExternAddr, FrameId, FuncAddr, FuncIndex, GlobalAddr,
    InstanceId, MemAddr, ModuleId, ObjectAddr, TableAddr, TagAddr, TaskId, TypeId,
};
pub use module::{Module, ModuleBuilder};
pub use store::{Extern, Instantiation, Linker, Prelinked, Store, TypedFunc};
pub use types::{
    ExternType, FuncType, GlobalType, HeapType, Limits, MemoryType, Mutability, RefType, TableType,
    ValType,
};
pub use value::{AnyRef, Ref, Value};
