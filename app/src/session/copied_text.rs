//! The call stack and the state of the machine as text, to be put into a message.

use std::fmt::Write as _;

use stepwell_engine::module::NameKind;
use stepwell_engine::observe::FrameView;
use stepwell_engine::text::{dotted, identifier};

use super::{Session, StackEntry};

/// Frames and globals that are written; of more the number is said.
const FRAMES: usize = 200;
const GLOBALS: usize = 500;

impl Session {
    /// The call stack, innermost first, a line for each frame; empty where nothing runs.
    pub fn backtrace_text(&self) -> String {
        let (frames, stack) = (self.frames(), self.call_stack());
        let mut text = String::new();
        for (position, entry) in stack.iter().take(FRAMES).enumerate() {
            match entry {
                StackEntry::Host { module, name } => {
                    let _ = writeln!(text, "{position:3}  host {}", dotted(module, name));
                }
                StackEntry::Frame(number) => {
                    if let Some(frame) = frames.get(*number) {
                        let _ = writeln!(text, "{position:3}  {}", self.frame_text(frame));
                    }
                }
            }
        }
        if stack.len() > FRAMES {
            let _ = writeln!(text, "     and {} frames more", stack.len() - FRAMES);
        }
        text
    }

    /// `module.function at 0x0041: i32.add`.
    fn frame_text(&self, frame: &FrameView<'_>) -> String {
        let label = self.frame_label(frame);
        let instruction = frame.instruction_name().unwrap_or_default();
        format!("{label} at 0x{:04x}: {instruction}", frame.offset().0)
    }

    /// The call stack, locals and operands of the selected frame, and the globals; empty where nothing runs.
    pub fn state_text(&self) -> String {
        let frames = self.frames();
        let Some(frame) = frames.get(self.selected_frame()) else { return String::new() };
        let mut text = format!("{} instructions executed\n\n", self.clock());
        text.push_str(&self.backtrace_text());
        let _ = writeln!(text, "\n{}", self.frame_text(frame));
        for (index, local) in frame.locals().iter().enumerate() {
            let name = local.name.as_deref().map_or_else(|| format!("local {index}"), identifier);
            let _ = writeln!(text, "  {name} = {}", self.value_text(&local.value));
        }
        for (height, operand) in frame.operands().iter().enumerate().rev() {
            let _ = writeln!(text, "  operand {height} = {}", self.value_text(operand));
        }
        let Some(store) = self.store() else { return text };
        let mut written = 0;
        for instance in store.instances() {
            let Some(open) = self.module_of_instance(instance) else { continue };
            let globals = store.instance(instance).map_or(&[][..], |instance| instance.globals());
            if !globals.is_empty() && written < GLOBALS {
                let _ = writeln!(text, "\nglobals of {}", open.name);
            }
            for (index, addr) in (0u32..).zip(globals).take(GLOBALS - written) {
                let Some((_, value)) = store.global(*addr) else { continue };
                let name = open.module.item_name(NameKind::Global, index);
                let name = name.map_or_else(|| format!("global {index}"), identifier);
                let _ = writeln!(text, "  {name} = {}", self.value_text(&value));
            }
            written = (written + globals.len()).min(GLOBALS);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::tests::{start, with};
    use super::super::{Command, Session};

    #[test]
    fn a_backtrace_and_the_state_are_lines_of_text() {
        let text = r#"(module
          (global $count (mut i64) (i64.const 12))
          (func $inner (param $x i32) (result i32) local.get $x i32.const 2 i32.add)
          (func (export "run") (result i32) i32.const 5 call $inner))"#;
        let mut session = with(&[("m", text)]);
        assert_eq!((session.backtrace_text(), session.state_text()), Default::default());
        start(&mut session, "m", "run", &[]);
        session.apply(Command::StepBy(4)).unwrap();
        let offsets = |session: &Session| -> Vec<u32> {
            session.frames().iter().map(|frame| frame.offset().0).collect()
        };
        let [inner, outer] = offsets(&session)[..] else { panic!() };
        let trace =
            format!("  0  m.inner at 0x{inner:04x}: i32.add\n  1  m.run at 0x{outer:04x}: call\n");
        assert_eq!(session.backtrace_text(), trace);
        let state = format!(
            "4 instructions executed\n\n{trace}\nm.inner at 0x{inner:04x}: i32.add\n  $x = i32:5\n  \
             operand 1 = i32:2\n  operand 0 = i32:5\n\nglobals of m\n  $count = i64:12\n"
        );
        assert_eq!(session.state_text(), state);
        session.apply(Command::SelectFrame(1)).unwrap();
        assert!(session.state_text().contains("\nm.run at"), "{}", session.state_text());
    }
}
