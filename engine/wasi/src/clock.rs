//! What time it is: a trait, and a clock that only moves when it is told to.

use crate::types::ClockId;

/// Where the time comes from. Nanoseconds throughout.
pub trait Clock: core::any::Any + Send {
    /// The present reading. [`ClockId::Realtime`] counts from 1970, the others from any moment.
    fn now(&mut self, clock: ClockId) -> u64;

    /// The smallest difference between two readings.
    fn resolution(&self, clock: ClockId) -> u64;

    /// A copy, if this clock can be copied.
    fn try_clone(&self) -> Option<alloc::boxed::Box<dyn Clock>> {
        None
    }
}

/// A deterministic clock: each reading is `step` after the one before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FixedClock {
    /// What [`ClockId::Realtime`] shows when [`FixedClock::elapsed`] is 0.
    pub start: u64,
    /// Time that has passed; what the other clocks show.
    pub elapsed: u64,
    /// How much passes with each reading. More than 0 lets programs that wait by looking at the clock go on.
    pub step: u64,
}

impl Default for FixedClock {
    /// 2025-01-01 00:00:00 UTC, and a microsecond more with each reading.
    fn default() -> Self {
        Self { start: 1_735_689_600_000_000_000, elapsed: 0, step: 1_000 }
    }
}

impl FixedClock {
    /// Lets time pass.
    pub fn advance(&mut self, nanoseconds: u64) {
        self.elapsed = self.elapsed.saturating_add(nanoseconds);
    }
}

impl Clock for FixedClock {
    fn now(&mut self, clock: ClockId) -> u64 {
        let elapsed = self.elapsed;
        self.advance(self.step);
        match clock {
            ClockId::Realtime => self.start.saturating_add(elapsed),
            ClockId::Monotonic | ClockId::ProcessCputime | ClockId::ThreadCputime => elapsed,
        }
    }

    fn resolution(&self, _: ClockId) -> u64 {
        self.step.max(1)
    }

    fn try_clone(&self) -> Option<alloc::boxed::Box<dyn Clock>> {
        Some(alloc::boxed::Box::new(self.clone()))
    }
}
