//! How deep calls may be nested.

use stepwell_engine::Engine;

use super::{Session, SessionError, not_now};

/// Most frames of a task that a person may ask for.
const MOST_FRAMES: u32 = 10_000_000;
/// Most slots of a value stack that a person may ask for: 1 GiB.
const MOST_SLOTS: u32 = 1 << 27;

impl Session {
    /// How deep calls may be nested in the next run: frames of a task, and slots of its value stack.
    pub fn call_limits(&self) -> (u32, u32) {
        let config = self.engine.config();
        (config.max_call_depth, config.max_value_stack)
    }

    /// The limits times ten, as far as that goes; `None` if they are as high as they can be.
    pub fn higher_call_limits(&self) -> Option<(u32, u32)> {
        let (depth, slots) = self.call_limits();
        let higher =
            (depth.saturating_mul(10).min(MOST_FRAMES), slots.saturating_mul(10).min(MOST_SLOTS));
        (higher != (depth, slots)).then_some(higher)
    }

    pub(super) fn set_call_limits(&mut self, depth: u32, slots: u32) -> Result<(), SessionError> {
        if depth == 0 || depth > MOST_FRAMES || slots == 0 || slots > MOST_SLOTS {
            return Err(not_now(format!(
                "at most {MOST_FRAMES} frames and {MOST_SLOTS} slots, and one of each at least"
            )));
        }
        // Modules go with any engine of the same features; the store of the present run keeps its own.
        let config = self.engine.config().clone();
        self.engine = Engine::new(config.max_call_depth(depth).max_value_stack(slots));
        Ok(())
    }
}
