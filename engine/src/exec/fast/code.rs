//! Translated functions.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use once_cell::race::OnceBox;

use super::instrument::Observing;
use super::pending::Pending;
use super::translate::{self, Observed, Partial};
use crate::error::{Error, Result};
use crate::exec::exact::Op;
use crate::ids::FuncIndex;
use crate::lock::Lock;
use crate::module::ModuleInner;

/// Translated functions, body by body; each is made when it is needed for the first time. All of them
/// observe the same, which is decided when this is made: a module's own observe nothing.
#[derive(Default)]
pub(crate) struct FastCodes {
    observing: Observing,
    codes: Box<[OnceBox<FastCode>]>,
    /// Translations of large functions that have begun.
    begun: Lock<BTreeMap<FuncIndex, Partial>>,
}

impl FastCodes {
    /// Room for the translations of so many bodies, which observe nothing.
    pub(crate) fn plain(bodies: usize) -> Self {
        Self::observing(Observing::default(), bodies)
    }

    /// The same for translations that mark the pages that they write.
    pub(crate) fn marking(bodies: usize) -> Self {
        Self::observing(Observing::marks(), bodies)
    }

    /// Whether written pages are marked.
    pub(super) fn marks(&self) -> bool {
        self.observing.marks
    }

    /// Room for translations that observe.
    pub(super) fn observing(observing: Observing, bodies: usize) -> Self {
        let codes = core::iter::repeat_with(OnceBox::new).take(bodies).collect();
        Self { observing, codes, begun: Lock::default() }
    }

    /// The translation of a function of this module, made on the first call of it; of a large one a piece is
    /// made each time, and `None` is given until it is whole.
    pub(super) fn of(&self, module: &ModuleInner, func: FuncIndex) -> Result<Option<&FastCode>> {
        let unknown = || Error::UnknownIndex { what: "function body", index: u64::from(func.0) };
        let position = func.0.checked_sub(module.imported_funcs).ok_or_else(unknown)?;
        let code = self.codes.get(position as usize).ok_or_else(unknown)?;
        if let Some(code) = code.get() {
            return Ok(Some(code));
        }
        if module.code(func)?.ops.len() > translate::LARGE {
            return self.next_piece(module, func, code);
        }
        let translated = code.get_or_try_init(|| {
            let observed = self.observing.within(func, module.code(func)?);
            translate::translate(module, func, observed).map(Box::new)
        });
        translated.map(Some)
    }

    #[inline(never)]
    fn next_piece<'a>(
        &self,
        module: &ModuleInner,
        func: FuncIndex,
        code: &'a OnceBox<FastCode>,
    ) -> Result<Option<&'a FastCode>> {
        // Another thread that comes meanwhile begins anew, and the first one that is done counts.
        let begun = self.begun.lock().remove(&func);
        match Partial::next(begun, module, func, |code| self.observing.within(func, code))? {
            Ok(whole) => {
                self.begun.lock().remove(&func);
                Ok(Some(code.get_or_init(|| Box::new(whole))))
            }
            Err(partial) => {
                let mut begun = self.begun.lock();
                if begun.get(&func).is_none_or(|other| other.position() <= partial.position()) {
                    begun.insert(func, partial);
                }
                Ok(None)
            }
        }
    }

    /// Where the code of the first body lies, once there is one.
    pub(super) fn as_ptr(&self) -> *const OnceBox<FastCode> {
        self.codes.as_ptr()
    }
}

/// A translated function: operations of one to some words, the first of which names the handler.
///
/// It knows what it was made from, so that all that is derived from it later (where it can be stopped,
/// what an operation stands for) is derived from the same.
pub(crate) struct FastCode {
    pub(super) func: FuncIndex,
    pub(super) observed: Observed,
    pub(super) words: Box<[u64]>,
    /// Where segments begin: branches, calls and returns lead there, and all operands are in their
    /// homes. In ascending order of both instructions and words.
    pub(super) starts: Box<[Entry]>,
    /// How many instructions are executed from each one up to the end of its segment, the next
    /// branch, call or return included.
    pub(super) segments: Box<[u32]>,
    /// All places where a run may stop and go on, once one has stopped within a segment.
    pub(super) index: OnceBox<Index>,
    /// What its operations stand for, once one has trapped.
    pub(super) explanations: OnceBox<Explanations>,
    /// What entering at the first instruction costs.
    pub(super) price: u32,
    pub(super) params: u32,
    pub(super) locals: u32,
    /// Slots of a frame.
    pub(super) slots: u32,
}

/// A place where execution may be left and entered: an instruction, and what is executed from there.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Entry {
    /// The instruction.
    pub(super) pc: u32,
    /// The first word of what computes it, or what it melted into.
    pub(super) word: u32,
    /// Height of the operand stack.
    pub(super) height: u32,
    /// The slots whose values are in the accumulators as well.
    pub(super) integer: u16,
    pub(super) float: u16,
    /// How many instructions from this one on follow each other in the same segment, at least, and
    /// so do their operations.
    pub(super) straight: u32,
    /// Operands that the words before do not put into their homes: position of the first, and how
    /// many.
    pub(super) first: u32,
    pub(super) count: u32,
}

impl Entry {
    /// No slot.
    pub(super) const NOTHING: u16 = u16::MAX;

    /// A place where all operands are in their homes.
    pub(super) fn new(pc: u32, word: u32, height: u32) -> Self {
        let (integer, float) = (Self::NOTHING, Self::NOTHING);
        Self { pc, word, height, integer, float, straight: 0, first: 0, count: 0 }
    }

    pub(super) fn pending(&self) -> Range<usize> {
        self.first as usize..(self.first + self.count) as usize
    }
}

/// Places where a run may stop and go on, in ascending order of both instructions and words.
pub(super) struct Index {
    entries: Box<[Entry]>,
    /// For each instruction, the position of the first entry that is not before it.
    from: Box<[u32]>,
    pending: Box<[Pending]>,
}

impl Index {
    /// Notes at each entry how far it goes straight on from there, and at each instruction the next
    /// entry.
    pub(super) fn new(
        ops: &[Op],
        segments: &[u32],
        mut entries: Vec<Entry>,
        pending: Vec<Pending>,
    ) -> Self {
        let mut from: Box<[u32]> = core::iter::repeat_n(0, ops.len()).collect();
        let (mut straight, mut next) = (0, entries.len());
        let places = ops.iter().zip(segments).zip(&mut from);
        for (pc, ((op, segment), from)) in places.enumerate().rev() {
            let jumps = matches!(op, Op::Br(_) | Op::Else { .. });
            straight = if jumps || *segment <= 1 { 0 } else { straight + 1 };
            if let Some(before) = next.checked_sub(1)
                && let Some(entry) = entries.get_mut(before)
                && entry.pc as usize == pc
            {
                entry.straight = straight;
                next = before;
            }
            *from = next as u32;
        }
        Self { entries: entries.into(), from, pending: pending.into() }
    }

    /// The first entry that is not before an instruction.
    pub(super) fn entry_from(&self, pc: u32) -> Option<&Entry> {
        self.entries.get(*self.from.get(pc as usize)? as usize)
    }

    /// The place to enter at an instruction, if it is one.
    pub(super) fn entry_at(&self, pc: u32) -> Option<&Entry> {
        self.entry_from(pc).filter(|entry| entry.pc == pc)
    }

    /// The last place behind this one, straight on, up to which so many instructions can be paid for.
    pub(super) fn affordable(&self, pc: u32, fuel: u64) -> Option<&Entry> {
        let straight = self.entry_at(pc)?.straight;
        let reach = pc + fuel.min(straight.into()) as u32;
        let last = self.entry_at(reach).or_else(|| {
            let position = self.from.get(reach as usize)?;
            self.entries.get(position.checked_sub(1)? as usize)
        })?;
        (last.pc > pc).then_some(last)
    }

    /// What is not in its home where a run stops at an entry.
    pub(super) fn pending(&self, entry: &Entry) -> &[Pending] {
        self.pending.get(entry.pending()).unwrap_or_default()
    }
}

/// Which instruction each operation stands for that may trap, and the operands before it.
#[derive(Default)]
pub(super) struct Explanations {
    /// In ascending order of words.
    entries: Vec<Explained>,
    pending: Vec<Pending>,
}

/// An instruction, and the operands before it.
#[derive(Clone, Copy)]
pub(super) struct Explained {
    /// The first word of the operation.
    pub(super) word: u32,
    pub(super) pc: u32,
    pub(super) height: u32,
    /// Operands that are not in their homes: position of the first, and how many.
    first: u32,
    count: u32,
}

impl Explanations {
    /// Notes an operation behind those noted so far; `pending` are the operands that are not in their
    /// homes, in ascending order.
    pub(super) fn note(
        &mut self,
        word: u32,
        pc: u32,
        height: u32,
        pending: impl Iterator<Item = Pending>,
    ) {
        let first = self.pending.len();
        self.pending.extend(pending);
        let count = (self.pending.len() - first) as u32;
        self.entries.push(Explained { word, pc, height, first: first as u32, count });
    }

    /// Forgets the operations from a word on.
    pub(super) fn truncate(&mut self, word: usize) {
        while let Some(last) = self.entries.pop_if(|entry| entry.word as usize >= word) {
            self.pending.truncate(last.first as usize);
        }
    }

    pub(super) fn at(&self, word: u32) -> Option<(&Explained, &[Pending])> {
        let position = self.entries.binary_search_by_key(&word, |entry| entry.word).ok()?;
        let entry = self.entries.get(position)?;
        let range = entry.first as usize..(entry.first + entry.count) as usize;
        Some((entry, self.pending.get(range)?))
    }
}

impl FastCode {
    /// All places where it may be entered and left; the module is the one that it is of.
    pub(super) fn index(&self, module: &ModuleInner) -> Result<&Index> {
        match self.index.get() {
            Some(index) => Ok(index),
            None => self.index.get_or_try_init(|| translate::index(module, self).map(Box::new)),
        }
    }

    /// What its operations stand for; the module is the one that it is of.
    pub(super) fn explanations(&self, module: &ModuleInner) -> Result<&Explanations> {
        match self.explanations.get() {
            Some(explanations) => Ok(explanations),
            None => {
                self.explanations.get_or_try_init(|| translate::explain(module, self).map(Box::new))
            }
        }
    }

    /// The beginning of a segment at an instruction.
    pub(super) fn start_at(&self, pc: u32) -> Option<&Entry> {
        match self.index.get() {
            Some(index) => index.entry_at(pc).filter(|entry| entry.count == 0),
            None => {
                let position = self.starts.binary_search_by_key(&pc, |entry| entry.pc).ok()?;
                self.starts.get(position)
            }
        }
    }

    /// The beginning of a segment whose first word this is and which costs this much. Several share a
    /// word where instructions became nothing; each costs one less than the one before it.
    pub(super) fn start_of(&self, word: u32, charge: u32) -> Option<&Entry> {
        let position = self.starts.partition_point(|entry| entry.word < word);
        let first = self.starts.get(position)?;
        match self.segment(first.pc).checked_sub(charge)? {
            0 => Some(first),
            ahead => self.start_at(first.pc + ahead),
        }
    }

    /// What entering at an instruction costs.
    pub(super) fn segment(&self, pc: u32) -> u32 {
        self.segments.get(pc as usize).copied().unwrap_or(1)
    }
}
