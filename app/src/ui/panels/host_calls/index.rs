//! Which calls are listed: filtered, and equal ones in a row folded into one.
//!
//! Made once for each call, a slice of time a frame, and kept: what is drawn costs the same for ten calls
//! and for all that a session keeps.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::time::Duration;

use web_time::Instant;

use crate::session::{DecodedBytes, HostAnswerState, HostCallRecord, ModuleKey, Session};

/// Calls between two looks at the clock.
const STRIDE: usize = 128;

/// Which calls are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Filter {
    /// Callers; all if there are none.
    pub(super) modules: BTreeSet<ModuleKey>,
    /// Module and name of the import.
    pub(super) import: Option<(String, String)>,
    /// What the caller's label or the call in words is to contain, whatever its case.
    pub(super) text: String,
}

impl Filter {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn admits(&self, session: &Session, record: &HostCallRecord, needle: &str) -> bool {
        let caller = record.frames.first();
        if !self.modules.is_empty()
            && !caller
                .and_then(|frame| frame.module)
                .is_some_and(|module| self.modules.contains(&module))
        {
            return false;
        }
        if let Some((module, name)) = &self.import
            && (**module != *record.call.module || **name != *record.call.name)
        {
            return false;
        }
        let contains = |text: &str| text.to_lowercase().contains(needle);
        needle.is_empty()
            || caller.is_some_and(|frame| contains(&frame.label))
            || contains(&session.call_text(record))
    }
}

/// A line of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Row {
    /// Number of the call; of the first one, if several are folded.
    pub(super) first: u64,
    /// Number of the last one.
    pub(super) last: u64,
    /// How many calls it stands for; of a member, which of them it is, from 1.
    pub(super) count: u64,
    pub(super) kind: Kind,
}

/// What a line stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// One call, or several equal ones.
    Folded,
    /// The heading of several equal calls, which follow.
    Unfolded,
    /// One of these.
    Member,
}

/// The list.
#[derive(Default)]
pub(super) struct Index {
    generation: u64,
    filter: Filter,
    needle: String,
    folds: bool,
    rows: VecDeque<Row>,
    /// Rows that went away at the front, since the calls were forgotten.
    gone: u64,
    /// Number of the next call to look at.
    next: u64,
    /// Calls that had no answer when they were looked at.
    unsettled: Vec<u64>,
    /// First calls of those that are shown one by one.
    unfolded: HashSet<u64>,
    /// Characters of the longest caller's label.
    label: usize,
    /// Characters of the longest name of an import, and of the longest of a module with its dot.
    import: (usize, usize),
    /// Characters of the longest answer.
    answer: usize,
    /// The most calls that a line stands for.
    most: u64,
    /// Changes with the rows.
    revision: u64,
    /// Changes when it is not only that rows come behind, or go away at the front.
    shape: u64,
    /// A call's task, to tell whether there are several.
    task: Option<u32>,
    several_tasks: bool,
}

impl Index {
    pub(super) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(super) fn row(&self, position: u64) -> Option<Row> {
        self.rows.get(usize::try_from(position).ok()?).copied()
    }

    /// Rows that went away at the front.
    pub(super) fn gone(&self) -> u64 {
        self.gone
    }

    /// Characters of the longest caller's label.
    pub(super) fn label(&self) -> usize {
        self.label
    }

    /// Characters of the longest name of an import, and of the longest of a module with its dot.
    pub(super) fn import(&self) -> (usize, usize) {
        self.import
    }

    /// Characters of the longest answer.
    pub(super) fn answer(&self) -> usize {
        self.answer
    }

    /// The most calls that a line stands for.
    pub(super) fn most(&self) -> u64 {
        self.most
    }

    /// A number that changes whenever the rows do.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// A number that changes when it is not only that rows come behind, or go away at the front.
    pub(super) fn shape(&self) -> u64 {
        self.shape
    }

    /// The calls that are listed, as they were made.
    pub(super) fn calls<'a>(
        &'a self,
        session: &'a Session,
    ) -> impl Iterator<Item = &'a HostCallRecord> {
        let calls = session.host_calls().iter();
        calls.filter(|record| self.filter.admits(session, record, &self.needle))
    }

    /// Whether calls of several tasks are listed.
    pub(super) fn several_tasks(&self) -> bool {
        self.several_tasks
    }

    /// The row that shows a call.
    pub(super) fn position_of(&self, number: u64) -> Option<u64> {
        let behind = self.rows.partition_point(|row| row.first <= number);
        let position = behind.checked_sub(1)?;
        self.rows.get(position).filter(|row| number <= row.last).map(|_| position as u64)
    }

    /// Shows the calls of a row one by one, or as one again.
    pub(super) fn toggle(&mut self, first: u64) {
        if !self.unfolded.remove(&first) {
            self.unfolded.insert(first);
        }
        self.rewind(first);
    }

    /// Takes up what is new since the last time, for at most `slice`; true if that is all.
    pub(super) fn update(
        &mut self,
        session: &Session,
        filter: &Filter,
        folds: bool,
        slice: Duration,
    ) -> bool {
        let generation = session.host_calls_generation();
        if (generation, filter, folds) != (self.generation, &self.filter, self.folds) {
            let unfolded = match generation == self.generation {
                true => std::mem::take(&mut self.unfolded),
                false => HashSet::new(),
            };
            let (filter, needle) = (filter.clone(), filter.text.trim().to_lowercase());
            let (revision, shape) = (self.revision + 1, self.shape + 1);
            *self = Self {
                generation,
                filter,
                needle,
                folds,
                unfolded,
                revision,
                shape,
                ..Self::default()
            };
        }
        let calls = session.host_calls();
        let Some(oldest) = calls.front().map(|record| record.number) else {
            self.gone += self.len();
            self.revision += u64::from(!self.rows.is_empty());
            self.rows.clear();
            self.unsettled.clear();
            return true;
        };
        self.forget_before(oldest);
        self.look_again(session);
        self.next = self.next.max(oldest);
        let begun = Instant::now();
        let from = usize::try_from(self.next - oldest).unwrap_or(usize::MAX).min(calls.len());
        for (done, record) in calls.range(from..).enumerate() {
            if done % STRIDE == STRIDE - 1 && begun.elapsed() >= slice {
                return false;
            }
            self.take(session, record);
        }
        true
    }

    /// Rows whose calls are no longer kept.
    fn forget_before(&mut self, oldest: u64) {
        while self.rows.front().is_some_and(|row| row.last < oldest) {
            self.rows.pop_front();
            self.gone += 1;
            self.revision += 1;
        }
        // The heading of several stays in front of those that are left.
        while self.rows.get(1).is_some_and(|row| row.kind == Kind::Member && row.first < oldest) {
            self.rows.remove(1);
            self.gone += 1;
            self.revision += 1;
            self.shape += 1;
        }
        self.unsettled.retain(|number| *number >= oldest);
    }

    /// Calls that have been answered since: what follows them may fold otherwise.
    fn look_again(&mut self, session: &Session) {
        let settled = |number: &u64| {
            session
                .host_call(*number)
                .is_some_and(|record| record.answer != HostAnswerState::Pending)
        };
        if let Some(number) = self.unsettled.iter().copied().filter(settled).min() {
            self.rewind(number);
        }
    }

    /// Forgets the rows from this call on, to make them anew.
    fn rewind(&mut self, number: u64) {
        let mut number = number;
        loop {
            let kept = self.rows.partition_point(|row| row.first < number);
            self.rows.truncate(kept);
            match self.heading().and_then(|heading| self.rows.get(heading)) {
                // It lies in the middle of several equal ones.
                Some(row) if row.last >= number => number = row.first,
                _ => break,
            }
        }
        self.next = self.next.min(number);
        self.revision += 1;
        self.shape += 1;
        self.unsettled.retain(|known| *known < number);
    }

    fn take(&mut self, session: &Session, record: &HostCallRecord) {
        let number = record.number;
        self.next = number + 1;
        if record.answer == HostAnswerState::Pending {
            self.unsettled.push(number);
        }
        if !self.filter.admits(session, record, &self.needle) {
            return;
        }
        self.revision += 1;
        self.measure(record);
        self.several_tasks |= *self.task.get_or_insert(record.task) != record.task;
        let before = self.rows.back().and_then(|row| session.host_call(row.last));
        let folds = self.folds && before.is_some_and(|before| is_equal(before, record));
        if !folds {
            let row = Row { first: number, last: number, count: 1, kind: Kind::Folded };
            self.rows.push_back(row);
            return;
        }
        let heading = self.heading().and_then(|heading| self.rows.get_mut(heading));
        let Some(heading) = heading else { return };
        (heading.last, heading.count) = (number, heading.count + 1);
        let (first, count) = (heading.first, heading.count);
        self.most = self.most.max(count);
        if !self.unfolded.contains(&first) {
            return;
        }
        let member = |number, count| Row { first: number, last: number, count, kind: Kind::Member };
        if heading.kind == Kind::Folded {
            heading.kind = Kind::Unfolded;
            self.rows.push_back(member(first, 1));
        }
        self.rows.push_back(member(number, count));
    }

    /// Widens the columns for a call.
    fn measure(&mut self, record: &HostCallRecord) {
        let caller = record.frames.first();
        self.label = self.label.max(caller.map_or(4, |frame| frame.label.chars().count()));
        let (module, name) = (&record.call.module, &record.call.name);
        let (name, module) = (name.chars().count(), module.chars().count() + 1);
        self.import = (self.import.0.max(name), self.import.1.max(module));
        let answer = match &record.answer {
            HostAnswerState::Returned { texts, .. } => {
                texts.iter().map(|text| text.chars().count() + 1).sum()
            }
            HostAnswerState::Trapped { message, .. } => message.chars().count() + 6,
            HostAnswerState::Pending | HostAnswerState::Exited(_) => 0,
        };
        self.answer = self.answer.max(answer);
    }

    /// Where the last row stands that is no member.
    fn heading(&self) -> Option<usize> {
        let last = self.rows.len().checked_sub(1)?;
        let members = match self.rows.back() {
            Some(row) if row.kind == Kind::Member => row.count as usize,
            _ => 0,
        };
        // The first members of the first row may be gone.
        Some(last.saturating_sub(members))
    }
}

/// Whether two calls are so much alike that one line will do: the same task has made them at the same
/// instruction, they were answered alike, and no text differs that they point at. Numbers may.
fn is_equal(before: &HostCallRecord, record: &HostCallRecord) -> bool {
    let place = |record: &HostCallRecord| (record.task, record.call.func, record.call.caller);
    fn text(bytes: &DecodedBytes) -> Option<&str> {
        bytes.text.as_deref()
    }
    record.answer != HostAnswerState::Pending
        && place(before) == place(record)
        && before.answer == record.answer
        && before.strings.iter().map(text).eq(record.strings.iter().map(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(first: u64, last: u64, count: u64, kind: Kind) -> Row {
        Row { first, last, count, kind }
    }

    #[test]
    fn what_is_forgotten_goes_from_the_front_and_headings_stay() {
        let mut index = Index { next: 8, ..Index::default() };
        index.rows.push_back(row(1, 1, 1, Kind::Folded));
        index.rows.push_back(row(2, 5, 4, Kind::Unfolded));
        index.rows.extend((2..=5).map(|number| row(number, number, number - 1, Kind::Member)));
        index.forget_before(4);
        let heading = row(2, 5, 4, Kind::Unfolded);
        let left = [heading, row(4, 4, 3, Kind::Member), row(5, 5, 4, Kind::Member)];
        assert_eq!(index.rows.iter().copied().collect::<Vec<_>>(), left);
        assert_eq!(index.gone(), 3);
        assert_eq!(index.heading(), Some(0), "its members are not all there");
        assert_eq!((index.position_of(4), index.position_of(6)), (Some(1), None));
        index.rows.push_back(row(6, 7, 2, Kind::Folded));
        assert_eq!(index.heading(), Some(3));
        index.rewind(5);
        assert_eq!((index.len(), index.next), (0, 2), "all of several equal calls are made anew");
        index.rows.push_back(row(6, 9, 4, Kind::Folded));
        index.forget_before(8);
        assert_eq!(index.len(), 1, "it still stands for calls that are kept");
        index.forget_before(10);
        assert_eq!((index.len(), index.gone()), (0, 4));
    }
}
