//! What AssemblyScript's runtime imports from `env`. Its strings are UTF-16, with their length in bytes in
//! the four bytes before them.

use stepwell_engine::module::Import;
use stepwell_engine::{Caller, ExternType, HostError, HostResult, Value};

use super::call::{Call, Item, Lookup, trap};
use super::{Stream, memory, signature};

type Entry = (&'static str, &'static str, fn(&mut Call<'_, '_>) -> HostResult);

const FUNCTIONS: [Entry; 11] = [
    ("abort", "viiii", abort),
    ("trace", "viiddddd", trace),
    ("seed", "d", seed),
    ("console.log", "vi", |call| print(call, Stream::Log)),
    ("console.info", "vi", |call| print(call, Stream::Log)),
    ("console.debug", "vi", |call| print(call, Stream::Log)),
    ("console.warn", "vi", |call| print(call, Stream::Stderr)),
    ("console.error", "vi", |call| print(call, Stream::Stderr)),
    ("Date.now", "d", |call| call.give_float(call.state.unix_time(call.caller.executed()))),
    ("performance.now", "d", |call| call.give_float(call.state.elapsed(call.caller.executed()))),
    ("process.exit", "vi", |call| Err(HostError::exit(call.int(0)))),
];

pub(super) fn look_up(import: &Import) -> Lookup {
    let known = FUNCTIONS.iter().find(|(name, ..)| *name == &*import.name);
    match (known, &import.ty) {
        (Some((_, signature, function)), ExternType::Func(ty)) if &*import.module == "env" => {
            match signature::fits(signature, ty) {
                true => Lookup::Found(Item::function(*function)),
                false => Lookup::Misfit(signature::text(signature)),
            }
        }
        _ => Lookup::Unknown,
    }
}

/// A string; none at address 0.
fn string(caller: &mut Caller<'_>, address: u64) -> Result<Option<String>, HostError> {
    match address {
        0 => Ok(None),
        address => memory::utf16(caller, address).map(Some),
    }
}

/// `abort(message, file, line, column)`: a failed assertion, or an error that was thrown.
fn abort(call: &mut Call<'_, '_>) -> HostResult {
    // That a text cannot be read must not hide that the program gave up.
    let message = string(call.caller, call.unsigned(0)).ok().flatten();
    let file = string(call.caller, call.unsigned(1)).ok().flatten();
    let mut told = format!("abort: {}", message.as_deref().unwrap_or("no message"));
    if let Some(file) = file {
        told.push_str(&format!(" in {file}:{}:{}", call.unsigned(2), call.unsigned(3)));
    }
    call.print_line(Stream::Stderr, told.as_str());
    trap(told)
}

/// `trace(message, count, a0, …, a4)`.
fn trace(call: &mut Call<'_, '_>) -> HostResult {
    let message = string(call.caller, call.unsigned(0))?.unwrap_or_default();
    let count = usize::try_from(call.int(1)).unwrap_or(0);
    let values: Vec<String> = call.args.iter().skip(2).take(count).map(number).collect();
    let space = if values.is_empty() { "" } else { " " };
    call.print_line(Stream::Log, format!("trace: {message}{space}{}", values.join(", ")));
    call.done()
}

fn number(value: &Value) -> String {
    match value {
        Value::F64(value) => value.to_string(),
        value => value.to_string(),
    }
}

fn seed(call: &mut Call<'_, '_>) -> HostResult {
    let now = call.state.unix_time(call.caller.executed());
    call.give_float(now * call.state.random_fraction())
}

fn print(call: &mut Call<'_, '_>, stream: Stream) -> HostResult {
    let text = string(call.caller, call.unsigned(0))?.unwrap_or_else(|| "null".to_owned());
    call.print_line(stream, text);
    call.done()
}
