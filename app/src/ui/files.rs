//! Files that are opened: dialog, drag and drop, what was used recently, progress; and those that go
//! into the programs' folders or come out of them.
//!
//! A file is announced through a channel when it is asked for, and its bytes follow when they are there,
//! whoever fetches them. So files keep the order in which they were asked for, and large ones are read
//! while the window goes on.

#[cfg(not(target_arch = "wasm32"))]
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
#[cfg(not(target_arch = "wasm32"))]
use std::time::Duration;

use egui::{Align2, Context, Id, Rect};
#[cfg(not(target_arch = "wasm32"))]
use web_time::Instant;

#[cfg(not(target_arch = "wasm32"))]
use super::path_entry::{Done, PathEntry, Wanted};
use super::tokens::{self, Tokens};
use crate::session::Command;

/// Entries remembered.
const RECENT: usize = 10;
/// Without a path the contents are remembered, up to this size.
const SMALL: usize = 24 * 1024;
/// Nobody closes a dialog so soon: a system that answers so has shown none.
#[cfg(not(target_arch = "wasm32"))]
const AT_ONCE: Duration = Duration::from_millis(250);
/// Above this size a file is read while the window goes on.
const SLOW: u64 = 512 * 1024;

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

/// Where a file is to go.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Target {
    /// It is a module.
    Module,
    /// Into a folder of the programs, by its path.
    Folder(String),
    /// A module, if it looks like one, or else into the folder at the root.
    ByKind,
}

/// What a panel asks the window for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Request {
    /// Show the system's dialog for files that are to go into this folder of the programs.
    Add(String),
    /// Save bytes as a file of this name.
    Save(String, Arc<[u8]>),
}

fn requests() -> Id {
    Id::unique("stepwell-file-requests")
}

/// Asks for something, to be done at the end of the frame.
pub(super) fn request(ctx: &Context, request: Request) {
    ctx.data_mut(|data| {
        data.get_temp_mut_or_default::<Vec<Request>>(requests()).push(request);
    });
}

/// What has been asked for.
pub(super) fn take_requests(ctx: &Context) -> Vec<Request> {
    ctx.data_mut(|data| data.remove_temp(requests())).unwrap_or_default()
}

fn drop_area() -> Id {
    Id::unique("stepwell-drop-area")
}

/// Says that files dropped here are for the programs' folders, in this frame and the next.
pub(super) fn note_drop_area(ctx: &Context, area: Rect) {
    let frame = ctx.cumulative_frame_nr();
    ctx.data_mut(|data| data.insert_temp(drop_area(), (frame, area)));
}

/// Whether the pointer is where files are for the programs' folders.
fn is_above_folders(ctx: &Context) -> bool {
    let noted: Option<(u64, Rect)> = ctx.data(|data| data.get_temp(drop_area()));
    let pointer = ctx.input(|input| input.pointer.hover_pos());
    noted.zip(pointer).is_some_and(|((frame, area), pointer)| {
        frame + 1 >= ctx.cumulative_frame_nr() && area.contains(pointer)
    })
}

/// Whether a file is a module, by its name or its first bytes.
fn is_module(name: &str, bytes: &[u8]) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("wasm" | "wat" | "stepwell")) || bytes.starts_with(b"\0asm")
}

/// A file that has been asked for.
struct Asked {
    ticket: u64,
    name: String,
    target: Target,
    path: Option<PathBuf>,
    /// What is in it, or why that could not be read; `None` before either is known.
    bytes: Option<Result<Vec<u8>, String>>,
}

/// What happens to files.
enum Message {
    Asked(Asked),
    /// The bytes of the one with this ticket.
    Arrived(u64, Result<Vec<u8>, String>),
    /// The system has shown no dialog.
    #[cfg(not(target_arch = "wasm32"))]
    NoDialog(Wanted),
}

/// Where files are announced, and their bytes are sent to.
#[derive(Clone)]
struct Counter {
    sender: Sender<Message>,
    tickets: Arc<AtomicU64>,
}

impl Counter {
    /// Takes a file whose bytes are sent later, under the ticket.
    fn announce(&self, name: String, target: Target, path: Option<PathBuf>) -> u64 {
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        // The window may be gone by now; so everywhere.
        let asked = Asked { ticket, name, target, path, bytes: None };
        let _ = self.sender.send(Message::Asked(asked));
        ticket
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn no_dialog(&self, wanted: Wanted) {
        let _ = self.sender.send(Message::NoDialog(wanted));
    }

    fn send(&self, ticket: u64, bytes: Result<Vec<u8>, String>) {
        let _ = self.sender.send(Message::Arrived(ticket, bytes));
    }
}

/// What goes on with files.
pub(super) struct Files {
    counter: Counter,
    receiver: Receiver<Message>,
    /// In the order in which they were asked for.
    waiting: VecDeque<Asked>,
    recent: Vec<Recent>,
    dialog_title: &'static str,
    #[cfg(not(target_arch = "wasm32"))]
    path_entry: RefCell<Option<PathEntry>>,
}

impl Default for Files {
    fn default() -> Self {
        let (sender, receiver) = channel();
        Self {
            counter: Counter { sender, tickets: Arc::default() },
            receiver,
            waiting: VecDeque::new(),
            recent: Vec::new(),
            dialog_title: "Open WebAssembly modules",
            #[cfg(not(target_arch = "wasm32"))]
            path_entry: RefCell::default(),
        }
    }
}

/// What came of a file.
pub(super) enum Opened {
    /// To be opened under its stem; where it lies, on a desktop.
    Open(Command, Option<PathBuf>),
    /// To be put into a folder of the programs; then said.
    Put(Command, String),
    /// Told to the person.
    Failed(String),
}

/// The link name of a file: its name without the ending.
pub(super) fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if stem.is_empty() { file.to_owned() } else { stem.to_owned() }
}

impl Files {
    /// Shows the system's dialog; what is chosen arrives later.
    pub(super) fn dialog(&self, ctx: &Context) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title(self.dialog_title)
            .add_filter("WebAssembly", &["wasm", "wat", "stepwell"])
            .add_filter("All files", &["*"]);
        self.pick(dialog, Target::Module, ctx);
    }

    /// Does what a panel asks for.
    pub(super) fn take_request(&self, request: Request, ctx: &Context) {
        match request {
            Request::Add(folder) => {
                let dialog = rfd::AsyncFileDialog::new().set_title("Add files for programs");
                self.pick(dialog, Target::Folder(folder), ctx);
            }
            Request::Save(name, bytes) => self.save(name, bytes, ctx),
        }
    }

    fn pick(&self, dialog: rfd::AsyncFileDialog, target: Target, ctx: &Context) {
        let dialog = dialog.pick_files();
        let (counter, ctx) = (self.counter.clone(), ctx.clone());
        spawn(async move {
            #[cfg(not(target_arch = "wasm32"))]
            let begun = Instant::now();
            let chosen = dialog.await;
            #[cfg(not(target_arch = "wasm32"))]
            if chosen.is_none() && begun.elapsed() < AT_ONCE {
                counter.no_dialog(Wanted::Open(target.clone()));
            }
            let mut files = Vec::new();
            for file in chosen.unwrap_or_default() {
                let ticket = counter.announce(file.file_name(), target.clone(), path_of(&file));
                files.push((ticket, file));
            }
            for (ticket, file) in files {
                ctx.request_repaint();
                counter.send(ticket, contents(&file).await);
            }
            ctx.request_repaint();
        });
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn save(&self, name: String, bytes: Arc<[u8]>, ctx: &Context) {
        let dialog = rfd::AsyncFileDialog::new().set_title("Save a copy").set_file_name(&name);
        let dialog = dialog.save_file();
        let (counter, ctx) = (self.counter.clone(), ctx.clone());
        spawn(async move {
            let begun = Instant::now();
            let Some(file) = dialog.await else {
                if begun.elapsed() < AT_ONCE {
                    counter.no_dialog(Wanted::Save(name, bytes));
                    ctx.request_repaint();
                }
                return;
            };
            if let Err(error) = file.write(&bytes).await {
                let ticket = counter.announce(name, Target::ByKind, None);
                counter.send(ticket, Err(error.to_string()));
                ctx.request_repaint();
            }
        });
    }

    #[cfg(target_arch = "wasm32")]
    fn save(&self, name: String, bytes: Arc<[u8]>, ctx: &Context) {
        if let Err(problem) = super::download::start(&name, &bytes) {
            let ticket = self.counter.announce(name, Target::ByKind, None);
            self.counter.send(ticket, Err(problem));
            ctx.request_repaint();
        }
    }

    /// Opens a file of the system.
    pub(super) fn read(&self, path: PathBuf) {
        let from = path.clone();
        let read = move || std::fs::read(from).map_err(|error| error.to_string());
        self.fetch(path, Target::Module, read);
    }

    /// Takes a file of the system, whose bytes `read` has: on a thread of its own if it is large.
    fn fetch(
        &self,
        path: PathBuf,
        target: Target,
        read: impl FnOnce() -> Result<Vec<u8>, String> + Send + 'static,
    ) {
        let is_slow = std::fs::metadata(&path).is_ok_and(|file| file.len() > SLOW);
        let ticket = self.counter.announce(name_of(&path), target, Some(path));
        let counter = self.counter.clone();
        let fetch = move || counter.send(ticket, read());
        if is_slow {
            spawn(async move { fetch() });
        } else {
            fetch();
        }
    }

    /// Takes bytes under a file name.
    pub(super) fn take(&self, name: String, bytes: Vec<u8>) {
        let ticket = self.counter.announce(name, Target::Module, None);
        self.counter.send(ticket, Ok(bytes));
    }

    /// Draws the field for a path, where the system shows no dialog.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn show_path_entry(&self, ctx: &Context) {
        let mut shown = self.path_entry.borrow_mut();
        let Some(entry) = &mut *shown else { return };
        match entry.show(ctx) {
            Done::Nothing => return,
            Done::Open(path, target) => {
                let from = path.clone();
                self.fetch(path, target, move || {
                    std::fs::read(from).map_err(|error| error.to_string())
                });
            }
            Done::Closed | Done::Saved(_) => {}
        }
        *shown = None;
        ctx.request_repaint();
    }

    /// Asks for a path, as where the system shows no dialog.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn ask_for_path(&self) {
        *self.path_entry.borrow_mut() = Some(PathEntry::new(Wanted::Open(Target::Module)));
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
        let dropped = ctx.input(|input| input.raw.dropped_files.clone());
        if dropped.is_empty() {
            return;
        }
        let target = match is_above_folders(ctx) {
            true => Target::Folder(String::new()),
            false => Target::ByKind,
        };
        for file in dropped {
            self.fetch_dropped(file, target.clone(), ctx);
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn fetch_dropped(&self, file: egui::DroppedFileHandle, target: Target, _ctx: &Context) {
        self.fetch(file.path().to_path_buf(), target, move || file.bytes());
    }

    #[cfg(target_arch = "wasm32")]
    fn fetch_dropped(&self, file: egui::DroppedFileHandle, target: Target, ctx: &Context) {
        let ticket = self.counter.announce(name_of(file.path()), target, None);
        let (counter, ctx) = (self.counter.clone(), ctx.clone());
        spawn(async move {
            counter.send(ticket, file.bytes_async().await);
            ctx.request_repaint();
        });
    }

    /// The next file that is there to be opened. While one is being read, those behind it wait.
    pub(super) fn next(&mut self, ctx: &Context) -> Option<Opened> {
        for message in self.receiver.try_iter() {
            match message {
                Message::Asked(asked) => self.waiting.push_back(asked),
                #[cfg(not(target_arch = "wasm32"))]
                Message::NoDialog(wanted) => {
                    *self.path_entry.get_mut() = Some(PathEntry::without_dialog(wanted));
                }
                Message::Arrived(ticket, bytes) => {
                    let mut waiting = self.waiting.iter_mut();
                    if let Some(asked) = waiting.find(|asked| asked.ticket == ticket) {
                        asked.bytes = Some(bytes);
                    }
                }
            }
        }
        if !self.waiting.is_empty() {
            ctx.request_repaint();
        }
        let bytes = self.waiting.front_mut()?.bytes.take()?;
        let Asked { name, target, path, .. } = self.waiting.pop_front()?;
        let folder = match (target, &bytes) {
            (Target::Folder(folder), _) => Some(folder),
            (Target::ByKind, Ok(bytes)) if !is_module(&name, bytes) => Some(String::new()),
            (Target::ByKind | Target::Module, _) => None,
        };
        match bytes {
            Ok(bytes) if folder.is_some() => {
                let folder = folder.unwrap_or_default();
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                let said = super::widgets::safe(&path);
                let said = format!("{said} lies in the programs' folders now: see Files");
                Some(Opened::Put(Command::PutFile { path, bytes }, said))
            }
            Ok(bytes) => {
                self.remember(&name, path.clone(), &bytes);
                Some(Opened::Open(Command::Open { name: stem(&name), bytes }, path))
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

    /// Files that are being read, in their order.
    pub(super) fn reading(&self) -> impl Iterator<Item = &str> {
        self.waiting.iter().map(|asked| asked.name.as_str())
    }

    /// What lies over the window while files hover above it.
    pub(super) fn overlay(&self, ctx: &Context) {
        let text = match ctx.input(|input| input.raw.hovered_files.len()) {
            0 => return,
            1 if is_above_folders(ctx) => "Drop it to give it to programs".to_owned(),
            count if is_above_folders(ctx) => {
                format!("Drop {count} files to give them to programs")
            }
            1 => "Drop it to open it; what is no module goes to Files".to_owned(),
            count => format!("Drop {count} files to open and link them"),
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

// `FileHandle::read` of a desktop panics where the file cannot be read.
#[cfg(not(target_arch = "wasm32"))]
async fn contents(file: &rfd::FileHandle) -> Result<Vec<u8>, String> {
    std::fs::read(file.path()).map_err(|error| error.to_string())
}

#[cfg(target_arch = "wasm32")]
async fn contents(file: &rfd::FileHandle) -> Result<Vec<u8>, String> {
    Ok(file.read().await)
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
            matches!(files.next(&ctx), Some(Opened::Open(Command::Open { name, .. }, _)) if name == "a")
        );
        assert!(files.next(&ctx).is_some());
        assert!(files.next(&ctx).is_none());
        assert_eq!(files.recent().len(), 1);
        files.open_recent(0);
        assert!(files.next(&ctx).is_some());
        assert_eq!(files.recent().len(), 1);
    }

    #[test]
    fn what_is_dropped_is_a_module_or_goes_into_the_folders() {
        let mut files = Files::default();
        let ctx = Context::default();
        let mut drop = |name: &str, target, bytes: &[u8]| {
            let ticket = files.counter.announce(name.to_owned(), target, None);
            files.counter.send(ticket, Ok(bytes.to_vec()));
            match files.next(&ctx) {
                Some(Opened::Open(Command::Open { name, .. }, _)) => format!("open {name}"),
                Some(Opened::Put(Command::PutFile { path, .. }, _)) => format!("put {path}"),
                _ => "nothing".to_owned(),
            }
        };
        assert_eq!(drop("a.wat", Target::ByKind, b""), "open a");
        assert_eq!(drop("a.out", Target::ByKind, b"\0asm"), "open a");
        assert_eq!(drop("a.txt", Target::ByKind, b"text"), "put a.txt");
        assert_eq!(drop("a.wat", Target::Folder("x/y".to_owned()), b""), "put x/y/a.wat");
        assert_eq!(drop("a.txt", Target::Module, b""), "open a");
    }

    #[test]
    fn files_keep_their_order_whoever_is_read_first() {
        let mut files = Files::default();
        let ctx = Context::default();
        let slow = files.counter.announce("slow.wasm".to_owned(), Target::Module, None);
        files.take("quick.wat".to_owned(), b"(module)".to_vec());
        assert!(files.next(&ctx).is_none());
        assert_eq!(files.reading().collect::<Vec<_>>(), ["slow.wasm", "quick.wat"]);
        files.counter.send(slow, Ok(b"\0asm".to_vec()));
        let mut opened = Vec::new();
        while let Some(Opened::Open(Command::Open { name, .. }, _)) = files.next(&ctx) {
            opened.push(name);
        }
        assert_eq!(opened, ["slow", "quick"]);
        assert_eq!(files.reading().next(), None);
    }

    #[test]
    fn a_large_file_is_read_beside() {
        let path = std::env::temp_dir().join(format!("stepwell-large-{}", std::process::id()));
        std::fs::write(&path, vec![7; SLOW as usize + 1]).unwrap();
        let mut files = Files::default();
        let ctx = Context::default();
        files.read(path.clone());
        let opened = loop {
            match files.next(&ctx) {
                Some(opened) => break opened,
                None => std::thread::yield_now(),
            }
        };
        std::fs::remove_file(path).unwrap();
        let Opened::Open(Command::Open { bytes, .. }, _) = opened else { panic!() };
        assert_eq!(bytes.len() as u64, SLOW + 1);
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
