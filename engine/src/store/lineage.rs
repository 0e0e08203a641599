//! Which tasks a state goes with.
//!
//! A task's frames name instances, functions and objects of its store by index. Run in another store, or in a
//! state from before it last ran, it would find others in their places. So every state knows its past, as the
//! numbers of the moments that it consists of, and a task the moment at which it last stopped. Numbers are a
//! store's and never used again, whatever is restored.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::error::{Error, Result};

/// A moment of a store: a task has stopped, or something has been made.
pub(crate) type Moment = u64;

/// Where a state comes from, and its past. It is no part of what the machine holds: all are equal.
#[derive(Clone, Default)]
pub(crate) struct Lineage {
    store: Arc<()>,
    /// First and last moments of the ranges that the past consists of, in order.
    past: Vec<(Moment, Moment)>,
}

/// When a task last stopped, and in which store.
#[derive(Clone)]
pub(crate) struct Stamp {
    store: Arc<()>,
    pub(crate) moment: Moment,
    /// The last note of what it refers to; `None` if it has been changed since.
    pub(crate) note: Option<u64>,
}

impl Lineage {
    /// That of a new store.
    pub(crate) fn new() -> Self {
        Self { store: Arc::default(), past: alloc::vec![(0, 0)] }
    }

    fn now(&self) -> Moment {
        self.past.last().map_or(0, |(_, last)| *last)
    }

    /// The present moment, for a task that begins.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { store: self.store.clone(), moment: self.now(), note: None }
    }

    /// Goes on to a new moment.
    #[inline]
    pub(crate) fn advance(&mut self, next: &mut Moment) -> Moment {
        let moment = *next;
        *next += 1;
        match self.past.last_mut() {
            Some((_, last)) if *last + 1 == moment => *last = moment,
            _ => self.past.push((moment, moment)),
        }
        moment
    }

    /// Whether a task's last stop belongs to the past of this state.
    ///
    /// # Errors
    /// [`Error::NotOfStore`] or [`Error::NotOfState`].
    #[inline]
    pub(crate) fn check(&self, task: &Stamp) -> Result<()> {
        if !Arc::ptr_eq(&self.store, &task.store) {
            return Err(Error::NotOfStore { what: "task" });
        }
        match self.past.last() {
            Some((first, last)) if (*first..=*last).contains(&task.moment) => Ok(()),
            _ => self.check_past(task.moment),
        }
    }

    #[cold]
    fn check_past(&self, moment: Moment) -> Result<()> {
        let position = self.past.partition_point(|(_, last)| *last < moment);
        let range = self.past.get(position);
        match range.is_some_and(|(first, last)| (*first..=*last).contains(&moment)) {
            true => Ok(()),
            false => Err(Error::NotOfState),
        }
    }

    /// Whether both are of the same store.
    pub(crate) fn is_akin(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.store, &other.store)
    }
}

impl PartialEq for Lineage {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl core::fmt::Debug for Lineage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Lineage(..={})", self.now())
    }
}

impl PartialEq for Stamp {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl core::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Stamp({})", self.moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_of_a_state_is_what_led_to_it() {
        let mut next = 1;
        let mut state = Lineage::new();
        let mut task = state.stamp();
        assert_eq!(state.check(&task), Ok(()), "before it has run");
        task.moment = state.advance(&mut next);
        let (earlier, young) = (state.clone(), task.clone());
        task.moment = state.advance(&mut next);
        assert_eq!(state.check(&young), Ok(()), "it has not run since");
        assert_eq!(earlier.check(&task), Err(Error::NotOfState));

        // From the earlier state on: what ran in between has never been.
        let mut branch = earlier;
        let mut other = young.clone();
        for _ in 0..3 {
            other.moment = branch.advance(&mut next);
            assert_eq!(branch.check(&task), Err(Error::NotOfState));
            assert_eq!(branch.check(&young), Ok(()));
            assert_eq!(branch.check(&other), Ok(()));
        }
        assert_eq!(state.check(&other), Err(Error::NotOfState));
        assert_eq!(Lineage::new().check(&task), Err(Error::NotOfStore { what: "task" }));
    }
}
