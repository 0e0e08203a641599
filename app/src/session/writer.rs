//! Who wrote this: to the last write of a place before this moment, or to the next one behind it.
//!
//! Instructions are found by a search through the timeline. What a host function has written is in its record: the
//! later of the two is the author. A place that neither has written holds what it began with.

use stepwell_engine::host::record::Effect;
use stepwell_engine::observe::{Debugger, Watched, Watchpoint};
use stepwell_engine::{MemAddr, WatchKind};

use super::past::{Then, Wanted};
use super::types::{HostCallRecord, SessionError};
use super::watch_target::WatchTarget;
use super::{Session, WatchStop, not_now};

/// The write that was asked for.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Asked {
    pub(super) target: WatchTarget,
    pub(super) label: String,
    /// Where one stood.
    from: u64,
    /// Behind that, rather than before it.
    is_next: bool,
}

impl Session {
    pub(super) fn go_to_write(
        &mut self,
        target: WatchTarget,
        is_next: bool,
    ) -> Result<(), SessionError> {
        let from = self.place_on_line()?;
        let none = || not_now("there is nothing of this kind to look for");
        if !target.can_be_traced() {
            return Err(not_now("stop when it is written first, then run back"));
        }
        let machine = self.machine.as_ref().ok_or_else(|| not_now("start an export first"))?;
        let watched = target.watched(machine).ok_or_else(none)?;
        let label = self.watch_label(&target).ok_or_else(none)?;
        let mut debugger = Debugger::default();
        debugger.add_watchpoint(Watchpoint { watched, kind: WatchKind::Write });
        self.next_asked = Some(Asked { target, label, from, is_next });
        match is_next {
            true => self.search_forward(debugger, Wanted::any(), from),
            false => self.search_back(debugger, Wanted::any(), from, from),
        }
    }

    /// A search for a write has come to its end: at an instruction, if it found one, at this count. Where else to
    /// go, and what to say there.
    pub(super) fn author(&mut self, found: Option<u64>) -> Option<(u64, Then)> {
        let asked = self.asked.clone()?;
        let call = self.host_author(&asked, found);
        if let Some((clock, stop)) = call {
            return Some((clock, Then::TellCall(Box::new(stop))));
        }
        if found.is_some() {
            return None;
        }
        let (label, way) = (&asked.label, if asked.is_next { "behind" } else { "before" });
        let text = match self.past().map_or(0, |past| past.first) {
            first if first > 0 && !asked.is_next => {
                format!("{label} has not been written before this, as far as the past is known")
            }
            _ => format!("{label} has not been written {way} this moment"),
        };
        Some((asked.from, Then::Say(text)))
    }

    /// The call of the host that has written the place between what was found and where one stood.
    fn host_author(&self, asked: &Asked, found: Option<u64>) -> Option<(u64, WatchStop)> {
        let machine = self.machine.as_ref()?;
        let began = machine.began();
        let watched = asked.target.watched(machine)?;
        let writes =
            |record: &HostCallRecord| record.effects.iter().any(|effect| writes(effect, watched));
        let calls = self.host_calls().iter().filter(|record| record.clock >= began);
        let mut within = calls.filter(|record| {
            let clock = record.clock - began;
            let is_there = match asked.is_next {
                // What was called at a count has been answered where one stands there.
                true => clock > asked.from && found.is_none_or(|found| clock < found),
                false => clock < asked.from && found.is_none_or(|found| clock >= found),
            };
            is_there && writes(record)
        });
        let record = if asked.is_next { within.next() } else { within.next_back() }?;
        let call = &record.call;
        let name = stepwell_engine::text::dotted(&call.module, &call.name);
        let site = record.frames.first().and_then(|frame| Some((frame.module?, frame.offset.0)));
        let stop = WatchStop {
            number: 0,
            what: asked.label.clone(),
            change: "written".to_owned(),
            by: format!("{name}, host call {}", record.number),
            site,
            hits: 0,
        };
        Some((record.clock - began, stop))
    }
}

/// Whether what a host function did has written a place.
pub(super) fn writes(effect: &Effect, watched: Watched) -> bool {
    match (effect, watched) {
        (
            Effect::Write { memory, address, bytes },
            Watched::Memory { memory: of, address: first, len },
        ) => overlaps((*memory, *address, bytes.len() as u64), (of, first, len)),
        (Effect::Global { global, .. }, Watched::Global(of)) => *global == of,
        (Effect::Table { table, index, .. }, Watched::Table { table: of, first, len }) => {
            *table == of && (first..first.saturating_add(len)).contains(index)
        }
        _ => false,
    }
}

fn overlaps(one: (MemAddr, u64, u64), other: (MemAddr, u64, u64)) -> bool {
    let end = |(_, first, len): (MemAddr, u64, u64)| first.saturating_add(len);
    one.0 == other.0 && one.1 < end(other) && other.1 < end(one)
}
