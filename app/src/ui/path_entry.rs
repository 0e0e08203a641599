//! Where a file is typed by its path: on a system that shows no dialog for files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Align2, Context, Key, RichText, TextEdit};

use super::files::Target;
use super::tokens::{self, Tokens};

/// Entries of a folder that are offered.
const OFFERED: usize = 8;

/// What the path is for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Wanted {
    /// A file to be read.
    Open(Target),
    /// Bytes are written there.
    Save(String, Arc<[u8]>),
}

/// A path being typed.
#[derive(Debug)]
pub(super) struct PathEntry {
    wanted: Wanted,
    text: String,
    error: Option<String>,
    /// Whether the system was to show a dialog, and has not.
    no_dialog: bool,
    /// Whether it has had the focus.
    is_shown: bool,
    /// What there is to complete it with, and for which text.
    offered: Vec<String>,
    offered_for: Option<String>,
}

/// What has been done.
#[derive(Debug, PartialEq)]
pub(super) enum Done {
    Nothing,
    Closed,
    Open(PathBuf, Target),
    /// Written.
    Saved(String),
}

impl PathEntry {
    pub(super) fn new(wanted: Wanted) -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        let mut text = folder.display().to_string();
        text.push(std::path::MAIN_SEPARATOR);
        if let Wanted::Save(name, _) = &wanted {
            text.push_str(name);
        }
        let (error, offered) = (None, Vec::new());
        Self { wanted, text, error, no_dialog: false, is_shown: false, offered, offered_for: None }
    }

    /// The same, where the system has shown no dialog.
    pub(super) fn without_dialog(wanted: Wanted) -> Self {
        Self { no_dialog: true, ..Self::new(wanted) }
    }

    /// Draws it.
    pub(super) fn show(&mut self, ctx: &Context) -> Done {
        if self.offered_for.as_ref() != Some(&self.text) {
            self.offered = completions(&self.text);
            self.offered_for = Some(self.text.clone());
        }
        let (title, verb) = match self.wanted {
            Wanted::Open(_) => ("Open a file by its path", "Open"),
            Wanted::Save(..) => ("Save a copy as", "Save"),
        };
        let mut done = Done::Nothing;
        let window = egui::Window::new(title).collapsible(false).resizable(false);
        window.anchor(Align2::CENTER_TOP, [0.0, 80.0]).show(ctx, |ui| {
            let tokens = Tokens::of(ui);
            ui.set_width(tokens::TOOLTIP * 1.4);
            if self.no_dialog {
                let text = "This system shows no dialog for files.";
                ui.label(RichText::new(text).color(tokens.weak));
            }
            let edit = TextEdit::singleline(&mut self.text).font(tokens::mono_small());
            let mut output = edit.desired_width(f32::INFINITY).show(ui);
            let field = output.response.response.clone().accessible_name("path of the file");
            if !std::mem::replace(&mut self.is_shown, true) {
                field.request_focus();
                let end = egui::text::CCursor::new(self.text.chars().count());
                output.state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
                output.state.store(ui.ctx(), field.id);
            }
            if field.changed() {
                self.error = None;
            }
            let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            let mut chosen = None;
            for entry in &self.offered {
                let line = RichText::new(super::widgets::safe(entry)).font(tokens::mono_small());
                if ui.selectable_label(false, line).clicked() {
                    chosen = Some(entry.clone());
                }
            }
            if let Some(chosen) = chosen {
                self.text = completed(&self.text, &chosen);
                self.error = None;
                field.request_focus();
            }
            if let Some(error) = &self.error {
                ui.colored_label(tokens.error, format!("⚠ {error}"));
            }
            ui.horizontal(|ui| {
                let button = ui.button(verb).accessible_name(format!("{verb} this path"));
                if button.clicked() || enter {
                    done = self.finish();
                    if done == Done::Nothing {
                        field.request_focus();
                    }
                }
                if ui.button("Cancel").clicked() || ui.input(|input| input.key_pressed(Key::Escape))
                {
                    done = Done::Closed;
                }
            });
        });
        done
    }

    fn finish(&mut self) -> Done {
        let path = expanded(self.text.trim());
        let result = match &self.wanted {
            Wanted::Open(target) => match std::fs::metadata(&path) {
                Ok(file) if file.is_dir() => Err("this is a folder".to_owned()),
                Ok(_) => Ok(Done::Open(path, target.clone())),
                Err(error) => Err(error.to_string()),
            },
            Wanted::Save(name, bytes) => match std::fs::write(&path, bytes) {
                Ok(()) => Ok(Done::Saved(name.clone())),
                Err(error) => Err(error.to_string()),
            },
        };
        result.unwrap_or_else(|error| {
            self.error = Some(error);
            Done::Nothing
        })
    }
}

/// A path with `~` for the person's own folder.
fn expanded(text: &str) -> PathBuf {
    let home = text.strip_prefix("~/").and_then(|rest| Some((std::env::home_dir()?, rest)));
    match home {
        Some((home, rest)) => home.join(rest),
        None => PathBuf::from(text),
    }
}

/// The folder of a path being typed, and the beginning of the name in it.
fn parts(text: &str) -> (&str, &str) {
    let at = text.rfind(['/', std::path::MAIN_SEPARATOR]).map_or(0, |at| at + 1);
    text.split_at(at)
}

/// Names in the folder that begin as typed; folders end with a slash.
fn completions(text: &str) -> Vec<String> {
    let (folder, begun) = parts(text);
    let folder = expanded(if folder.is_empty() { "." } else { folder });
    let Ok(entries) = std::fs::read_dir(Path::new(&folder)) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let mut name = entry.file_name().into_string().ok()?;
            let is_wanted =
                name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
            if entry.path().is_dir() {
                name.push('/');
            }
            is_wanted.then_some(name)
        })
        .collect();
    // Modules first, then folders, then whatever else there is.
    let rank = |name: &String| match name {
        name if name.ends_with(".wasm") || name.ends_with(".wat") => 0,
        name if name.ends_with('/') => 1,
        _ => 2,
    };
    names.sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| one.cmp(other)));
    names.truncate(OFFERED);
    if names.len() == 1 && names.first().is_some_and(|name| name == begun) {
        names.clear();
    }
    names
}

/// The text with a name from the folder in place of what has been typed of it.
fn completed(text: &str, name: &str) -> String {
    format!("{}{name}", parts(text).0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn names_are_completed_from_the_folder() {
        let folder = std::env::temp_dir().join(format!("stepwell-paths-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        for name in ["b.wasm", "a.txt", "ab.wat", ".hidden"] {
            std::fs::write(folder.join(name), "x").unwrap();
        }
        let text = |rest: &str| format!("{}/{rest}", folder.display());
        assert_eq!(completions(&text("")), ["ab.wat", "b.wasm", "sub/", "a.txt"]);
        assert_eq!(completions(&text("a")), ["ab.wat", "a.txt"]);
        assert_eq!(completions(&text(".h")), [".hidden"]);
        assert_eq!(completions(&text("b.wasm")), Vec::<String>::new());
        assert_eq!(completed(&text("s"), "sub/"), text("sub/"));

        let mut entry = PathEntry::new(Wanted::Open(Target::Module));
        entry.text = text("none");
        assert_eq!(entry.finish(), Done::Nothing);
        assert!(entry.error.is_some());
        entry.text = text("sub");
        assert_eq!(entry.finish(), Done::Nothing);
        assert_eq!(entry.error.as_deref(), Some("this is a folder"));
        entry.text = text("b.wasm");
        assert_eq!(entry.finish(), Done::Open(folder.join("b.wasm"), Target::Module));
        let mut entry = PathEntry::new(Wanted::Save("c".into(), Arc::from(*b"yes")));
        assert!(entry.text.ends_with("/c"));
        entry.text = text("c");
        assert_eq!(entry.finish(), Done::Saved("c".into()));
        assert_eq!(std::fs::read(folder.join("c")).unwrap(), b"yes");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
