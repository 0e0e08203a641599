//! Watchpoints as a person sets them: on what modules have, which is watched in every run, and on objects and
//! locals of one call, as long as there are these.

use serde::{Deserialize, Serialize};
use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::{Contents, Watched, Watchpoint, WatchpointHit};
use stepwell_engine::{CallSite, Module, Value, WatchKind};

use super::command::ModuleKey;
use super::types::{SessionError, StopReason};
use super::value_text::untyped;
use super::watch_target::{WatchTarget, moved};
use super::{Session, not_now};

/// Which accesses stop.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum WatchWhen {
    /// Writes of something else than what is there.
    #[default]
    Changed,
    /// All writes.
    Written,
    /// Reads.
    Read,
    /// Reads and writes.
    Accessed,
}

/// A watchpoint as a person set it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchpointState {
    /// Counts from 1 in a session.
    pub number: u32,
    /// What is watched.
    pub target: WatchTarget,
    /// What it is called.
    pub label: String,
    /// Which accesses stop.
    pub when: WatchWhen,
    /// Whether it stops.
    pub enabled: bool,
    /// How often it stopped in this run.
    pub hits: u64,
}

/// A stop at a watchpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchStop {
    /// The watchpoint's number.
    pub number: u32,
    /// What was accessed: `$sum`.
    pub what: String,
    /// What it was and is: `3 → 7`, or `= 7, read`.
    pub change: String,
    /// The instruction that did it: `i32.store in main.add at 0x0041`.
    pub by: String,
    /// The module of that instruction, and its byte offset.
    pub site: Option<(ModuleKey, u32)>,
    /// How often the watchpoint has stopped in this run.
    pub hits: u64,
}

impl WatchStop {
    /// In one line.
    pub fn text(&self) -> String {
        format!("{} {} by {}", self.what, self.change, self.by)
    }
}

/// The watchpoints of a session, and those that the engine has been told of.
#[derive(Default, Debug)]
pub(super) struct Watchpoints {
    all: Vec<WatchpointState>,
    placed: Vec<(Watchpoint, u32)>,
    last: u32,
}

impl WatchWhen {
    /// In the order of menus.
    pub const ALL: [Self; 4] = [Self::Changed, Self::Written, Self::Read, Self::Accessed];

    /// As in `Stop when changed`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Written => "written",
            Self::Read => "read",
            Self::Accessed => "read or written",
        }
    }

    pub(super) fn kind(self) -> WatchKind {
        match self {
            Self::Changed => WatchKind::Change,
            Self::Written => WatchKind::Write,
            Self::Read => WatchKind::Read,
            Self::Accessed => WatchKind::Access,
        }
    }
}

impl Session {
    /// Watchpoints, in the order in which they were set.
    pub fn watchpoints(&self) -> &[WatchpointState] {
        &self.watchpoints.all
    }

    /// The watchpoint on exactly this.
    pub fn watchpoint_on(&self, target: &WatchTarget) -> Option<&WatchpointState> {
        self.watchpoints.all.iter().find(|state| self.same_place(&state.target, target))
    }

    pub(super) fn set_watchpoint(
        &mut self,
        target: WatchTarget,
        when: WatchWhen,
    ) -> Result<(), SessionError> {
        if !target.is_lasting() {
            // In the present it may be another one's handle or place.
            self.refuse_in_past()?;
        }
        let known = self.watchpoint_on(&target).map(|state| state.number);
        if let Some(number) = known {
            let state = self.watchpoint_mut(number)?;
            (state.when, state.enabled) = (when, true);
        } else {
            self.add_watchpoint(target, when, true)?;
        }
        self.place_watchpoints();
        Ok(())
    }

    /// Adds one without telling the engine yet.
    pub(super) fn add_watchpoint(
        &mut self,
        target: WatchTarget,
        when: WatchWhen,
        enabled: bool,
    ) -> Result<(), SessionError> {
        let label = self.watch_label(&target);
        let label = label.ok_or_else(|| not_now("there is nothing of this kind to watch"))?;
        self.watchpoints.last += 1;
        let number = self.watchpoints.last;
        self.watchpoints.all.push(WatchpointState {
            number,
            target,
            label,
            when,
            enabled,
            hits: 0,
        });
        Ok(())
    }

    fn watchpoint_mut(&mut self, number: u32) -> Result<&mut WatchpointState, SessionError> {
        let state = self.watchpoints.all.iter_mut().find(|state| state.number == number);
        state.ok_or_else(|| not_now("there is no such watchpoint"))
    }

    pub(super) fn enable_watchpoint(
        &mut self,
        number: u32,
        enabled: bool,
    ) -> Result<(), SessionError> {
        self.watchpoint_mut(number)?.enabled = enabled;
        self.place_watchpoints();
        Ok(())
    }

    pub(super) fn remove_watchpoint(&mut self, number: u32) -> Result<(), SessionError> {
        self.watchpoint_mut(number)?;
        self.retain_watchpoints(|state| state.number != number);
        Ok(())
    }

    pub(super) fn retain_watchpoints(&mut self, kept: impl Fn(&WatchpointState) -> bool) {
        self.watchpoints.all.retain(kept);
        self.place_watchpoints();
    }

    /// Those on what a module has.
    pub(super) fn watchpoints_of(&self, key: ModuleKey) -> Vec<WatchpointState> {
        let states = self.watchpoints.all.iter();
        let of_module = |target: &WatchTarget| target.is_lasting() && target.module() == Some(key);
        states.filter(|state| of_module(&state.target)).cloned().collect()
    }

    /// Sets what watched one version of a module for another; how many have nothing to watch there.
    pub(super) fn move_watchpoints(
        &mut self,
        old: &Module,
        new: &Module,
        key: ModuleKey,
        states: Vec<WatchpointState>,
    ) -> usize {
        let mut dropped = 0;
        for WatchpointState { target, when, enabled, .. } in states {
            let target = moved(old, new, target).map(|target| target.of_module(key));
            let added = target.map(|target| self.add_watchpoint(target, when, enabled));
            dropped += usize::from(!matches!(added, Some(Ok(()))));
        }
        dropped
    }

    /// Tells the engine what is watched.
    pub(super) fn place_watchpoints(&mut self) {
        let Some(machine) = &mut self.machine else { return };
        let enabled = self.watchpoints.all.iter().filter(|state| state.enabled);
        let placed = enabled.filter_map(|state| {
            let watched = state.target.watched(machine)?;
            Some((Watchpoint { watched, kind: state.when.kind() }, state.number))
        });
        let placed: Vec<(Watchpoint, u32)> = placed.collect();
        let debugger = machine.store.debugger_mut();
        // What stays need not be asked about again.
        if !placed.iter().map(|(watchpoint, _)| watchpoint).eq(debugger.watchpoints()) {
            for watchpoint in debugger.watchpoints().to_vec() {
                debugger.remove_watchpoint(watchpoint);
            }
            placed.iter().for_each(|(watchpoint, _)| debugger.add_watchpoint(*watchpoint));
            machine.store.note_watched();
        }
        self.watchpoints.placed = placed;
    }

    /// A new run: objects and frames are others, and hits are counted anew.
    pub(super) fn renew_watchpoints(&mut self) {
        let watchpoints = &mut self.watchpoints;
        watchpoints.placed.clear();
        watchpoints.all.retain(|state| state.target.is_lasting());
        watchpoints.all.iter_mut().for_each(|state| state.hits = 0);
    }

    /// Says which watchpoints have ended with their object or frame.
    pub(super) fn end_watchpoints(&mut self) {
        if self.is_past() {
            return;
        }
        let Some(machine) = &mut self.machine else { return };
        for ended in machine.store.debugger_mut().take_ended() {
            let placed = self.watchpoints.placed.iter().find(|(known, _)| *known == ended);
            let Some((_, number)) = placed.copied() else { continue };
            let position = self.watchpoints.all.iter().position(|state| state.number == number);
            if let Some(position) = position {
                let WatchpointState { label, target, .. } = self.watchpoints.all.remove(position);
                let why = match target {
                    WatchTarget::LocalOfCall { .. } => "the call is over",
                    _ => "it is gone",
                };
                self.notify(false, format!("{label} is not watched any more: {why}"));
            }
        }
    }

    pub(super) fn on_watchpoint(&mut self, hit: &WatchpointHit) {
        let number = self.number_of(hit);
        let state = self.watchpoints.all.iter_mut().find(|state| Some(state.number) == number);
        if let Some(state) = state {
            state.hits += 1;
        }
        match self.watch_stop(hit) {
            Some(stop) => self.stop(StopReason::Watchpoint(stop)),
            None => self.on_progress(),
        }
    }

    fn number_of(&self, hit: &WatchpointHit) -> Option<u32> {
        let mut placed = self.watchpoints.placed.iter();
        placed.find(|(known, _)| *known == hit.watchpoint).map(|(_, number)| *number)
    }

    /// What a hit comes to in words, while the machine stands behind it.
    pub(super) fn watch_stop(&self, hit: &WatchpointHit) -> Option<WatchStop> {
        let number = self.number_of(hit);
        let mut all = self.watchpoints.all.iter();
        let state = number.and_then(|number| all.find(|state| state.number == number));
        // What was asked for once is none of them.
        let (number, what, hits) = match (&self.asked, state) {
            (Some(asked), _) => (0, asked.label.clone(), 0),
            (None, Some(state)) => (state.number, state.label.clone(), state.hits),
            (None, None) => return None,
        };
        let open = self.module_of_instance(hit.site.instance);
        let site = open.map(|open| (open.key, hit.site.offset.0));
        let (change, by) = (self.access_text(hit), self.site_text(&hit.site));
        Some(WatchStop { number, what, change, by, site, hits })
    }

    /// What an access found and left: `3 → 7`.
    pub(super) fn access_text(&self, hit: &WatchpointHit) -> String {
        let [old, new] = [&hit.old, &hit.new].map(|contents| self.contents_text(contents));
        let change = match hit.write {
            true if hit.old != hit.new => format!("{old} → {new}"),
            true => format!("= {new}, written"),
            false => format!("= {new}, read"),
        };
        match hit.part {
            // Of many bytes the first that were accessed.
            Watched::Memory { address, .. } if hit.part != hit.watchpoint.watched => {
                format!("at 0x{address:x} {change}")
            }
            _ => change,
        }
    }

    pub(super) fn contents_text(&self, contents: &Contents) -> String {
        match contents {
            Contents::Bytes(bytes) if matches!(bytes.len(), 1 | 2 | 4 | 8) => {
                let number =
                    bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
                number.to_string()
            }
            Contents::Bytes(bytes) => {
                let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                bytes.join(" ")
            }
            Contents::Values(values) => {
                let values: Vec<String> =
                    values.iter().map(|value| self.plain_text(value)).collect();
                if values.is_empty() { "nothing".to_owned() } else { values.join(" ") }
            }
        }
    }

    pub(super) fn plain_text(&self, value: &Value) -> String {
        match value {
            Value::V128(vector) => self.vector_shape.text(*vector),
            value if value.ty().is_ref() => self.value_text(value),
            number => untyped(number),
        }
    }

    /// `i32.store in $add at 0x0041`.
    fn site_text(&self, site: &CallSite) -> String {
        let Some(open) = self.module_of_instance(site.instance) else { return String::new() };
        let listing = Listing::new(&open.module, site.func).ok();
        let instruction = listing.and_then(|listing| {
            let instruction = listing.instruction(listing.position(site.offset)?)?;
            Some(instruction.name.to_string())
        });
        let instruction = instruction.unwrap_or_else(|| "an instruction".to_owned());
        format!("{instruction} in {} at {}", self.func_label(site.instance, site.func), site.offset)
    }
}
