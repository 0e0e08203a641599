//! Everything that a key or a button of the shell does: one table.

use egui::{Key, KeyboardShortcut, Modifiers, Ui};

use crate::session::{Arrangement, Command, RunState, Session, StopReason, WatchTarget, WatchWhen};

/// An action of the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ui) enum Action {
    Open,
    OpenPath,
    SaveRun,
    Restart,
    Continue,
    Pause,
    ContinueOrPause,
    StepOver,
    StepInto,
    StepOut,
    StepMany,
    StepBack,
    StepBackOver,
    StepBackOut,
    RunBack,
    GoToBegin,
    GoToPresent,
    NextTurn,
    Undo,
    Redo,
    Back,
    Forward,
    FindInCode,
    ReadStructure,
    Stop,
    RunToCursor,
    ToggleBreakpoint,
    WatchBytes,
    ShowPc,
    Palette,
    Help,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    ResetLayout,
    Arrange(Arrangement),
    ReduceMotion,
    AddMemoryView,
    NextShape,
    CollectGarbage,
    TimeOut,
    CopyBacktrace,
    CopyState,
}

/// What an action comes to outside the shell.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::ui) enum Effect {
    Command(Command),
    /// One after the other, as long as none is refused.
    Commands(Vec<Command>),
    /// Put a text into the clipboard.
    Copy(String),
    /// Show the system's dialog for files.
    OpenDialog,
    /// Ask for a file's path.
    AskForPath,
    /// Open one of the files used recently.
    OpenRecent(usize),
    /// Text larger or smaller by this factor; 0 is back to normal.
    Zoom(f32),
}

/// All of them, in the order of menus and help. An action that is to win over another with fewer
/// modifiers stands before it.
pub(in crate::ui) const ALL: [Action; 47] = [
    Action::Open,
    Action::OpenPath,
    Action::SaveRun,
    Action::Restart,
    Action::Stop,
    Action::Continue,
    Action::Pause,
    Action::StepBackOver,
    Action::StepBack,
    Action::StepBackOut,
    Action::RunBack,
    Action::GoToBegin,
    Action::GoToPresent,
    Action::ContinueOrPause,
    Action::RunToCursor,
    Action::StepOver,
    Action::StepOut,
    Action::StepInto,
    Action::StepMany,
    Action::NextTurn,
    Action::ToggleBreakpoint,
    Action::WatchBytes,
    Action::ShowPc,
    Action::Back,
    Action::Forward,
    Action::FindInCode,
    Action::Redo,
    Action::Undo,
    Action::AddMemoryView,
    Action::ReadStructure,
    Action::NextShape,
    Action::CollectGarbage,
    Action::TimeOut,
    Action::CopyBacktrace,
    Action::CopyState,
    Action::Palette,
    Action::Help,
    Action::ZoomIn,
    Action::ZoomOut,
    Action::ZoomReset,
    Action::Arrange(Arrangement::Learn),
    Action::Arrange(Arrangement::Debug),
    Action::Arrange(Arrangement::Hosts),
    Action::Arrange(Arrangement::Speed),
    Action::Arrange(Arrangement::Own),
    Action::ResetLayout,
    Action::ReduceMotion,
];

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn command(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

impl Action {
    /// What it is called.
    pub(in crate::ui) fn title(self) -> &'static str {
        match self {
            Action::Open => "Open files …",
            Action::OpenPath => "Open a file by its path …",
            Action::SaveRun => "Save the run as a file …",
            Action::Restart => "Restart",
            Action::Continue => "Run or continue",
            Action::Pause => "Pause",
            Action::ContinueOrPause => "Continue or pause",
            Action::StepOver => "Step over",
            Action::StepInto => "Step into",
            Action::StepOut => "Step out",
            Action::StepMany => "Step N instructions",
            Action::StepBack => "Step back into",
            Action::StepBackOver => "Step back over",
            Action::StepBackOut => "Step back out",
            Action::RunBack => "Run back",
            Action::GoToBegin => "Go to the beginning of the run",
            Action::GoToPresent => "Go to the present",
            Action::NextTurn => "Next turn",
            Action::FindInCode => "Find in all functions …",
            Action::ReadStructure => "Read memory as a structure",
            Action::Undo => "Take back a change by hand",
            Action::Redo => "Make a change by hand again",
            Action::Back => "Back to the place before",
            Action::Forward => "Forward to the place behind",
            Action::Stop => "Stop",
            Action::RunToCursor => "Run to cursor",
            Action::ToggleBreakpoint => "Set or remove a breakpoint",
            Action::WatchBytes => "Stop when the selected bytes change",
            Action::ShowPc => "Show the present instruction",
            Action::Palette => "Command palette",
            Action::Help => "Keys and help",
            Action::ZoomIn => "Larger text",
            Action::ZoomOut => "Smaller text",
            Action::ZoomReset => "Normal text size",
            Action::ResetLayout => "Put all panels back",
            Action::Arrange(Arrangement::Learn) => "Panels for learning",
            Action::Arrange(Arrangement::Debug) => "Panels for debugging",
            Action::Arrange(Arrangement::Hosts) => "Panels for host calls",
            Action::Arrange(Arrangement::Speed) => "Panels for speed",
            Action::Arrange(Arrangement::Own) => "Panels as I have moved them",
            Action::ReduceMotion => "Switch motion off or on",
            Action::AddMemoryView => "One more memory view",
            Action::NextShape => "Show vectors in the next shape",
            Action::CollectGarbage => "Collect garbage",
            Action::CopyBacktrace => "Copy the call stack as text",
            Action::CopyState => "Copy the state as text",
            Action::TimeOut => "Let the wait time out",
        }
    }

    /// Keys that do it, the usual one first.
    pub(in crate::ui) fn keys(self) -> &'static [KeyboardShortcut] {
        const OPEN: &[KeyboardShortcut] = &[command(Key::O)];
        const SAVE: &[KeyboardShortcut] = &[command(Key::S)];
        const RESTART: &[KeyboardShortcut] =
            &[KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::F5)];
        const CONTINUE: &[KeyboardShortcut] = &[plain(Key::F5)];
        const PAUSE: &[KeyboardShortcut] = &[plain(Key::F6)];
        const EITHER: &[KeyboardShortcut] = &[plain(Key::F8), command(Key::Backslash)];
        const OVER: &[KeyboardShortcut] = &[plain(Key::F10), command(Key::Quote)];
        const INTO: &[KeyboardShortcut] = &[plain(Key::F11), command(Key::Semicolon)];
        const OUT: &[KeyboardShortcut] = &[
            shift(Key::F11),
            KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Semicolon),
        ];
        const fn back(key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
        }
        const BACK_INTO: &[KeyboardShortcut] = &[back(Key::F11)];
        const BACK_OVER: &[KeyboardShortcut] = &[back(Key::F10)];
        const RUN_BACK: &[KeyboardShortcut] = &[back(Key::F8)];
        const STOP: &[KeyboardShortcut] = &[shift(Key::F5)];
        const TO_CURSOR: &[KeyboardShortcut] = &[command(Key::F10)];
        const BREAKPOINT: &[KeyboardShortcut] = &[plain(Key::F9)];
        const PALETTE: &[KeyboardShortcut] = &[command(Key::P)];
        const FIND: &[KeyboardShortcut] =
            &[KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::F)];
        const UNDO: &[KeyboardShortcut] = &[command(Key::Z)];
        const REDO: &[KeyboardShortcut] = &[
            command(Key::Y),
            KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z),
        ];
        const BACK: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::ALT, Key::ArrowLeft)];
        const FORWARD: &[KeyboardShortcut] =
            &[KeyboardShortcut::new(Modifiers::ALT, Key::ArrowRight)];
        const HELP: &[KeyboardShortcut] = &[plain(Key::F1)];
        const IN: &[KeyboardShortcut] = &[command(Key::Plus), command(Key::Equals)];
        const SMALLER: &[KeyboardShortcut] = &[command(Key::Minus)];
        const NORMAL: &[KeyboardShortcut] = &[command(Key::Num0)];
        const LEARN: &[KeyboardShortcut] = &[command(Key::Num1)];
        const DEBUG: &[KeyboardShortcut] = &[command(Key::Num2)];
        const HOSTS: &[KeyboardShortcut] = &[command(Key::Num3)];
        const SPEED: &[KeyboardShortcut] = &[command(Key::Num4)];
        const OWN: &[KeyboardShortcut] = &[command(Key::Num5)];
        match self {
            Action::Arrange(Arrangement::Learn) => LEARN,
            Action::Arrange(Arrangement::Debug) => DEBUG,
            Action::Arrange(Arrangement::Hosts) => HOSTS,
            Action::Arrange(Arrangement::Speed) => SPEED,
            Action::Arrange(Arrangement::Own) => OWN,
            Action::Open => OPEN,
            Action::SaveRun => SAVE,
            Action::Restart => RESTART,
            Action::Continue => CONTINUE,
            Action::Pause => PAUSE,
            Action::ContinueOrPause => EITHER,
            Action::StepOver => OVER,
            Action::StepInto => INTO,
            Action::StepOut => OUT,
            Action::StepBack => BACK_INTO,
            Action::StepBackOver => BACK_OVER,
            Action::RunBack => RUN_BACK,
            Action::Stop => STOP,
            Action::RunToCursor => TO_CURSOR,
            Action::ToggleBreakpoint => BREAKPOINT,
            Action::Palette => PALETTE,
            Action::Help => HELP,
            Action::FindInCode => FIND,
            Action::Undo => UNDO,
            Action::Redo => REDO,
            Action::Back => BACK,
            Action::Forward => FORWARD,
            Action::ZoomIn => IN,
            Action::ZoomOut => SMALLER,
            Action::ZoomReset => NORMAL,
            Action::OpenPath
            | Action::StepMany
            | Action::StepBackOut
            | Action::GoToBegin
            | Action::GoToPresent
            | Action::NextTurn
            | Action::WatchBytes
            | Action::ShowPc
            | Action::ResetLayout
            | Action::ReduceMotion
            | Action::AddMemoryView
            | Action::ReadStructure
            | Action::NextShape
            | Action::CollectGarbage
            | Action::CopyBacktrace
            | Action::CopyState
            | Action::TimeOut => &[],
        }
    }

    /// Whether its keys mean something in a field for text, which has them then.
    fn is_of_texts(self) -> bool {
        matches!(self, Action::Undo | Action::Redo | Action::Back | Action::Forward)
    }

    /// Its keys in words; empty if it has none.
    pub(in crate::ui) fn keys_text(self, ctx: &egui::Context) -> String {
        let keys: Vec<String> = self.keys().iter().map(|key| ctx.format_shortcut(key)).collect();
        keys.join(" or ")
    }

    /// Why it cannot be done at present.
    pub(in crate::ui) fn obstacle(self, session: &Session) -> Option<&'static str> {
        let running = *session.run_state() == RunState::Running;
        let standing = session.is_unfinished() && !running;
        let waits = session.pending_call().is_some();
        match self {
            Action::OpenPath if cfg!(target_arch = "wasm32") => Some("a page sees no paths"),
            Action::SaveRun if session.past().is_none() => Some("nothing has been started"),
            Action::SaveRun if running => Some("it runs"),
            Action::Restart if session.invocation().is_none() => Some("nothing has been started"),
            Action::Stop if session.task().is_none() => Some("nothing runs"),
            Action::Pause if !running => Some("nothing runs"),
            Action::StepBack
            | Action::StepBackOver
            | Action::StepBackOut
            | Action::RunBack
            | Action::GoToBegin => match session.can_go_back() {
                true => None,
                false if running => Some("it runs"),
                false => Some("nothing has been executed before this"),
            },
            Action::GoToPresent if !session.is_past() => Some("this is the present"),
            Action::NextTurn if session.is_past() => Some("this is the past"),
            Action::Continue
            | Action::ContinueOrPause
            | Action::StepOver
            | Action::StepInto
            | Action::StepOut
            | Action::StepMany
            | Action::RunToCursor
                if session.is_past() && !running =>
            {
                None
            }
            Action::ContinueOrPause if running => None,
            // Whatever the selected task waits for.
            Action::Continue | Action::ContinueOrPause | Action::NextTurn | Action::RunToCursor
                if session.others_can_run() && !running =>
            {
                None
            }
            Action::Continue
            | Action::ContinueOrPause
            | Action::StepOver
            | Action::StepInto
            | Action::StepOut
            | Action::StepMany
            | Action::NextTurn
            | Action::RunToCursor => match () {
                () if running => Some("it runs already"),
                () if waits => Some("a host call waits for an answer"),
                () if session.atomic_wait().is_some() => Some("it waits for a notification"),
                () if begins(self, session).is_some() => None,
                () if !standing && session.unfinished_tasks() > 0 => {
                    Some("this task is over; select another one in Tasks")
                }
                () if !standing => Some("start an export first"),
                () => None,
            },
            Action::ToggleBreakpoint if session.code_focus().is_none() => {
                Some("no instruction is looked at")
            }
            Action::WatchBytes if selected_bytes(session).is_none() => {
                Some("no bytes are looked at")
            }
            Action::CopyBacktrace | Action::CopyState if session.task().is_none() => {
                Some("nothing runs")
            }
            Action::FindInCode if session.modules().is_empty() => Some("no module is open"),
            Action::Undo | Action::Redo if running => Some("it runs"),
            Action::Undo if !session.has_edits() => Some("nothing has been changed by hand"),
            Action::Redo if !session.has_undone() => Some("nothing has been taken back"),
            Action::ShowPc if !standing => Some("nothing stands at an instruction"),
            Action::TimeOut if session.atomic_wait().is_none() => Some("nothing waits"),
            Action::CollectGarbage if running => Some("it runs"),
            Action::CollectGarbage if session.store().is_none() => Some("there is no heap yet"),
            Action::AddMemoryView | Action::ReadStructure if session.memories().is_empty() => {
                Some("there is no memory")
            }
            _ => None,
        }
    }

    /// What it does; nothing if it cannot be done.
    pub(in crate::ui) fn effect(self, session: &Session) -> Option<Effect> {
        if self.obstacle(session).is_some() {
            return None;
        }
        let cursor = session.code_focus();
        let command = match self {
            Action::CopyBacktrace => return Some(Effect::Copy(session.backtrace_text())),
            Action::CopyState => return Some(Effect::Copy(session.state_text())),
            Action::Open => return Some(Effect::OpenDialog),
            Action::OpenPath => return Some(Effect::AskForPath),
            Action::ZoomIn => return Some(Effect::Zoom(1.1)),
            Action::ZoomOut => return Some(Effect::Zoom(1.0 / 1.1)),
            Action::ZoomReset => return Some(Effect::Zoom(0.0)),
            Action::Palette
            | Action::Help
            | Action::SaveRun
            | Action::ReduceMotion
            | Action::StepMany
            | Action::Back
            | Action::Forward
            | Action::ReadStructure => {
                return None;
            }
            Action::Continue | Action::ContinueOrPause | Action::StepInto
                if begins(self, session).is_some() =>
            {
                let start = begins(self, session)?;
                match self {
                    Action::StepInto => start,
                    _ => return Some(Effect::Commands(vec![start, Command::Continue])),
                }
            }
            Action::Restart => Command::Restart,
            Action::ContinueOrPause if *session.run_state() == RunState::Running => Command::Pause,
            Action::Continue | Action::ContinueOrPause => Command::Continue,
            Action::Pause => Command::Pause,
            Action::StepOver => Command::StepOver,
            Action::StepInto => Command::StepInto,
            Action::StepOut => Command::StepOut,
            Action::StepBack => Command::StepBack,
            Action::StepBackOver => Command::StepBackOver,
            Action::StepBackOut => Command::StepBackOut,
            Action::RunBack => Command::RunBack,
            Action::GoToBegin => Command::GoToBegin,
            Action::GoToPresent => Command::GoToPresent,
            Action::NextTurn => Command::NextTurn,
            Action::Stop => Command::Stop,
            Action::RunToCursor => {
                let focus = cursor?;
                Command::RunTo { module: focus.module, offset: focus.offset.0 }
            }
            Action::ToggleBreakpoint => {
                let focus = cursor?;
                Command::ToggleBreakpoint { module: focus.module, offset: focus.offset.0 }
            }
            Action::WatchBytes => {
                let (target, when) = (selected_bytes(session)?, WatchWhen::Changed);
                Command::SetWatchpoint { target, when }
            }
            Action::ShowPc => Command::ShowPc,
            Action::FindInCode => Command::AskWhatToFind,
            Action::Undo => Command::Undo,
            Action::Redo => Command::Redo,
            Action::ResetLayout => Command::ResetLayout,
            Action::Arrange(arrangement) => Command::Arrange(arrangement),
            Action::AddMemoryView => Command::AddMemoryView,
            Action::NextShape => Command::ShowVectors(session.vector_shape().next()),
            Action::CollectGarbage => Command::CollectGarbage,
            Action::TimeOut => Command::TimeOut,
        };
        Some(Effect::Command(command))
    }
}

/// What is selected in the first memory view.
fn selected_bytes(session: &Session) -> Option<WatchTarget> {
    let view = session.memory_views().first()?;
    session.bytes_to_watch(view.memory, view.cursor, view.selected)
}

/// What run and step begin with where nothing runs: the same once more after a run is over, and what is most
/// likely meant before anything has been started. Run goes on from there.
fn begins(action: Action, session: &Session) -> Option<Command> {
    let over = match session.run_state() {
        RunState::Idle => true,
        RunState::Stopped(reason) => {
            matches!(reason, StopReason::Done(_) | StopReason::Trap(_) | StopReason::Exit(_))
        }
        RunState::Running => false,
    };
    let begin = matches!(action, Action::Continue | Action::ContinueOrPause | Action::StepInto);
    if !begin || !over || session.unfinished_tasks() > 0 {
        return None;
    }
    if session.invocation().is_some() {
        return Some(Command::Restart);
    }
    if *session.run_state() != RunState::Idle {
        return None;
    }
    if let Some((module, export, args)) = session.started_last() {
        return Some(Command::Start { module, export, args });
    }
    let (module, export) = session.proposed_start()?;
    Some(Command::Start { module, export: export.to_owned(), args: Vec::new() })
}

/// Actions whose keys were pressed. While a text is typed, only function keys and those with Ctrl.
pub(in crate::ui) fn pressed(session: &Session, ui: &Ui) -> Vec<Action> {
    let mut found = Vec::new();
    let writing = ui.ctx().text_edit_focused();
    for action in ALL.into_iter().filter(|action| !(writing && action.is_of_texts())) {
        for key in action.keys() {
            if ui.input_mut(|input| input.consume_shortcut(key)) {
                found.push(action);
            }
        }
    }
    let typing = ui.ctx().egui_wants_keyboard_input();
    if !typing && ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, Key::Questionmark)) {
        found.push(Action::Help);
    }
    found.retain(|action| action.obstacle(session).is_none());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_takes_the_keys_of_another() {
        for action in ALL {
            for key in action.keys() {
                let takes = |other: &Action| {
                    other.keys().iter().any(|known| {
                        known.logical_key == key.logical_key
                            && key.modifiers.matches_logically(known.modifiers)
                    })
                };
                assert_eq!(ALL.into_iter().find(takes), Some(action), "{key:?}");
            }
        }
    }
}
