//! Calls in words: what a function is asked to do, and what it answered.
//!
//! ```
//! use stepwell_engine::Value;
//! use stepwell_wasi::{Function, Version, signature};
//!
//! let mut memory = vec![0; 64];
//! memory[8..13].copy_from_slice(b"a.txt");
//! let args = [
//!     Value::I32(3), Value::I32(1), Value::I32(8), Value::I32(5), Value::I32(9),
//!     Value::I64(2), Value::I64(0), Value::I32(0), Value::I32(32),
//! ];
//! let described = signature::describe(Function::PathOpen, Version::Preview1, &args, &memory);
//! let text: Vec<String> = described.iter().map(|arg| format!("{}: {}", arg.name, arg.text)).collect();
//! assert_eq!(text[..4], ["fd: 3", "dirflags: symlink_follow", "path: \"a.txt\"", "oflags: creat|trunc"]);
//! assert_eq!(described[2].range, Some((8, 5)));
//! ```

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{Display, Write as _};

use stepwell_engine::Value;

use crate::errno::{Errno, Result};
use crate::function::{Function, Kind};
use crate::memory::{GuestMemory, Memory};
use crate::types::layout::{Subscription, SubscriptionKind};
use crate::types::{
    Advice, ClockId, Fdflags, FileType, Fstflags, Layout, Lookupflags, Oflags, Riflags, Rights,
    SIGNALS, Sdflags, Version, Whence,
};

/// Most bytes of a text that are shown.
const MAX_TEXT: u32 = 96;

/// Most records of a list that are shown.
const MAX_LIST: u32 = 8;

/// A parameter of a call, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arg {
    /// Its name in the specification.
    pub name: &'static str,
    /// What it says.
    pub text: String,
    /// The bytes that it points to, address and length: a string, a result, the list of buffers, or the
    /// buffer itself if the list has only one.
    pub range: Option<(u64, u64)>,
}

/// The parameters of a call, before it is answered. Anything can be described, whatever the pointers say.
pub fn describe(
    function: Function,
    version: Version,
    args: &[Value],
    memory: &dyn GuestMemory,
) -> Vec<Arg> {
    let view = View { memory, version, bits: args.iter().map(bits).collect() };
    let mut position = 0;
    let describe = |(name, kind): &(&'static str, Kind)| {
        let (text, range) = view.describe(*kind, position);
        position += kind.types().len();
        Arg { name, text, range }
    };
    function.signature().iter().map(describe).collect()
}

/// What a call has written where its results go, after it has returned success.
pub fn describe_results(
    function: Function,
    version: Version,
    args: &[Value],
    memory: &dyn GuestMemory,
) -> Vec<Arg> {
    let view = View { memory, version, bits: args.iter().map(bits).collect() };
    let mut position = 0;
    let mut results = Vec::new();
    for (name, kind) in function.signature() {
        if let Kind::Result(layout) = kind {
            let at = view.u32(position);
            let text = view.record(*layout, at).unwrap_or_else(|_| outside(at));
            let range = Some((at.into(), layout.size(version).into()));
            results.push(Arg { name, text, range });
        }
        position += kind.types().len();
    }
    results
}

/// What a function has returned.
pub fn describe_result(function: Function, errno: Errno) -> String {
    match (function, errno) {
        (Function::ProcExit, _) => "does not return".to_owned(),
        (_, Errno::Success) => "success".to_owned(),
        (_, errno) => errno.to_string(),
    }
}

fn bits(value: &Value) -> u64 {
    match value {
        Value::I32(value) => u64::from(*value as u32),
        Value::I64(value) => *value as u64,
        _ => 0,
    }
}

fn outside(at: u32) -> String {
    format!("0x{at:x}, outside of memory")
}

/// Text as in source code, cut off.
fn quoted(bytes: &[u8], len: u64) -> String {
    let text = String::from_utf8_lossy(bytes);
    match len > bytes.len() as u64 {
        true => format!("\"{}\"… ({len} bytes)", text.escape_debug()),
        false => format!("\"{}\"", text.escape_debug()),
    }
}

/// A name, or the number if there is none.
fn named<T>(value: Result<T>, name: fn(T) -> &'static str, number: u64) -> String {
    value.map_or_else(|_| number.to_string(), |value| name(value).to_owned())
}

struct View<'a> {
    memory: &'a dyn GuestMemory,
    version: Version,
    bits: Vec<u64>,
}

type Described = (String, Option<(u64, u64)>);

impl View<'_> {
    fn u64(&self, position: usize) -> u64 {
        self.bits.get(position).copied().unwrap_or_default()
    }

    fn u32(&self, position: usize) -> u32 {
        self.u64(position) as u32
    }

    fn describe(&self, kind: Kind, position: usize) -> Described {
        let (number, at) = (self.u64(position), self.u32(position));
        let len = self.u32(position + 1);
        let flags = |flags: &dyn Display| (flags.to_string(), None);
        let text = |text: String| (text, None);
        match kind {
            Kind::Fd => text(match at {
                0 => "0 (stdin)".to_owned(),
                1 => "1 (stdout)".to_owned(),
                2 => "2 (stderr)".to_owned(),
                fd => fd.to_string(),
            }),
            Kind::Path => {
                (self.text(at, len).unwrap_or_else(|_| outside(at)), Some((at.into(), len.into())))
            }
            Kind::Iovecs | Kind::Ciovecs => self.buffers(at, len, kind == Kind::Ciovecs),
            Kind::Buffer => (format!("0x{at:x}, {len} bytes"), Some((at.into(), len.into()))),
            Kind::Result(layout) => {
                let size = layout.size(self.version);
                (format!("0x{at:x}"), Some((at.into(), size.into())))
            }
            Kind::Pointers | Kind::Bytes => text(format!("0x{at:x}")),
            Kind::Subscriptions(count) => self.subscriptions(at, self.u32(count)),
            Kind::Events(count) => {
                let size = Layout::Event.size(self.version);
                let len = u64::from(self.u32(count)) * u64::from(size);
                (format!("0x{at:x}"), Some((at.into(), len)))
            }
            Kind::Count | Kind::Filesize | Kind::Dircookie => text(number.to_string()),
            Kind::ExitCode => text((at as i32).to_string()),
            Kind::Filedelta => text((number as i64).to_string()),
            Kind::Timestamp => text(format!("{number} ns")),
            Kind::Clock => text(named(ClockId::from_number(at), ClockId::name, number)),
            Kind::Advice => text(named(Advice::from_number(at), Advice::name, number)),
            Kind::Whence => text(named(Whence::of_version(self.version, at), Whence::name, number)),
            Kind::Signal => {
                text(SIGNALS.get(at as usize).map_or(number.to_string(), |name| (*name).to_owned()))
            }
            Kind::Rights => text(rights(number)),
            Kind::Lookupflags => flags(&Lookupflags(at)),
            Kind::Oflags => flags(&Oflags(at as u16)),
            Kind::Fdflags => flags(&Fdflags(at as u16)),
            Kind::Fstflags => flags(&Fstflags(at as u16)),
            Kind::Riflags => flags(&Riflags(at as u16)),
            Kind::Siflags => text(number.to_string()),
            Kind::Sdflags => flags(&Sdflags(at as u8)),
        }
    }

    fn read(&self, at: u32, len: u32) -> Result<&[u8]> {
        if len == 0 { Ok(&[]) } else { self.memory.read(at, len) }
    }

    fn number(&self, at: u32, len: u32) -> Result<u64> {
        let bytes = self.read(at, len)?.iter().rev();
        Ok(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn text(&self, at: u32, len: u32) -> Result<String> {
        Ok(quoted(self.read(at, len.min(MAX_TEXT))?, len.into()))
    }

    /// A list of buffers: their bytes if they are read, where they lie if they are filled.
    fn buffers(&self, at: u32, count: u32, with_bytes: bool) -> Described {
        let list = Some((u64::from(at), 8 * u64::from(count)));
        let mut text = String::new();
        let mut range = list;
        for number in 0..count.min(MAX_LIST) {
            let piece = at.checked_add(8 * number).ok_or(Errno::Fault).and_then(|at| {
                let (start, len) = (self.number(at, 4)?, self.number(at.saturating_add(4), 4)?);
                Ok((start as u32, len as u32))
            });
            let Ok((start, len)) = piece else { return (outside(at), list) };
            let shown = match self.text(start, len) {
                Ok(shown) if with_bytes => shown,
                Ok(_) => format!("0x{start:x}, {len} bytes"),
                Err(_) => outside(start),
            };
            let separator = if number == 0 { "" } else { ", " };
            let _ = write!(text, "{separator}{shown}");
            if count == 1 {
                range = Some((start.into(), len.into()));
            }
        }
        if count > MAX_LIST {
            let _ = write!(text, ", … ({count} buffers)");
        }
        (format!("[{text}]"), range)
    }

    fn subscriptions(&self, at: u32, count: u32) -> Described {
        let size = Layout::Subscription.size(self.version);
        let range = Some((at.into(), u64::from(size) * u64::from(count)));
        let mut text = String::new();
        for number in 0..count.min(MAX_LIST) {
            let separator = if number == 0 { "" } else { ", " };
            let read = at.checked_add(size * number).ok_or(Errno::Fault);
            // Memory to read is enough; the type wants one to write as well.
            let mut copy = Copied(self.memory);
            let memory = Memory(&mut copy);
            let _ = match read.and_then(|at| Subscription::read(&memory, self.version, at)) {
                Err(Errno::Fault) => return (outside(at), range),
                Err(error) => write!(text, "{separator}{}", error.name()),
                Ok(Subscription { kind: SubscriptionKind::Descriptor { event, fd }, .. }) => {
                    write!(text, "{separator}{} {fd}", event.name())
                }
                Ok(Subscription {
                    kind: SubscriptionKind::Clock { clock, timeout, absolute },
                    ..
                }) => {
                    let clock = named(ClockId::from_number(clock), ClockId::name, clock.into());
                    let how = if absolute { "at" } else { "in" };
                    write!(text, "{separator}{clock} {how} {timeout} ns")
                }
            };
        }
        if count > MAX_LIST {
            let _ = write!(text, ", … ({count} subscriptions)");
        }
        (format!("[{text}]"), range)
    }

    /// A result that has been written.
    fn record(&self, layout: Layout, at: u32) -> Result<String> {
        let size = layout.size(self.version);
        let bytes = self.read(at, size)?.to_vec();
        let number = |offset: usize, len: usize| {
            let bytes = bytes.iter().skip(offset).take(len).rev();
            bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let file_type = |offset| {
            let number = number(offset, 1);
            named(FileType::from_number(number as u32), FileType::name, number)
        };
        Ok(match layout {
            Layout::U8 | Layout::U16 | Layout::U32 | Layout::U64 => {
                number(0, size as usize).to_string()
            }
            Layout::Fdstat => {
                let flags = Fdflags(number(2, 2) as u16);
                format!("{}, flags {flags}, rights {}", file_type(0), rights(number(8, 8)))
            }
            Layout::Filestat => {
                let length = number(if self.version == Version::Preview1 { 32 } else { 24 }, 8);
                format!("{}, {length} bytes, inode {}", file_type(16), number(8, 8))
            }
            Layout::Prestat => format!("directory, name of {} bytes", number(4, 4)),
            Layout::Iovec | Layout::Subscription | Layout::Event | Layout::Dirent => {
                layout.name().to_owned()
            }
        })
    }
}

/// A memory that can only be read.
struct Copied<'a>(&'a dyn GuestMemory);

impl GuestMemory for Copied<'_> {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read(&self, address: u32, len: u32) -> Result<&[u8]> {
        self.0.read(address, len)
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<()> {
        Err(Errno::Fault)
    }
}

fn rights(number: u64) -> String {
    match Rights(number) {
        rights if rights.contains(Rights::ALL) => "all".to_owned(),
        rights => rights.to_string(),
    }
}
