//! What a command's refusal says beside the field it came from.

use std::collections::BTreeMap;

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

/// Refusals of what stays in its field until it is mended, by what the field is about.
type Lasting = BTreeMap<String, Refusal>;

fn lasting_key() -> Id {
    Id::unique("stepwell-lasting-refusals")
}

/// What a command is about whose text stays in its field when it is refused.
fn lasting(command: &Command) -> Option<String> {
    match command {
        Command::SetCondition { module, offset, .. }
        | Command::ToggleBreakpoint { module, offset } => Some(format!("{} {offset}", module.0)),
        Command::SetMessage { module, offset, .. } => {
            Some(format!("message {} {offset}", module.0))
        }
        Command::BreakOnImport { module, name, .. } => Some(format!("{module:?} {name:?}")),
        Command::SetWatch { watch, .. } | Command::RemoveWatch(watch) => {
            Some(format!("watch {watch}"))
        }
        _ => None,
    }
}

/// Remembers a refusal until the next command; that of a condition until another one is taken in its place.
pub(crate) fn note(ctx: &Context, command: &Command, result: &Result<(), SessionError>) {
    let refusal = match result {
        Err(SessionError::Input { field, message }) => {
            let (command, message) = (command.clone(), message.clone());
            Some(Refusal { command, field: *field, message })
        }
        _ => None,
    };
    if let Some(about) = lasting(command) {
        ctx.data_mut(|data| {
            let all: &mut Lasting = data.get_temp_mut_or_default(lasting_key());
            match &refusal {
                Some(refusal) => drop(all.insert(about, refusal.clone())),
                None => drop(all.remove(&about)),
            }
        });
    }
    if *command == Command::ClearBreakpoints {
        ctx.data_mut(|data| data.remove_temp::<Lasting>(lasting_key()));
    }
    ctx.data_mut(|data| data.insert_temp(key(), refusal));
}

/// Why the last command that `of` recognises was refused: the field's position and a message.
pub fn refusal(ui: &Ui, of: impl Fn(&Command) -> bool) -> Option<(usize, String)> {
    let last = ui.data(|data| data.get_temp::<Option<Refusal>>(key())).flatten();
    if let Some(last) = last.filter(|last| of(&last.command)) {
        return Some((last.field, last.message));
    }
    let all: Lasting = ui.data(|data| data.get_temp(lasting_key()))?;
    let known = all.into_values().find(|known| of(&known.command))?;
    Some((known.field, known.message))
}

/// Shows why the last command that `of` recognises was refused, if it was.
pub fn show(ui: &mut Ui, of: impl Fn(&Command) -> bool) {
    if let Some((_, message)) = refusal(ui, of) {
        let tokens = Tokens::of(ui);
        ui.colored_label(tokens.error, format!("⚠ {message}"));
    }
}
