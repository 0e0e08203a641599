//! Back and forward in the code and in each memory view: which commands are jumps, and from where to where.

use std::collections::BTreeMap;

use stepwell_engine::{CodeOffset, FuncIndex, MemAddr};

use super::command::{Command, ModuleKey, Trail};
use super::history::{History, Spot};
use super::types::SessionError;
use super::{Session, not_now};

/// Bytes of code that are in sight together.
const CODE_NEAR: u32 = 64;
/// Bytes of a memory that are.
const MEMORY_NEAR: u64 = 64;

/// A place in the code.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeSpot {
    module: ModuleKey,
    func: Option<FuncIndex>,
    offset: CodeOffset,
}

impl Spot for CodeSpot {
    fn is_near(&self, other: &Self) -> bool {
        (self.module, self.func) == (other.module, other.func)
            && self.offset.0.abs_diff(other.offset.0) < CODE_NEAR
    }
}

/// What a memory view shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemorySpot {
    memory: MemAddr,
    cursor: u64,
    top: u64,
}

impl Spot for MemorySpot {
    fn is_near(&self, other: &Self) -> bool {
        self.memory == other.memory && self.cursor.abs_diff(other.cursor) < MEMORY_NEAR
    }
}

/// Where a person has been.
#[derive(Default)]
pub(super) struct Trails {
    code: History<CodeSpot>,
    memory: BTreeMap<u32, History<MemorySpot>>,
}

impl Trails {
    /// Forgets places of a module that is closed.
    pub(super) fn forget_module(&mut self, key: ModuleKey) {
        self.code.retain(|spot| spot.module != key);
    }

    /// Forgets where a memory view has been that is closed.
    pub(super) fn forget_view(&mut self, view: u32) {
        self.memory.remove(&view);
    }
}

/// A jump that is about to be made, and where it begins.
pub(super) enum Jump {
    Code(Option<CodeSpot>),
    Memory(u32, Option<MemorySpot>),
}

impl Session {
    fn code_spot(&self) -> Option<CodeSpot> {
        let focus = self.focus?;
        let (module, offset) = (focus.module, focus.offset);
        let func = self.module(module)?.module.func_at(offset);
        Some(CodeSpot { module, func, offset })
    }

    fn memory_spot(&self, view: u32) -> Option<MemorySpot> {
        let view = self.memory_views().iter().find(|known| known.id == view)?;
        Some(MemorySpot { memory: view.memory, cursor: view.cursor, top: view.top })
    }

    /// The jump that a command makes, if it makes one. A step leads elsewhere without one, and so does scrolling.
    pub(super) fn jump_of(&self, command: &Command) -> Option<Jump> {
        match command {
            Command::SelectFrame(_)
            | Command::SelectModule(_)
            | Command::ShowFunction { .. }
            | Command::ShowOffset { .. }
            | Command::ShowPc => Some(Jump::Code(self.code_spot())),
            Command::GoToAddress { view, .. }
            | Command::ViewMemory { view, .. }
            | Command::Search { view, .. } => Some(Jump::Memory(*view, self.memory_spot(*view))),
            _ => None,
        }
    }

    /// Notes where a jump has led.
    pub(super) fn has_jumped(&mut self, jump: Jump) {
        match jump {
            Jump::Code(from) => {
                if let Some(to) = self.code_spot() {
                    self.trails.code.jump(from, to);
                }
            }
            Jump::Memory(view, from) => {
                if let Some(to) = self.memory_spot(view) {
                    self.trails.memory.entry(view).or_default().jump(from, to);
                }
            }
        }
    }

    /// Whether there is a place to go back to.
    pub fn has_back(&self, trail: Trail) -> bool {
        match trail {
            Trail::Code => self.trails.code.has_back(self.code_spot().as_ref()),
            Trail::Memory(view) => {
                let history = self.trails.memory.get(&view);
                history.is_some_and(|history| history.has_back(self.memory_spot(view).as_ref()))
            }
        }
    }

    /// Whether there is one to go forward to again.
    pub fn has_forward(&self, trail: Trail) -> bool {
        match trail {
            Trail::Code => self.trails.code.has_forward(self.code_spot().as_ref()),
            Trail::Memory(view) => {
                let history = self.trails.memory.get(&view);
                history.is_some_and(|history| history.has_forward(self.memory_spot(view).as_ref()))
            }
        }
    }

    /// Goes to the place before the present one, or to the one behind it.
    pub(super) fn follow(&mut self, trail: Trail, is_back: bool) -> Result<(), SessionError> {
        let none = || {
            not_now(if is_back {
                "there is no earlier place to go back to"
            } else {
                "there is no later place to go forward to"
            })
        };
        match trail {
            Trail::Code => {
                let here = self.code_spot();
                let code = &mut self.trails.code;
                let spot = if is_back { code.back(here) } else { code.forward(here) };
                let spot = spot.ok_or_else(none)?;
                self.show(spot.module, spot.offset);
            }
            Trail::Memory(view) => {
                let here = self.memory_spot(view);
                // Memories of an earlier run may be gone, or smaller.
                let sizes: BTreeMap<MemAddr, u64> = self
                    .memories()
                    .iter()
                    .filter_map(|named| {
                        let memory = self.store()?.memory(named.addr)?;
                        Some((named.addr, memory.bytes().len() as u64))
                    })
                    .collect();
                let history = self.trails.memory.get_mut(&view).ok_or_else(none)?;
                history
                    .retain(|spot| sizes.get(&spot.memory).is_some_and(|size| spot.cursor < *size));
                let spot = if is_back { history.back(here) } else { history.forward(here) };
                let spot = spot.ok_or_else(none)?;
                let view = self.memory.get_mut(view)?;
                (view.memory, view.cursor, view.selected) = (spot.memory, spot.cursor, 1);
                view.top = spot.top;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::tests::{key, start, with};
    use super::super::{SearchKind, Session};
    use super::*;

    const TEXT: &str = r#"(module (memory (export "m") 1) (data (i32.const 4096) "needle")
      (func $other (result i32) i32.const 7)
      (func (export "run") (result i32) call $other))"#;

    fn func_shown(session: &Session) -> Option<u32> {
        session.code_spot().and_then(|spot| spot.func).map(|func| func.0)
    }

    #[test]
    fn jumps_in_the_code_can_be_gone_back_and_steps_cannot() {
        let mut session = with(&[("m", TEXT)]);
        assert!(!session.has_back(Trail::Code), "opening a file is no jump");
        let module = key(&session, "m");
        start(&mut session, "m", "run", &[]);
        assert!(!session.has_back(Trail::Code) && !session.has_forward(Trail::Code));
        session.apply(Command::ShowFunction { module, func: 0 }).unwrap();
        assert_eq!(func_shown(&session), Some(0));
        session.apply(Command::Back(Trail::Code)).unwrap();
        assert_eq!(func_shown(&session), Some(1));
        session.apply(Command::Forward(Trail::Code)).unwrap();
        assert_eq!(func_shown(&session), Some(0));
        session.apply(Command::ShowPc).unwrap();
        session.apply(Command::StepInto).unwrap();
        assert_eq!(func_shown(&session), Some(0), "stepped into the call");
        session.apply(Command::SelectFrame(1)).unwrap();
        session.apply(Command::Back(Trail::Code)).unwrap();
        assert_eq!(func_shown(&session), Some(0));
        session.apply(Command::Close(module)).unwrap();
        let refused = session.apply(Command::Back(Trail::Code)).unwrap_err();
        assert!(refused.to_string().contains("no earlier place"));
    }

    #[test]
    fn a_memory_view_goes_back_to_what_it_showed() {
        let mut session = with(&[("m", TEXT)]);
        start(&mut session, "m", "run", &[]);
        let view = session.memory_views()[0].id;
        let trail = Trail::Memory(view);
        let shown = |session: &Session| {
            let view = &session.memory_views()[0];
            (view.cursor, view.top)
        };
        session.apply(Command::GoToAddress { view, address: 0x205 }).unwrap();
        session.apply(Command::ScrollMemory { view, top: 0x400 }).unwrap();
        let (kind, text) = (SearchKind::Text, "needle".to_owned());
        session.apply(Command::Search { view, kind, text }).unwrap();
        assert_eq!(shown(&session).0, 0x1000);
        session.apply(Command::Back(trail)).unwrap();
        assert_eq!(shown(&session), (0x205, 0x400), "as it had been scrolled");
        session.apply(Command::Back(trail)).unwrap();
        assert_eq!(shown(&session), (0, 0));
        assert!(!session.has_back(trail) && session.has_forward(trail));
        assert!(!session.has_back(Trail::Code), "each has its own");
        // The search begins behind the cursor, where it stands now.
        session.apply(Command::Forward(trail)).unwrap();
        session.apply(Command::Forward(trail)).unwrap();
        assert_eq!(shown(&session).0, 0x1000);
        assert!(session.apply(Command::Forward(trail)).is_err());
        session.apply(Command::Restart).unwrap();
        session.apply(Command::Back(trail)).unwrap();
        assert_eq!(shown(&session).0, 0x205, "the memory is there again");
    }
}
