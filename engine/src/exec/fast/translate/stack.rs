//! The operand stack, followed symbolically.

use super::{PENDING, Place, Translator};

impl Translator<'_> {
    pub(super) fn home(&self, position: usize) -> u16 {
        (self.code.locals as usize + position) as u16
    }

    pub(super) fn push(&mut self, place: Place) {
        self.stack.push(place);
        if place == Place::Home && self.settled + 1 == self.stack.len() {
            self.settled += 1;
        } else if self.stack.len() - self.settled > PENDING {
            self.settle_one(self.settled);
            self.settled += 1;
        }
    }

    pub(super) fn pop(&mut self) -> Place {
        let place = self.stack.pop().unwrap_or(Place::Home);
        self.settled = self.settled.min(self.stack.len());
        place
    }

    /// Puts one operand into its home.
    pub(super) fn settle_one(&mut self, position: usize) {
        let home = self.home(position);
        let Some(place) = self.stack.get_mut(position) else { return };
        match core::mem::replace(place, Place::Home) {
            Place::Home => {}
            Place::Local(local) => {
                self.copy(home, local);
            }
            Place::Constant(value) => {
                self.constant(home, value);
            }
        }
    }

    pub(super) fn settle(&mut self) {
        for position in self.settled..self.stack.len() {
            self.settle_one(position);
        }
        self.settled = self.stack.len();
    }

    /// The stack at a target that nothing falls through to. What lies below is left as it is, so that
    /// many targets on a deep stack cost no more than few.
    pub(super) fn arrive(&mut self, height: usize) {
        let settled = self.settled;
        for place in self.stack.iter_mut().skip(settled) {
            *place = Place::Home;
        }
        self.stack.resize(height, Place::Home);
        self.settled = height;
    }

    /// A slot that holds an operand which has been popped from `position`.
    pub(super) fn slot(&mut self, place: Place, position: usize) -> u16 {
        match place {
            Place::Home => self.home(position),
            Place::Local(local) => local,
            Place::Constant(value) => {
                let home = self.home(position);
                self.constant(home, value);
                home
            }
        }
    }

    pub(super) fn pop_slot(&mut self) -> u16 {
        let place = self.pop();
        self.slot(place, self.stack.len())
    }
}
