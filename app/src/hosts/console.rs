//! The console of small programs: `log`, `print`, `putchar`, `puts` and their like, under the module
//! names that tutorials use.
//!
//! A message takes any numbers and is a line of its own. Two integers can be two numbers or the address
//! and the length of a text. A name that says it decides: `log_str` and `puts` are texts, `print_i32` is
//! numbers. Otherwise it is a text if readable UTF-8 lies there in the caller's memory, and two numbers if
//! not. One integer is an address only if the name says so; its text then ends with a zero. Strings of
//! `wasm:js-string` are texts.

use stepwell_engine::module::Import;
use stepwell_engine::{ExternType, FuncType, HostError, HostResult, RefType, ValType, Value};

use super::call::{Call, Item, Lookup, trap, unsigned};
use super::names::{self, Form};
use super::{StdinRead, Stream, memory, signature};

/// Names of modules that it is imported from; MDN's examples have `my_namespace`, `imports` and `js`.
pub(super) const MODULES: [&str; 7] =
    ["console", "env", "js", "imports", "host", "my_namespace", "system"];

/// Most values of a message.
const MOST: usize = 16;

pub(super) fn look_up(import: &Import) -> Lookup {
    if !MODULES.contains(&&*import.module) {
        return Lookup::Unknown;
    }
    match &import.ty {
        ExternType::Func(ty) => function(&import.name, ty),
        // Of dynamic linking, where zero or empty would be wrong.
        _ if import.name.starts_with("__") => Lookup::Unknown,
        ExternType::Memory(_) => Lookup::Found(Item::Made(import.ty.clone(), None)),
        ExternType::Table(ty) if matches!(ty.element, RefType::FUNC | RefType::EXTERN) => {
            Lookup::Found(Item::Made(import.ty.clone(), None))
        }
        ExternType::Global(ty)
            if &*import.module == "js" && !matches!(ty.content, ValType::Ref(_)) =>
        {
            Lookup::Found(Item::Made(import.ty.clone(), None))
        }
        ExternType::Table(_) | ExternType::Global(_) | ExternType::Tag(_) => Lookup::Unknown,
    }
}

/// A function with a form of its own: name, signatures, what it does.
type Special = (&'static str, &'static [&'static str], fn(&mut Call<'_, '_>) -> HostResult);

const SPECIAL: [Special; 7] = [
    ("putchar", &["vi", "ii"], putchar),
    ("putc", &["vi", "ii"], putchar),
    ("puts", &["vp", "ip", "vpp", "ipp", "vpi", "ipi"], puts),
    ("getchar", &["i"], getchar),
    ("getc", &["i"], getchar),
    ("write", &["vpp", "ipp", "vipp", "iipp", "vipi", "iipi"], write),
    ("writechar", &["vi"], putchar),
];

fn function(name: &str, ty: &FuncType) -> Lookup {
    let plain = names::plain(name);
    if let Some((_, signatures, function)) = SPECIAL.iter().find(|(known, ..)| plain == *known) {
        return match signatures.iter().any(|signature| signature::fits(signature, ty)) {
            true => Lookup::Found(Item::function(*function)),
            false => Lookup::Misfit(signature::text(signatures.first().unwrap_or(&"v"))),
        };
    }
    let Some((stream, form)) = names::message(name) else { return Lookup::Unknown };
    let returns_nothing = matches!(ty.results(), [] | [ValType::I32]);
    let fits = returns_nothing
        && match form {
            Form::Text => is_text(ty.params()),
            _ => ty.params().len() <= MOST && ty.params().iter().all(|ty| is_value(*ty)),
        };
    if !fits {
        let takes = match form {
            Form::Text => "takes an address, and a length unless the text ends with a zero",
            _ => "takes numbers, or the address and the length of a text",
        };
        return Lookup::Misfit(format!("a message, which {takes}, and returns nothing"));
    }
    Lookup::Found(Item::function(move |call| message(call, stream, form)))
}

fn is_value(ty: ValType) -> bool {
    ty == ValType::EXTERNREF || !matches!(ty, ValType::V128 | ValType::Ref(_))
}

fn is_text(params: &[ValType]) -> bool {
    match params {
        [only] => signature::is_address(*only) || *only == ValType::EXTERNREF,
        [address, len] => signature::is_address(*address) && signature::is_address(*len),
        _ => false,
    }
}

fn message(call: &mut Call<'_, '_>, stream: Stream, form: Form) -> HostResult {
    let args = call.args;
    let text = match (form, args) {
        (Form::Text, _) => Some(given_text(call)?),
        (Form::Either, [Value::I32(_) | Value::I64(_), Value::I32(_) | Value::I64(_)]) => {
            memory::printable(call.caller, unsigned(args, 0), unsigned(args, 1))
        }
        _ => None,
    };
    let line = text.unwrap_or_else(|| {
        let values: Vec<String> = args.iter().map(|value| shown(call, *value, form)).collect();
        values.join(" ").into_bytes()
    });
    call.print_line(stream, line);
    call.done()
}

/// The text that the arguments are about.
fn given_text(call: &mut Call<'_, '_>) -> Result<Vec<u8>, HostError> {
    match call.args {
        [only @ Value::ExternRef(_)] => Ok(shown(call, *only, Form::Either).into_bytes()),
        [_] => memory::c_string(call.caller, call.unsigned(0)),
        args => {
            let (bytes, left_out) =
                memory::text(call.caller, unsigned(args, 0), unsigned(args, 1))?;
            call.state.log().drop_bytes(left_out);
            Ok(bytes)
        }
    }
}

fn shown(call: &Call<'_, '_>, value: Value, form: Form) -> String {
    match (form, value) {
        (Form::Unsigned, Value::I32(value)) => (value as u32).to_string(),
        (Form::Unsigned, Value::I64(value)) => (value as u64).to_string(),
        (Form::Hexadecimal, Value::I32(value)) => format!("0x{value:x}"),
        (Form::Hexadecimal, Value::I64(value)) => format!("0x{value:x}"),
        (Form::Character, Value::I32(value)) => {
            char::from_u32(value as u32).unwrap_or(char::REPLACEMENT_CHARACTER).to_string()
        }
        (Form::Boolean, Value::I32(value)) => (value != 0).to_string(),
        (_, Value::I32(value)) => value.to_string(),
        (_, Value::I64(value)) => value.to_string(),
        (_, Value::F32(value)) => float(f64::from(value), value.to_string()),
        (_, Value::F64(value)) => float(value, value.to_string()),
        (_, Value::ExternRef(None)) => "null".to_owned(),
        (_, value) => match call.caller.store().code_units(value) {
            Some(units) => String::from_utf16_lossy(&units),
            None => value.to_string(),
        },
    }
}

/// A float as a console shows it; `plain` are its digits.
fn float(value: f64, plain: String) -> String {
    match value.abs() {
        f64::INFINITY => if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        size if size >= 1e21 || (size < 1e-6 && size > 0.0) => format!("{value:e}"),
        _ => plain,
    }
}

fn putchar(call: &mut Call<'_, '_>) -> HostResult {
    let value = call.int(0);
    let mut buffer = [0; 4];
    // C has bytes here, and beyond them a character can only be meant.
    let bytes = match u8::try_from(value) {
        Ok(byte) => vec![byte],
        Err(_) => match char::from_u32(value as u32) {
            Some(c) => c.encode_utf8(&mut buffer).as_bytes().to_vec(),
            None => vec![value as u8],
        },
    };
    call.print(Stream::Stdout, &bytes);
    call.give(i64::from(value))
}

fn puts(call: &mut Call<'_, '_>) -> HostResult {
    let mut bytes = given_text(call)?;
    bytes.push(b'\n');
    call.print(Stream::Stdout, &bytes);
    call.done()
}

/// `write(address, len)`, or with the number of a file before them as in C.
fn write(call: &mut Call<'_, '_>) -> HostResult {
    let (file, first) = match call.args.len() {
        3 => (call.int(0), 1),
        _ => (1, 0),
    };
    let stream = match file {
        1 => Stream::Stdout,
        2 => Stream::Stderr,
        file => return trap(format!("write: file {file} is not open, only 1 and 2 are")),
    };
    let len = call.unsigned(first + 1);
    let (bytes, left_out) = memory::text(call.caller, call.unsigned(first), len)?;
    call.print(stream, &bytes);
    call.state.log().drop_bytes(left_out);
    call.give(len as i64)
}

fn getchar(call: &mut Call<'_, '_>) -> HostResult {
    match call.state.stdin().read(1, call.caller.waker()) {
        StdinRead::Bytes(bytes) => call.give(bytes.first().map_or(-1, |byte| i64::from(*byte))),
        StdinRead::End => call.give(-1),
        StdinRead::Nothing => Err(HostError::pending()),
    }
}
