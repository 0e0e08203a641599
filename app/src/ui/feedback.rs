//! What a command's refusal says beside the field it came from.

use egui::{Context, Id, Ui};

use super::tokens::Tokens;
use crate::session::{Command, SessionError};

/// The last command that was refused for one of its texts.
#[derive(Clone, PartialEq, Debug)]
struct Refusal {
    command: Command,
    field: usize,
    message: String,
}

fn key() -> Id {
    Id::unique("stepwell-refusal")
}

/// Remembers a refusal until the next command.
pub(crate) fn note(ctx: &Context, command: &Command, result: &Result<(), SessionError>) {
    let refusal = match result {
        Err(SessionError::Input { field, message }) => {
            let (command, message) = (command.clone(), message.clone());
            Some(Refusal { command, field: *field, message })
        }
        _ => None,
    };
    ctx.data_mut(|data| data.insert_temp(key(), refusal));
}

/// Why the last command that `of` recognises was refused: the field's position and a message.
pub fn refusal(ui: &Ui, of: impl Fn(&Command) -> bool) -> Option<(usize, String)> {
    let refusal = ui.data(|data| data.get_temp::<Option<Refusal>>(key())).flatten()?;
    of(&refusal.command).then_some((refusal.field, refusal.message))
}

/// Shows why the last command that `of` recognises was refused, if it was.
pub fn show(ui: &mut Ui, of: impl Fn(&Command) -> bool) {
    if let Some((_, message)) = refusal(ui, of) {
        let tokens = Tokens::of(ui);
        ui.colored_label(tokens.error, format!("⚠ {message}"));
    }
}
