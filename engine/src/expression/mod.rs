//! Expressions over a stopped machine: `$n % 2 == 0 && u8[$p + 8] == 'a'`.
//!
//! Breakpoint conditions, messages and watches are written in this language; its grammar is in
//! `docs/expressions.md`. A text becomes an [`Expression`] (`parser`), which knows no module. Resolved in a
//! [`Scope`], names become slots and types are checked: a [`Program`] (`resolve`). It is evaluated as often
//! as one likes against what a [`Context`] gives (`evaluate`), reads only, and never traps the machine.
//! Expressions are written one operation behind the other, operands first, so nothing here recurses
//! but the parser, whose depth is bounded. Imports `store`, `observe`, `semantics`.
//!
//! ```
//! # #[cfg(feature = "wat")] {
//! use stepwell_engine::expression::{Context, Datum, Expression, Scope};
//! use stepwell_engine::{Config, Engine, Linker, Module, Store, Value};
//!
//! let engine = Engine::new(Config::default());
//! let module = Module::from_wat(
//!     &engine,
//!     r#"(module (memory 1) (data (i32.const 8) "\2a")
//!          (func (export "f") (param $p i32)))"#,
//! )?;
//! let mut store = Store::new(&engine);
//! let instance = Linker::new().instantiate(&mut store, &module)?;
//! let task = store.start(store.export_func(instance, "f")?, &[Value::I32(4)])?;
//!
//! let frame = task.frames(&store).next().expect("it has begun");
//! let answer = Expression::parse("i32[$p + 4]")?.resolve(&Scope::of_frame(&frame))?;
//! assert_eq!(answer.evaluate(&Context::of_frame(&store, &frame))?, Datum::I32(42));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arithmetic;
mod convert;
mod datum;
mod error;
mod evaluate;
#[cfg(all(test, feature = "wat", not(miri)))]
mod fuzz_tests;
mod lexer;
mod operation;
mod parser;
mod resolve;
mod scope;
mod template;
#[cfg(all(test, feature = "wat", not(miri)))]
mod tests;
mod typing;

pub use datum::{Datum, DatumType, Notation};
pub use error::{ExpressionError, ExpressionErrorKind};
pub use evaluate::{Context, Counts};
pub use parser::{Expression, MAX_DEPTH, MAX_LENGTH};
pub use resolve::Program;
pub use scope::Scope;
pub use template::{Message, Template};
