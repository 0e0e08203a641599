//! Files of open modules that change on disk: told once they have been left alone for a moment, and opened anew
//! when the person says so, or always.
//!
//! A thread looks at them once a second, so that the window draws nothing for it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use egui::{Align2, Context, RichText};

use super::files::stem;
use super::rects;
use super::tokens::{self, Tokens};
use super::widgets;
use crate::session::{Command, ModuleKey, Session};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// What a file looked like.
type Look = Option<(SystemTime, u64)>;

fn look(path: &Path) -> Look {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}

/// A file that is looked at.
struct Watched {
    path: PathBuf,
    /// When it was opened or told of last, and at the last look.
    known: Look,
    last: Look,
}

impl Watched {
    /// One more look; true if it has changed and is left alone since.
    fn has_changed(&mut self) -> bool {
        let now = look(&self.path);
        let settled = now == self.last;
        self.last = now;
        // One that is being replaced is not there for a moment.
        let changed = settled && now.is_some() && now != self.known;
        if changed {
            self.known = now;
        }
        changed
    }
}

type Shared = Arc<Mutex<Vec<Watched>>>;

/// The files, and those that have changed.
pub(super) struct Watch {
    files: Shared,
    sender: Sender<PathBuf>,
    receiver: Receiver<PathBuf>,
    is_started: bool,
    changed: Vec<PathBuf>,
    /// Whether files are opened anew without a question.
    pub(super) always: bool,
}

impl Default for Watch {
    fn default() -> Self {
        let (sender, receiver) = channel();
        let (files, changed) = (Shared::default(), Vec::new());
        Self { files, sender, receiver, is_started: false, changed, always: false }
    }
}

impl Watch {
    /// Looks at a file from now on, which has just been read.
    pub(super) fn add(&mut self, path: &Path, ctx: &Context) {
        let known = look(path);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|file| file.path != path);
        files.push(Watched { path: path.to_owned(), known, last: known });
        self.changed.retain(|changed| changed != path);
        drop(files);
        if !std::mem::replace(&mut self.is_started, true) {
            let (files, sender, ctx) = (self.files.clone(), self.sender.clone(), ctx.clone());
            std::thread::spawn(move || watch(&files, &sender, &ctx));
        }
    }

    /// Takes up what has changed; draws the question, and answers with what is to be done.
    pub(super) fn show(&mut self, session: &Session, ctx: &Context) -> Vec<Command> {
        for path in self.receiver.try_iter() {
            if !self.changed.contains(&path) {
                self.changed.push(path);
            }
        }
        self.changed.retain(|path| module_of(session, path).is_some());
        if self.changed.is_empty() {
            return Vec::new();
        }
        let mut answer = self.always.then_some(true);
        if answer.is_none() {
            let area = egui::Area::new(egui::Id::unique("stepwell-changed"));
            let area = area.anchor(Align2::RIGHT_TOP, [-tokens::GROUP, tokens::ROW * 2.5]);
            area.order(egui::Order::Foreground).show(ctx, |ui| {
                let tokens = Tokens::of(ui);
                let frame = egui::Frame::new().fill(tokens.raised).corner_radius(4);
                let stroke = egui::Stroke::new(1.0, tokens.text);
                frame.stroke(stroke).inner_margin(tokens::GROUP).show(ui, |ui| {
                    let names: Vec<String> =
                        self.changed.iter().map(|path| widgets::safe(&name(path))).collect();
                    let text = format!("{} changed on disk.", names.join(", "));
                    ui.set_max_width(tokens::TOOLTIP);
                    ui.add(egui::Label::new(RichText::new(text)).wrap());
                    ui.horizontal(|ui| {
                        let reload = ui.button("Reload");
                        rects::note(&reload, || "changed.reload".to_owned());
                        let always = ui.button("Always").on_hover_text("Reload without a question");
                        if reload.clicked() || always.clicked() {
                            self.always |= always.clicked();
                            answer = Some(true);
                        }
                        if ui.button("Not now").clicked() {
                            answer = Some(false);
                        }
                    });
                });
            });
        }
        let Some(reload) = answer else { return Vec::new() };
        let changed = std::mem::take(&mut self.changed);
        let reloads = changed.iter().filter(|_| reload).filter_map(|path| {
            let bytes = std::fs::read(path).ok()?;
            Some(Command::Reload { module: module_of(session, path)?, bytes })
        });
        reloads.collect()
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The open module that a file has been opened as.
fn module_of(session: &Session, path: &Path) -> Option<ModuleKey> {
    let stem = stem(&name(path));
    session.modules().iter().find(|open| open.name == stem).map(|open| open.key)
}

fn watch(files: &Shared, sender: &Sender<PathBuf>, ctx: &Context) {
    loop {
        std::thread::sleep(PAUSE);
        let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
        let changed =
            files.iter_mut().filter_map(|file| file.has_changed().then(|| file.path.clone()));
        let changed: Vec<PathBuf> = changed.collect();
        drop(files);
        for path in changed {
            if sender.send(path).is_err() {
                // The window is gone.
                return;
            }
            ctx.request_repaint();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn a_file_has_changed_once_it_is_left_alone() {
        let path = std::env::temp_dir().join(format!("stepwell-watch-{}.wat", std::process::id()));
        std::fs::write(&path, "(module)").unwrap();
        let known = look(&path);
        let mut file = Watched { path: path.clone(), known, last: known };
        assert!(!file.has_changed());
        std::fs::write(&path, "(module (func))").unwrap();
        assert!(!file.has_changed(), "it may still be written");
        assert!(file.has_changed());
        assert!(!file.has_changed(), "told once");
        std::fs::remove_file(&path).unwrap();
        assert!(!file.has_changed() && !file.has_changed(), "one that is gone is not read");
        std::fs::write(&path, "(module)").unwrap();
        assert!(!file.has_changed());
        assert!(file.has_changed(), "it is there again, and another one");
        std::fs::remove_file(&path).unwrap();
    }
}
