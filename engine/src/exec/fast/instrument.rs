//! Translations that observe: those of functions with breakpoints, and of all functions while memory
//! is watched. They belong to a store; a module's own are never changed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::code::FastCodes;
use super::translate::Observed;
use crate::exec::exact::FuncCode;
use crate::ids::InstanceId;
use crate::module::ModuleInner;
use crate::observe::Watchpoint;

/// What is observed, and the code that does so.
#[derive(Default)]
pub(crate) struct Instruments {
    /// Offsets of breakpoints by instance; none is empty.
    breakpoints: BTreeMap<InstanceId, BTreeSet<u32>>,
    watchpoints: Vec<Watchpoint>,
    codes: BTreeMap<InstanceId, FastCodes>,
}

/// What the translations of an instance's functions observe.
#[derive(Clone, Default, Debug)]
pub(super) struct Observing {
    /// Offsets of breakpoints, sorted.
    breakpoints: Vec<u32>,
    /// Whether accesses to memory are checked first.
    watched: bool,
}

impl Observing {
    /// What the translation of one function observes.
    pub(super) fn within(&self, code: &FuncCode) -> Observed {
        let (first, last) = (code.offsets.first(), code.offsets.last());
        let from = self.breakpoints.partition_point(|offset| Some(offset) < first);
        let within = |offset: &&u32| Some(*offset) <= last;
        let position = |offset: &u32| code.offsets.binary_search(offset).ok();
        let breakpoints =
            self.breakpoints.iter().skip(from).take_while(within).filter_map(position);
        Observed { breakpoints: breakpoints.map(|pc| pc as u32).collect(), watched: self.watched }
    }
}

impl Instruments {
    /// Adds a breakpoint. What was translated for its instance is forgotten.
    pub(crate) fn add_breakpoint(&mut self, instance: InstanceId, offset: u32) {
        self.codes.remove(&instance);
        self.breakpoints.entry(instance).or_default().insert(offset);
    }

    /// Removes a breakpoint, in the same way.
    pub(crate) fn remove_breakpoint(&mut self, instance: InstanceId, offset: u32) {
        self.codes.remove(&instance);
        if let Some(offsets) = self.breakpoints.get_mut(&instance) {
            offsets.remove(&offset);
            if offsets.is_empty() {
                self.breakpoints.remove(&instance);
            }
        }
    }

    /// Removes all breakpoints.
    pub(crate) fn clear_breakpoints(&mut self) {
        for instance in core::mem::take(&mut self.breakpoints).keys() {
            self.codes.remove(instance);
        }
    }

    /// Sets what is watched. Code that checks accesses is forgotten if none has to be checked any
    /// more, or some for the first time.
    pub(crate) fn set_watchpoints(&mut self, watchpoints: &[Watchpoint]) {
        if self.watchpoints.is_empty() != watchpoints.is_empty() {
            self.codes.clear();
        }
        self.watchpoints = watchpoints.into();
    }

    pub(super) fn watchpoints(&self) -> &[Watchpoint] {
        &self.watchpoints
    }

    /// Whether the code of an instance is its own and not its module's.
    pub(super) fn concern(&self, instance: InstanceId) -> bool {
        !self.watchpoints.is_empty() || self.breakpoints.contains_key(&instance)
    }

    /// The code of an instance that is concerned, if it has been prepared.
    pub(super) fn codes(&self, instance: InstanceId) -> Option<&FastCodes> {
        self.codes.get(&instance)
    }

    /// Prepares an instance: its functions are translated when they are called.
    pub(super) fn prepare(&mut self, instance: InstanceId, module: &ModuleInner) {
        if self.concern(instance) && !self.codes.contains_key(&instance) {
            let breakpoints = self.breakpoints.get(&instance).into_iter().flatten().copied();
            let breakpoints = breakpoints.collect();
            let observing = Observing { breakpoints, watched: !self.watchpoints.is_empty() };
            self.codes.insert(instance, FastCodes::observing(observing, module.bodies.len()));
        }
    }
}

/// A copy observes the same, with code of its own.
impl Clone for Instruments {
    fn clone(&self) -> Self {
        Self {
            breakpoints: self.breakpoints.clone(),
            watchpoints: self.watchpoints.clone(),
            codes: BTreeMap::new(),
        }
    }
}

impl core::fmt::Debug for Instruments {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Instruments")
            .field("breakpoints", &self.breakpoints)
            .field("watchpoints", &self.watchpoints)
            .finish_non_exhaustive()
    }
}
