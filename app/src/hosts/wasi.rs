//! The set of the WebAssembly System Interface.
//!
//! Its functions write to [`HostState::log`] and read from [`HostState::stdin`]; the rest lies in the context
//! that [`HostState::wasi`] gives access to.

use std::cell::Cell;
use std::rc::Rc;
use std::task::Waker;

use stepwell_engine::host::record::Effect;
use stepwell_engine::module::Import;
use stepwell_engine::{
    Caller, ExternType, HostError, HostResult, InstanceId, Linker, Local, MemAddr, Store, Value,
};
use stepwell_wasi::types::ClockId;
use stepwell_wasi::{
    Clock, Errno, Function, GuestMemory, InUse, Input, Kind, Output, Random, Reading, Version,
    Wasi, exported_memory, notes, signature,
};
use web_time::{Instant, SystemTime, UNIX_EPOCH};

use super::log::{ConsoleLog, Origin, Stream};
use super::{HostState, Stdin, StdinRead};

/// Names under which it is imported.
pub(super) const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

fn named(module: &str, name: &str) -> Option<(Function, Version)> {
    let version = Version::from_module_name(module)?;
    let function = Function::from_name(name)?;
    function.is_in(version).then_some((function, version))
}

/// Whether it has exactly this import.
pub(super) fn provides(import: &Import) -> bool {
    let ExternType::Func(wanted) = &import.ty else { return false };
    named(&import.module, &import.name).is_some_and(|(function, _)| function.ty() == *wanted)
}

/// The type of a function that an import of another type is named after.
pub(super) fn misfit(import: &Import) -> Option<String> {
    let (function, _) = named(&import.module, &import.name)?;
    Some(ExternType::Func(function.ty()).to_string()).filter(|_| !provides(import))
}

/// Defines an import; false if it is not there.
pub(super) fn define(state: &HostState, import: &Import, linker: &mut Linker) -> bool {
    let Some((function, version)) = named(&import.module, &import.name) else { return false };
    let state = state.clone();
    linker.func_local(&import.module, &import.name, function.ty(), move |caller, args| {
        state.writer().set(Some(Origin::of(caller)));
        // A stream or tree that makes calls itself would find the context in use.
        let answer = match state.wasi().try_borrow_mut() {
            Ok(mut wasi) => stepwell_wasi::call(caller, &mut wasi, function, version, args),
            Err(_) => Err(HostError::new(InUse.to_string())),
        };
        if state.listens_to_notes() {
            tell(&state, caller, function, version, args, &answer);
        }
        answer
    });
    true
}

/// Tells what there is to note of a call.
fn tell(
    state: &HostState,
    caller: &Caller<'_>,
    function: Function,
    version: Version,
    args: &[Value],
    answer: &HostResult,
) {
    let errno = match answer {
        Ok(values) => errno(values),
        // It is made again.
        Err(error) if error.is_pending() => return,
        Err(_) => None,
    };
    let instance = caller.instance();
    let exports = instance.is_some_and(|id| exported_memory(caller.store(), id).is_some());
    for note in notes(function, version, args, errno, exports) {
        state.note(caller, version.module_name(), function.name(), &note);
    }
}

fn errno(values: &[Value]) -> Option<Errno> {
    match values {
        [Value::I32(number)] => u16::try_from(*number).ok().and_then(Errno::from_number),
        _ => None,
    }
}

/// A context that writes to a log, reads what a person types, and has the clocks and the randomness of
/// whatever this runs on; without arguments, environment and files.
pub(super) fn context(log: &ConsoleLog, stdin: &Stdin, writer: &Rc<Cell<Option<Origin>>>) -> Wasi {
    let mut wasi = Wasi::new();
    let to = |stream| LogOutput { to: Local::new((log.clone(), writer.clone())), stream };
    wasi.stdin(Typed(Local::new(stdin.clone())))
        .stdout(to(Stream::Stdout))
        .stderr(to(Stream::Stderr));
    wasi.clock(WebClock { made: Instant::now() }).random(Entropy);
    wasi
}

struct LogOutput {
    /// With who makes the call that writes.
    to: Local<(ConsoleLog, Rc<Cell<Option<Origin>>>)>,
    stream: Stream,
}

impl Output for LogOutput {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        let (log, writer) = self.to.get().map_err(|_| Errno::Io)?;
        log.write_as(self.stream, bytes, writer.get());
        Ok(bytes.len())
    }

    fn is_terminal(&self) -> bool {
        true
    }
}

/// What a person types.
struct Typed(Local<Stdin>);

impl Input for Typed {
    fn read(&mut self, buffer: &mut [u8]) -> Result<Reading, Errno> {
        let stdin = self.0.get().map_err(|_| Errno::Io)?;
        Ok(match stdin.read(buffer.len(), Waker::noop()) {
            StdinRead::Bytes(bytes) => {
                for (place, byte) in buffer.iter_mut().zip(&bytes) {
                    *place = *byte;
                }
                Reading::Bytes(bytes.len() as u64)
            }
            StdinRead::Nothing => Reading::Nothing,
            StdinRead::End => Reading::End,
        })
    }

    fn available(&mut self) -> Reading {
        let Ok(stdin) = self.0.get() else { return Reading::End };
        match (stdin.len(), stdin.is_closed()) {
            (0, true) => Reading::End,
            (0, false) => Reading::Nothing,
            (count, _) => Reading::Bytes(count as u64),
        }
    }

    fn is_terminal(&self) -> bool {
        true
    }
}

/// The clocks of the system, or of the page.
struct WebClock {
    made: Instant,
}

impl Clock for WebClock {
    fn now(&mut self, clock: ClockId) -> u64 {
        let time = match clock {
            ClockId::Realtime => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            ClockId::Monotonic | ClockId::ProcessCputime | ClockId::ThreadCputime => {
                self.made.elapsed()
            }
        };
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    }

    fn resolution(&self, _: ClockId) -> u64 {
        // What pages get to see at best.
        if cfg!(target_arch = "wasm32") { 100_000 } else { 1 }
    }
}

/// Random bytes of the system, or of the page.
struct Entropy;

impl Random for Entropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        getrandom::fill(bytes).map_err(|_| Errno::Io)
    }
}

/// The memory as a call saw it: the bytes that it read and wrote; or as it is, before it has been answered.
struct Seen<'a> {
    effects: &'a [Effect],
    live: Option<&'a [u8]>,
}

impl GuestMemory for Seen<'_> {
    fn size(&self) -> u64 {
        u64::from(u32::MAX)
    }

    fn read(&self, address: u32, len: u32) -> Result<&[u8], Errno> {
        let (address, len) = (u64::from(address), len as usize);
        let within = |first: u64, bytes: &'_ [u8]| {
            let start = usize::try_from(address.checked_sub(first)?).ok()?;
            (start.checked_add(len)? <= bytes.len()).then_some(start)
        };
        // The last that happened to the bytes is what the call left there.
        let found = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Read { address, start, .. } => {
                start.get(within(*address, start)?..)?.get(..len)
            }
            Effect::Write { address, bytes, .. } => {
                bytes.get(within(*address, bytes)?..)?.get(..len)
            }
            _ => None,
        });
        let live = || {
            let start = usize::try_from(address).ok()?;
            self.live?.get(start..start.checked_add(len)?)
        };
        found.or_else(live).ok_or(Errno::Fault)
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::Fault)
    }
}

/// A host call in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Described {
    /// Its arguments: several values may be one of them, as the address and the length of a text.
    pub args: Vec<DescribedArg>,
    /// What it answered, once it has; nothing if the values say all.
    pub answer: Option<String>,
    /// Why it would not work everywhere.
    pub notes: Vec<String>,
}

/// An argument of a host call in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DescribedArg {
    /// What the interface calls it.
    pub name: &'static str,
    /// What it says.
    pub text: String,
    /// The bytes that it points at, in the memory that pointers mean: address and length.
    pub range: Option<(u64, u64)>,
}

/// A call of a host function, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Calling<'a> {
    /// The import's module.
    pub module: &'a str,
    /// The import's name.
    pub name: &'a str,
    /// The arguments.
    pub args: &'a [Value],
    /// What it has read and written.
    pub effects: &'a [Effect],
    /// What it has returned.
    pub results: Option<&'a [Value]>,
    /// The caller's memory as it is, while the call waits.
    pub live: Option<&'a [u8]>,
    /// Whether the caller exports its memory.
    pub exports_memory: bool,
    /// Whether descriptors 0, 1 and 2 are still the standard streams.
    pub standard: [bool; 3],
}

/// The memory that pointers of a set's functions mean.
pub fn memory_of(store: &Store, caller: InstanceId) -> Option<MemAddr> {
    stepwell_wasi::memory_of(store, caller)
}

/// Whether an instance exports the memory that pointers of its calls mean, under the name that hosts look for.
pub fn exports_memory(store: &Store, caller: InstanceId) -> bool {
    exported_memory(store, caller).is_some()
}

/// A call of a set's function in words; `None` if the set says no more than the values do.
pub fn describe(call: &Calling<'_>) -> Option<Described> {
    let Calling { module, name, args, effects, results, live, exports_memory, standard } = *call;
    let (function, version) = named(module, name)?;
    let seen = Seen { effects, live };
    let convert = |(arg, (_, kind)): (signature::Arg, &(&str, Kind))| {
        let signature::Arg { name, mut text, range } = arg;
        // `0 (stdin)` is no more than a guess by the number.
        if *kind == Kind::Fd
            && let Some((fd, _)) = text.split_once(' ')
            && !fd.parse().is_ok_and(|fd: usize| standard.get(fd) == Some(&true))
        {
            text = fd.to_owned();
        }
        DescribedArg { name, text, range }
    };
    let described = signature::describe(function, version, args, &seen);
    let errno = results.and_then(errno);
    let answer = errno.map(|errno| {
        let mut text = signature::describe_result(function, errno);
        if errno == Errno::Success {
            for result in signature::describe_results(function, version, args, &seen) {
                text.push_str(&format!(", {}: {}", result.name, result.text));
            }
        }
        text
    });
    let noted = notes(function, version, args, errno, exports_memory);
    Some(Described {
        args: described.into_iter().zip(function.signature()).map(convert).collect(),
        answer,
        notes: noted.iter().map(ToString::to_string).collect(),
    })
}
