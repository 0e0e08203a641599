//! The log: what breakpoints have written instead of stopping.

use std::collections::VecDeque;

use super::Session;
use super::command::ModuleKey;

/// Lines that are kept.
const LINES: usize = 10_000;

/// A line of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// Instructions that the run had executed.
    pub clock: u64,
    /// The task, by its number.
    pub task: u32,
    /// The instruction, unless it is about a call of an import.
    pub place: Option<(ModuleKey, u32)>,
    /// What is said.
    pub text: String,
}

/// The last lines of a run.
#[derive(Default)]
pub struct Log {
    lines: VecDeque<LogLine>,
    dropped: u64,
}

impl Log {
    /// The lines that are kept, oldest first.
    pub fn lines(&self) -> &VecDeque<LogLine> {
        &self.lines
    }

    /// How many older ones are no longer kept.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.dropped = 0;
    }
}

impl Session {
    /// What breakpoints have written in this run.
    pub fn log_lines(&self) -> &Log {
        &self.log
    }

    /// Writes a line.
    pub(super) fn log(&mut self, place: Option<(ModuleKey, u32)>, text: String) {
        let (clock, task) = (self.clock(), self.selected_task().unwrap_or(0));
        if self.log.lines.len() == LINES {
            self.log.lines.pop_front();
            self.log.dropped += 1;
        }
        self.log.lines.push_back(LogLine { clock, task, place, text });
    }
}
