//! Where a run of the fast tier goes on, and how far its fuel leads from there.

use alloc::vec::Vec;

use super::code::{Entry, FastCode, Index};
use super::dispatch;
use super::instrument::Instruments;
use super::pending;
use super::run::Leave;
use crate::error::{Error, Result};
use crate::exec::frame::Frame;
use crate::ids::{FuncIndex, InstanceId};
use crate::module::ModuleInner;
use crate::store::{Instance, ModuleEntry};

/// From where to where operations are executed.
pub(super) struct Plan<'c> {
    pub(super) code: &'c FastCode,
    pub(super) entry: &'c Entry,
    /// Where to stop within the segment, if the budget ends there.
    pub(super) end: Option<&'c Entry>,
}

impl Plan<'_> {
    pub(super) fn price(&self) -> u32 {
        match self.end {
            Some(end) => end.pc - self.entry.pc,
            None => self.code.segment(self.entry.pc),
        }
    }

    /// The first word; where the budget ends within the segment, that of a copy with an end.
    pub(super) fn words(&self, part: &mut Vec<u64>) -> *const u64 {
        let first = self.entry.word as usize;
        match self.end {
            Some(end) => {
                part.clear();
                let words = self.code.words.get(first..end.word as usize);
                part.extend_from_slice(words.unwrap_or_default());
                part.push(dispatch::stop());
                part.as_ptr()
            }
            // Branches lead back to before the entry, so the pointer is one into all words.
            None => self.code.words.as_ptr().wrapping_add(first),
        }
    }

    /// Which word of a function an operation begins at.
    pub(super) fn word(&self, code: &FastCode, ip: *const u64, part: &[u64]) -> u32 {
        let (start, first) = match self.end {
            Some(_) => (part.as_ptr(), self.entry.word),
            None => (code.words.as_ptr(), 0),
        };
        first + (ip.addr().wrapping_sub(start.addr()) / size_of::<u64>()) as u32
    }
}

/// Instructions left to the exact tier at a time in functions that cannot be translated.
pub(super) const UNTRANSLATED: u64 = 1_000;

/// Instructions beyond which a function is not translated once more to know where it may stop within a
/// segment: that would take a tenth of a second, and the exact tier executes the segment sooner.
const INDEXED: usize = 1 << 18;

/// Where the code of a frame is found.
#[derive(Clone, Copy)]
pub(super) struct Code<'a> {
    pub(super) modules: &'a [ModuleEntry],
    pub(super) instances: &'a [Instance],
    pub(super) instruments: Option<&'a Instruments>,
    /// Whether written pages are marked.
    pub(super) marks: bool,
}

impl<'a> Code<'a> {
    pub(super) fn module(&self, instance: InstanceId) -> Result<&'a ModuleInner> {
        let unknown = || Error::UnknownIndex { what: "instance", index: u64::from(instance.0) };
        let module = self.instances.get(instance.index()).ok_or_else(unknown)?.module;
        Ok(self.modules.get(module.index()).ok_or_else(unknown)?.module.inner())
    }

    /// The translation of a frame's function, made on the first call of it; `None` as long as that of a large
    /// one is not whole, or if its instance is observed and has to be prepared first. Its module's own code would do something else.
    pub(super) fn of(&self, frame: &Frame) -> Result<Option<&'a FastCode>> {
        let module = self.module(frame.instance)?;
        let concerned = self.instruments.filter(|instruments| instruments.concern(frame.instance));
        let codes = match concerned {
            Some(instruments) => instruments.codes(frame.instance, self.marks),
            None => Some(module.codes(self.marks)),
        };
        match codes {
            Some(codes) => codes.of(module, frame.func),
            None => Ok(None),
        }
    }

    /// All places where the frame's function may be entered and left; of a large one only the beginnings of
    /// segments are known.
    pub(super) fn index(&self, frame: &Frame, code: &'a FastCode) -> Result<Option<&'a Index>> {
        if code.segments.len() > INDEXED {
            return Ok(None);
        }
        code.index(self.module(frame.instance)?).map(Some)
    }

    /// Slots of a frame's parameters and locals.
    pub(super) fn locals(&self, frame: &Frame) -> Result<u32> {
        Ok(self.module(frame.instance)?.code(frame.func)?.locals)
    }

    /// Where to go on with a frame, whose slots are `window`; `None` if only the exact tier can.
    pub(super) fn entry(
        &self,
        frame: &Frame,
        code: &'a FastCode,
        window: &[u64],
    ) -> Result<Option<&'a Entry>> {
        if code.index.get().is_none()
            && let Some(start) = code.start_at(frame.pc)
        {
            return Ok(Some(start));
        }
        let Some(index) = self.index(frame, code)? else { return Ok(None) };
        let entry = index.entry_at(frame.pc);
        Ok(entry.filter(|entry| pending::is_settled(window, index.pending(entry))))
    }

    /// What so much fuel pays for, from an entry on; `None` if that is nothing.
    pub(super) fn plan(
        &self,
        frame: &Frame,
        code: &'a FastCode,
        entry: &'a Entry,
        fuel: u64,
    ) -> Result<Option<Plan<'a>>> {
        let segment = code.segment(entry.pc);
        if segment > 0 && fuel >= u64::from(segment) {
            return Ok(Some(Plan { code, entry, end: None }));
        }
        let index = self.index(frame, code)?;
        let end = index.and_then(|index| index.affordable(entry.pc, fuel));
        Ok(end.map(|end| Plan { code, entry, end: Some(end) }))
    }

    /// How many instructions the exact tier executes before another entry is tried.
    pub(super) fn exactly(&self, frame: &Frame, code: &'a FastCode, fuel: u64) -> Result<Leave> {
        if fuel == 0 {
            return Ok(Leave::Exact(0));
        }
        if code.words.is_empty() {
            return Ok(Leave::Exact(UNTRANSLATED));
        }
        let end = code.segment(frame.pc);
        let next = self.index(frame, code)?.and_then(|index| index.entry_from(frame.pc + 1));
        let count = next.map_or(end, |entry| (entry.pc - frame.pc).min(end)).max(1);
        Ok(Leave::Exact(fuel.min(count.into())))
    }
}

/// The code that was looked at last, which most often is the one to look at next.
pub(super) struct Current<'a> {
    pub(super) instance: InstanceId,
    pub(super) func: FuncIndex,
    pub(super) code: &'a FastCode,
}

impl<'a> Current<'a> {
    pub(super) fn of(&mut self, codes: &Code<'a>, frame: &Frame) -> Result<Option<&'a FastCode>> {
        if (self.instance, self.func) != (frame.instance, frame.func) {
            let Some(code) = codes.of(frame)? else { return Ok(None) };
            *self = Self { instance: frame.instance, func: frame.func, code };
        }
        Ok(Some(self.code))
    }
}

/// The fast tier stopped where it cannot have been: better an error than a wrong state.
pub(super) fn defect() -> Error {
    let message = "the fast tier stopped at an unknown operation".into();
    Error::Invalid { message, offset: 0 }
}
