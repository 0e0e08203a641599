//! One file a panel: a view of the session that returns what the person did as commands.

mod answers;
mod breakpoints;
mod code;
mod console;
mod fast_code;
mod files;
mod find;
mod frames;
mod globals;
mod graph;
mod heap;
mod host_calls;
mod learn;
mod log;
mod memory;
mod modules;
mod origins;
mod problems;
mod stack;
mod tables;
mod tasks;
mod timeline;
mod watches;

use egui::Ui;

pub(super) use self::console::focus as focus_input;
use crate::session::{Command, Panel, Session};

/// Whether a panel cannot show anything, whatever the modules that are open do: its room is others'. It
/// does not depend on the state of a run, so that no step moves a panel.
pub(super) fn is_idle(panel: Panel, session: &Session) -> bool {
    let open = session.modules();
    if open.is_empty() {
        return false;
    }
    match panel {
        Panel::Memory => open.iter().all(|open| open.module.memories().is_empty()),
        Panel::HostCalls => {
            session.host_calls().is_empty()
                && open.iter().all(|open| open.module.imported_func_count() == 0)
        }
        _ => false,
    }
}

/// Draws a panel.
pub fn show(panel: Panel, session: &Session, ui: &mut Ui) -> Vec<Command> {
    match panel {
        Panel::Modules => modules::show(session, ui),
        Panel::Code => code::show(session, ui),
        Panel::FastCode => fast_code::show(session, ui),
        Panel::Stack => stack::show(session, ui),
        Panel::Frames => frames::show(session, ui),
        Panel::Memory => memory::show(session, ui),
        Panel::Globals => globals::show(session, ui),
        Panel::Tables => tables::show(session, ui),
        Panel::Heap => heap::show(session, ui),
        Panel::HostCalls => host_calls::show(session, ui),
        Panel::Breakpoints => breakpoints::show(session, ui),
        Panel::Watches => watches::show(session, ui),
        Panel::Origins => origins::show(session, ui),
        Panel::Log => log::show(session, ui),
        Panel::Learn => learn::show(session, ui),
        Panel::Console => console::show(session, ui),
        Panel::Files => files::show(session, ui),
        Panel::Tasks => tasks::show(session, ui),
        Panel::Graph => graph::show(session, ui),
        Panel::Find => find::show(session, ui),
        Panel::Problems => problems::show(session, ui),
        Panel::Timeline => timeline::show(session, ui),
        Panel::Answers => answers::show(session, ui),
    }
}
