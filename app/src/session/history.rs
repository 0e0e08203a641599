//! Places that a person has been at, one behind the other: where back and forward lead.

/// Places kept; of more the oldest are forgotten.
const KEPT: usize = 100;

/// Something that can be gone back to.
pub(super) trait Spot {
    /// Whether both are in sight together: going from one to the other is no jump.
    fn is_near(&self, other: &Self) -> bool;
}

/// Places in the order in which a person has jumped to them, and which of them is the present one.
#[derive(Clone, Debug)]
pub(super) struct History<S> {
    spots: Vec<S>,
    at: usize,
}

impl<S> Default for History<S> {
    fn default() -> Self {
        Self { spots: Vec::new(), at: 0 }
    }
}

impl<S: Spot + Clone> History<S> {
    /// A jump from where the person stands, if anywhere.
    pub(super) fn jump(&mut self, from: Option<S>, to: S) {
        if let Some(from) = from {
            self.settle(from);
        }
        self.settle(to);
    }

    /// Makes this the present place. Near the one of before it takes that one's room; elsewhere what lay ahead
    /// is forgotten.
    fn settle(&mut self, here: S) {
        if let Some(present) = self.spots.get_mut(self.at).filter(|spot| spot.is_near(&here)) {
            *present = here;
            return;
        }
        self.spots.truncate(self.at + 1);
        self.spots.push(here);
        let more = self.spots.len().saturating_sub(KEPT);
        self.spots.drain(..more);
        self.at = self.spots.len() - 1;
    }

    /// Whether there is a place before the one where the person stands.
    pub(super) fn has_back(&self, here: Option<&S>) -> bool {
        let present = self.spots.get(self.at);
        let moved = present.zip(here).is_some_and(|(present, here)| !present.is_near(here));
        self.at > 0 || moved
    }

    /// Whether there is one behind it: none once the person has gone elsewhere.
    pub(super) fn has_forward(&self, here: Option<&S>) -> bool {
        let present = self.spots.get(self.at);
        let stayed = present.zip(here).is_none_or(|(present, here)| present.is_near(here));
        stayed && self.at + 1 < self.spots.len()
    }

    /// The place before the one where the person stands.
    pub(super) fn back(&mut self, here: Option<S>) -> Option<S> {
        if let Some(here) = here {
            self.settle(here);
        }
        let at = self.at.checked_sub(1)?;
        let spot = self.spots.get(at)?.clone();
        self.at = at;
        Some(spot)
    }

    /// The place behind it.
    pub(super) fn forward(&mut self, here: Option<S>) -> Option<S> {
        if let Some(here) = here {
            self.settle(here);
        }
        let spot = self.spots.get(self.at + 1)?.clone();
        self.at += 1;
        Some(spot)
    }

    /// Forgets places that are gone.
    pub(super) fn retain(&mut self, is_there: impl Fn(&S) -> bool) {
        let before = self.spots.get(..self.at).unwrap_or_default();
        let at = before.iter().filter(|spot| is_there(spot)).count();
        self.spots.retain(is_there);
        self.at = at.min(self.spots.len().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq, Debug)]
    struct At(u32);

    impl Spot for At {
        fn is_near(&self, other: &Self) -> bool {
            self.0.abs_diff(other.0) < 10
        }
    }

    fn been(places: &[u32]) -> History<At> {
        let mut history = History::default();
        for pair in places.windows(2) {
            history.jump(Some(At(pair[0])), At(pair[1]));
        }
        history
    }

    #[test]
    fn back_and_forward_go_along_the_jumps() {
        let mut history = been(&[0, 100, 200]);
        assert!(!history.has_forward(Some(&At(200))));
        assert_eq!(history.back(Some(At(200))), Some(At(100)));
        assert_eq!(history.back(Some(At(100))), Some(At(0)));
        assert!(!history.has_back(Some(&At(0))));
        assert_eq!(history.back(Some(At(0))), None);
        assert_eq!(history.forward(Some(At(0))), Some(At(100)));
        assert_eq!(history.forward(Some(At(100))), Some(At(200)));
        assert_eq!(history.forward(Some(At(200))), None);
    }

    #[test]
    fn a_jump_from_the_middle_forgets_what_lay_ahead() {
        let mut history = been(&[0, 100, 200]);
        history.back(Some(At(200)));
        history.jump(Some(At(100)), At(300));
        assert_eq!(history.forward(Some(At(300))), None);
        assert_eq!(history.back(Some(At(300))), Some(At(100)));
    }

    #[test]
    fn small_moves_are_no_jumps_but_are_where_one_comes_back_to() {
        let mut history = been(&[0, 100]);
        history.jump(Some(At(100)), At(105));
        assert_eq!(history.back(Some(At(107))), Some(At(0)));
        assert_eq!(history.forward(Some(At(3))), Some(At(107)));
        assert_eq!(history.back(Some(At(107))), Some(At(3)));
    }

    #[test]
    fn who_has_been_carried_elsewhere_goes_back_to_where_the_jump_led() {
        // As by steps.
        let mut history = been(&[0, 100]);
        assert!(history.has_back(Some(&At(500))));
        assert_eq!(history.back(Some(At(500))), Some(At(100)));
        assert_eq!(history.forward(Some(At(100))), Some(At(500)));
        let nothing: History<At> = History::default();
        assert!(!nothing.has_back(Some(&At(500))), "nobody has jumped yet");
    }

    #[test]
    fn what_is_gone_is_forgotten_and_the_list_has_an_end() {
        let mut history = been(&[0, 100, 200, 300]);
        history.retain(|spot| spot.0 != 100);
        assert_eq!(history.back(Some(At(300))), Some(At(200)));
        assert_eq!(history.back(Some(At(200))), Some(At(0)));
        history.retain(|_| false);
        assert_eq!(history.back(None), None);
        let many: Vec<u32> = (0..3 * KEPT as u32).map(|number| number * 100).collect();
        let mut history = been(&many);
        let steps = (0..).take_while(|_| history.back(None).is_some()).count();
        assert_eq!(steps, KEPT - 1);
    }
}
