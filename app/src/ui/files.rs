//! Files that are opened: dialog, drag and drop, what was used recently, progress.
//!
//! A file arrives as bytes through a channel, whoever fetched it; large ones are announced on the
//! screen for a frame before the window loads them.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use egui::{Align2, Context};

use super::tokens::{self, Tokens};
use crate::session::Command;

/// Entries remembered.
const RECENT: usize = 10;
/// Without a path the contents are remembered, up to this size.
const SMALL: usize = 24 * 1024;
/// Above this size a file is announced before it is loaded.
const SLOW: usize = 512 * 1024;

/// A file that was opened.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Recent {
    /// The file's name.
    pub(super) name: String,
    /// Where it is, on a desktop.
    pub(super) path: Option<PathBuf>,
    /// Its contents, in a browser, if they are small.
    contents: Option<Vec<u8>>,
}

/// A file that has been fetched, or why it could not be.
struct Arrived {
    name: String,
    path: Option<PathBuf>,
    bytes: Result<Vec<u8>, String>,
}

/// What goes on with files.
pub(super) struct Files {
    sender: Sender<Arrived>,
    receiver: Receiver<Arrived>,
    waiting: VecDeque<Arrived>,
    /// The first of `waiting` has been announced.
    announced: bool,
    recent: Vec<Recent>,
    dialog_title: &'static str,
}

impl Default for Files {
    fn default() -> Self {
        let (sender, receiver) = channel();
        Self {
            sender,
            receiver,
            waiting: VecDeque::new(),
            announced: false,
            recent: Vec::new(),
            dialog_title: "Open WebAssembly modules",
        }
    }
}

/// What came of a file.
pub(super) enum Opened {
    /// To be opened under its stem.
    Open(Command),
    /// Told to the person.
    Failed(String),
}

/// The link name of a file: its name without the ending.
fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if stem.is_empty() { file.to_owned() } else { stem.to_owned() }
}

impl Files {
    /// Shows the system's dialog; what is chosen arrives later.
    pub(super) fn dialog(&self, ctx: &Context) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title(self.dialog_title)
            .add_filter("WebAssembly", &["wasm", "wat"])
            .add_filter("All files", &["*"])
            .pick_files();
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        spawn(async move {
            for file in dialog.await.unwrap_or_default() {
                let bytes = Ok(file.read().await);
                let arrived = Arrived { name: file.file_name(), path: path_of(&file), bytes };
                // The window may be gone by now.
                let _ = sender.send(arrived);
            }
            ctx.request_repaint();
        });
    }

    /// Opens a file of the system.
    pub(super) fn read(&self, path: PathBuf) {
        let name = name_of(&path);
        let bytes = std::fs::read(&path).map_err(|error| error.to_string());
        let _ = self.sender.send(Arrived { name, path: Some(path), bytes });
    }

    /// Takes bytes under a file name.
    pub(super) fn take(&self, name: String, bytes: Vec<u8>) {
        let _ = self.sender.send(Arrived { name, path: None, bytes: Ok(bytes) });
    }

    /// Opens one of the files used recently.
    pub(super) fn open_recent(&self, position: usize) {
        let Some(entry) = self.recent.get(position) else { return };
        match (&entry.path, &entry.contents) {
            (Some(path), _) => self.read(path.clone()),
            (None, Some(bytes)) => self.take(entry.name.clone(), bytes.clone()),
            (None, None) => {}
        }
    }

    /// Files that were dropped on the window.
    pub(super) fn dropped(&self, ctx: &Context) {
        for file in ctx.input(|input| input.raw.dropped_files.clone()) {
            self.fetch_dropped(file, ctx);
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn fetch_dropped(&self, file: egui::DroppedFileHandle, _ctx: &Context) {
        let path = file.path().to_path_buf();
        let _ = self.sender.send(Arrived {
            name: name_of(&path),
            path: Some(path),
            bytes: file.bytes(),
        });
    }

    #[cfg(target_arch = "wasm32")]
    fn fetch_dropped(&self, file: egui::DroppedFileHandle, ctx: &Context) {
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        spawn(async move {
            let bytes = file.bytes_async().await;
            let _ = sender.send(Arrived { name: name_of(file.path()), path: None, bytes });
            ctx.request_repaint();
        });
    }

    /// The next file that is there to be opened. A large one is announced first: call again after
    /// the next frame.
    pub(super) fn next(&mut self, ctx: &Context) -> Option<Opened> {
        self.waiting.extend(self.receiver.try_iter());
        let first = self.waiting.front()?;
        let slow = first.bytes.as_ref().is_ok_and(|bytes| bytes.len() > SLOW);
        if slow && !self.announced {
            self.announced = true;
            ctx.request_repaint();
            return None;
        }
        self.announced = false;
        let Arrived { name, path, bytes } = self.waiting.pop_front()?;
        if !self.waiting.is_empty() {
            ctx.request_repaint();
        }
        match bytes {
            Ok(bytes) => {
                self.remember(&name, path, &bytes);
                Some(Opened::Open(Command::Open { name: stem(&name), bytes }))
            }
            Err(problem) => {
                self.recent.retain(|entry| entry.path != path);
                Some(Opened::Failed(format!("{name}: {problem}")))
            }
        }
    }

    fn remember(&mut self, name: &str, path: Option<PathBuf>, bytes: &[u8]) {
        let contents = (path.is_none() && bytes.len() <= SMALL).then(|| bytes.to_vec());
        if path.is_none() && contents.is_none() {
            return;
        }
        self.recent.retain(|entry| entry.path != path || entry.name != name);
        self.recent.insert(0, Recent { name: name.to_owned(), path, contents });
        self.recent.truncate(RECENT);
    }

    /// Files used recently, the last one first.
    pub(super) fn recent(&self) -> &[Recent] {
        &self.recent
    }

    /// Sets what was used recently, in an earlier run.
    pub(super) fn set_recent(&mut self, recent: Vec<Recent>) {
        self.recent = recent;
        self.recent.truncate(RECENT);
    }

    /// The file that is about to be loaded.
    pub(super) fn opening(&self) -> Option<&str> {
        self.waiting.front().map(|arrived| arrived.name.as_str())
    }

    /// What lies over the window while files hover above it, or a large one is loaded.
    pub(super) fn overlay(&self, ctx: &Context) {
        let hovering = ctx.input(|input| input.raw.hovered_files.len());
        let text = match (hovering, self.waiting.front()) {
            (0, Some(arrived)) if self.announced => {
                let size = arrived.bytes.as_ref().map_or(0, Vec::len) as u64;
                format!("Opening {} ({}) …", arrived.name, super::widgets::size(size))
            }
            (0, _) => return,
            (1, _) => "Drop it to open it".to_owned(),
            (count, _) => format!("Drop {count} files to open and link them"),
        };
        let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("stepwell-drop"));
        let painter = ctx.layer_painter(layer);
        let screen = ctx.content_rect();
        let dark = ctx.global_style().visuals.dark_mode;
        let tokens: &Tokens = if dark { &tokens::DARK } else { &tokens::LIGHT };
        painter.rect_filled(screen, 0.0, tokens.background.gamma_multiply(0.85));
        let font = egui::FontId::proportional(tokens::LARGE);
        painter.text(screen.center(), Align2::CENTER_CENTER, text, font, tokens.accent);
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(not(target_arch = "wasm32"))]
fn path_of(file: &rfd::FileHandle) -> Option<PathBuf> {
    Some(file.path().to_path_buf())
}

#[cfg(target_arch = "wasm32")]
fn path_of(_file: &rfd::FileHandle) -> Option<PathBuf> {
    None
}

#[cfg(not(target_arch = "wasm32"))]
fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    std::thread::spawn(move || pollster::block_on(future));
}

#[cfg(target_arch = "wasm32")]
fn spawn(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_without_a_path_are_remembered_with_their_contents() {
        let mut files = Files::default();
        let ctx = Context::default();
        files.take("a.wat".to_owned(), b"(module)".to_vec());
        files.take("big.wasm".to_owned(), vec![0; SMALL + 1]);
        assert!(
            matches!(files.next(&ctx), Some(Opened::Open(Command::Open { name, .. })) if name == "a")
        );
        assert!(files.next(&ctx).is_some());
        assert!(files.next(&ctx).is_none());
        assert_eq!(files.recent().len(), 1);
        files.open_recent(0);
        assert!(files.next(&ctx).is_some());
        assert_eq!(files.recent().len(), 1);
    }

    #[test]
    fn a_large_file_is_announced_for_a_frame() {
        let mut files = Files::default();
        let ctx = Context::default();
        files.take("large.wasm".to_owned(), vec![0; SLOW + 1]);
        assert!(files.next(&ctx).is_none());
        assert_eq!(files.opening(), Some("large.wasm"));
        assert!(files.next(&ctx).is_some());
        assert_eq!(files.opening(), None);
    }

    #[test]
    fn a_file_that_is_missing_is_told_and_forgotten() {
        let mut files = Files::default();
        let ctx = Context::default();
        files.read(PathBuf::from("/nowhere/at/all.wasm"));
        let Some(Opened::Failed(message)) = files.next(&ctx) else { panic!() };
        assert!(message.starts_with("all.wasm: "));
        assert_eq!(stem("C:\\x\\main.opt.wasm"), "main.opt");
        assert_eq!(stem(".wat"), ".wat");
    }
}
