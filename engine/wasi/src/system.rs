//! Clocks, randomness and standard streams of the process.

use std::io::{ErrorKind, IsTerminal as _, Read as _, Write as _};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::clock::Clock;
use crate::context::Wasi;
use crate::errno::{Errno, Result};
use crate::random::Random;
use crate::stream::{Input, Output, Reading};
use crate::types::ClockId;

/// How long input is waited for before one looks again.
const INPUT_INTERVAL: Duration = Duration::from_millis(5);

impl Wasi {
    /// Sleeps as long as no pending call can be answered: until the first deadline, and for some milliseconds
    /// at most if standard input would do as well. `false`, at once, if nothing is waited for. For a context
    /// whose clock goes on by itself.
    pub fn sleep_while_pending(&mut self) -> bool {
        let now = self.monotonic_now();
        let deadline = self.wake_at().map(|at| Duration::from_nanos(at.saturating_sub(now)));
        let input = self.awaits_input().then_some(INPUT_INTERVAL);
        let Some(wait) = deadline.into_iter().chain(input).min() else { return false };
        std::thread::sleep(wait);
        true
    }
}

/// The system's clocks. What the process has computed is not known: time since this clock was made stands
/// for it.
#[derive(Clone, Debug)]
pub struct SystemClock {
    made: Instant,
}

impl SystemClock {
    /// Its monotonic time begins now.
    pub fn new() -> Self {
        Self { made: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&mut self, clock: ClockId) -> u64 {
        let elapsed = match clock {
            ClockId::Realtime => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            ClockId::Monotonic | ClockId::ProcessCputime | ClockId::ThreadCputime => {
                self.made.elapsed()
            }
        };
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }

    fn resolution(&self, _: ClockId) -> u64 {
        1
    }

    fn try_clone(&self) -> Option<Box<dyn Clock>> {
        Some(Box::new(self.clone()))
    }
}

/// The system's random bytes.
#[derive(Clone, Copy, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        getrandom::fill(bytes).map_err(|_| Errno::Io)
    }

    fn try_clone(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(*self))
    }
}

/// The process's standard input. Reading waits.
///
/// From the first question on whether something is there, a thread reads ahead; a program that never polls
/// leaves what it does not read to others.
#[derive(Debug, Default)]
pub struct Stdin {
    ahead: Option<Ahead>,
}

/// What a thread has read.
#[derive(Debug)]
struct Ahead {
    pieces: Receiver<Vec<u8>>,
    ready: Vec<u8>,
    ended: bool,
}

impl Stdin {
    /// Nothing is read before the guest does.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Ahead {
    fn start() -> Option<Self> {
        let (send, pieces) = sync_channel(1);
        let read = move || {
            let mut buffer = vec![0; 4096];
            // An error ends the stream as its end does.
            while let Ok(count @ 1..) = read_stdin(&mut buffer) {
                if send.send(buffer.get(..count).unwrap_or_default().to_vec()).is_err() {
                    break;
                }
            }
        };
        std::thread::Builder::new().name("stdin".into()).spawn(read).ok()?;
        Some(Self { pieces, ready: Vec::new(), ended: false })
    }

    fn state(&self) -> Reading {
        match (self.ready.len() as u64, self.ended) {
            (0, true) => Reading::End,
            (0, false) => Reading::Nothing,
            (count, _) => Reading::Bytes(count),
        }
    }
}

fn read_stdin(buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match std::io::stdin().read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

impl Input for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> Result<Reading> {
        let Some(ahead) = &mut self.ahead else {
            return match read_stdin(buffer) {
                Ok(0) => Ok(Reading::End),
                Ok(count) => Ok(Reading::Bytes(count as u64)),
                Err(_) => Err(Errno::Io),
            };
        };
        if ahead.state() == Reading::Nothing {
            match ahead.pieces.recv() {
                Ok(piece) => ahead.ready = piece,
                Err(_) => ahead.ended = true,
            }
        }
        let count = buffer.len().min(ahead.ready.len());
        for (place, byte) in buffer.iter_mut().zip(ahead.ready.drain(..count)) {
            *place = byte;
        }
        match count {
            0 => Ok(Reading::End),
            _ => Ok(Reading::Bytes(count as u64)),
        }
    }

    fn available(&mut self) -> Reading {
        if self.ahead.is_none() {
            self.ahead = Ahead::start();
        }
        // Without a thread a read is the only way to know.
        let Some(ahead) = &mut self.ahead else { return Reading::Bytes(1) };
        if ahead.state() == Reading::Nothing {
            match ahead.pieces.try_recv() {
                Ok(piece) => ahead.ready = piece,
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => ahead.ended = true,
            }
        }
        ahead.state()
    }

    fn is_terminal(&self) -> bool {
        std::io::stdin().is_terminal()
    }
}

macro_rules! output {
    ($(#[$doc:meta])* $name:ident $stream:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Output for $name {
            fn write(&mut self, bytes: &[u8]) -> Result<usize> {
                let mut stream = std::io::$stream().lock();
                let written = stream.write_all(bytes).and_then(|()| stream.flush());
                match written {
                    Ok(()) => Ok(bytes.len()),
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Errno::Pipe),
                    Err(_) => Err(Errno::Io),
                }
            }

            fn is_terminal(&self) -> bool {
                std::io::$stream().is_terminal()
            }

            fn try_clone(&self) -> Option<Box<dyn Output>> {
                Some(Box::new(*self))
            }
        }
    };
}

output! {
    /// The process's standard output, flushed with each write.
    Stdout stdout
}

output! {
    /// The process's standard error.
    Stderr stderr
}
