//! What programs are given from outside: arguments, environment, standard input, folders; and what they
//! leave there.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::time::Duration;

use stepwell_engine::module::Import;
use stepwell_engine::{CallState, Error, Linker, Store, TaskId};
use stepwell_wasi::types::FileType;
use stepwell_wasi::{CallerId, Errno, MemoryTree, TreeId};

use super::shared::{self, SharedFolder};
use super::types::SessionError;
use super::{Session, not_now};
use crate::hosts::{ConsoleLog, HostSet, HostState, LogEntry, Stdin, Stream};

/// The host's side of the programs that are run.
pub(super) struct Programs {
    pub(super) log: ConsoleLog,
    stdin: Stdin,
    state: HostState,
    tree: TreeId,
    args: Vec<String>,
    env: Vec<(String, String)>,
    pub(super) shared: Vec<SharedFolder>,
    /// Files as they were when the program was started, or as a person has left them since: when they were
    /// modified, and their size.
    known: BTreeMap<String, (u64, u64)>,
    /// Counts what a person has changed among the files, and stores.
    changes: u64,
}

impl Default for Programs {
    fn default() -> Self {
        let (log, stdin) = (ConsoleLog::default(), Stdin::default());
        let state = HostState::new(log.clone(), stdin.clone());
        let tree = state.wasi().borrow_mut().add_tree(MemoryTree::new());
        let (args, env, known) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { log, stdin, state, tree, args, env, shared: Vec::new(), known, changes: 0 }
    }
}

impl Programs {
    /// There is another store: nothing of the old one may be used in it.
    pub(super) fn renew(&mut self) {
        let tree = self.take_tree();
        self.state = HostState::new(self.log.clone(), self.stdin.clone());
        self.tree = self.state.wasi().borrow_mut().add_tree(tree);
        self.changes += 1 << 32;
    }

    /// Arguments behind the program's name.
    pub(super) fn args(&self) -> &[String] {
        &self.args
    }

    /// What the console has kept.
    pub(super) fn log_entries(&self) -> Vec<LogEntry> {
        self.log.entries()
    }

    /// Fills the console with what was there.
    pub(super) fn set_console(&self, entries: impl Iterator<Item = LogEntry>) {
        self.log.clear();
        entries.for_each(|entry| self.log.write_as(entry.stream, &entry.bytes, entry.origin));
    }

    /// Takes the files as they are for those that a program finds.
    fn know_files(&mut self) {
        let listed = self.with_tree(|tree| tree.list()).unwrap_or_default();
        let known =
            listed.into_iter().map(|file| (file.path, (file.stat.modified, file.stat.size)));
        self.known = known.collect();
        self.changes += 1;
    }

    /// The folders, with nothing open in them.
    fn take_tree(&mut self) -> MemoryTree {
        let mut wasi = self.state.wasi().borrow_mut();
        let taken = wasi.tree_as::<MemoryTree>(self.tree).map(std::mem::take);
        let mut tree = taken.unwrap_or_default();
        tree.close_all();
        tree
    }

    /// A program of this name is about to be started.
    ///
    /// # Errors
    /// If a folder of the system that it may use cannot be opened any more.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), SessionError> {
        self.log.clear();
        self.stdin.reopen();
        let tree = self.take_tree();
        let mut wasi = self.state.new_wasi();
        wasi.arg(name).args(&self.args);
        for (name, value) in &self.env {
            wasi.env(name, value);
        }
        self.tree = wasi.add_tree(tree);
        // The root of a tree in memory can always be opened.
        let opened = wasi.preopen(self.tree, "/");
        debug_assert!(opened.is_ok());
        let shared = shared::open(&mut wasi, &self.shared);
        *self.state.wasi().borrow_mut() = wasi;
        self.know_files();
        shared
    }

    pub(super) fn define(
        &self,
        set: HostSet,
        import: &Import,
        linker: &mut Linker,
        store: &mut Store,
    ) -> Result<bool, Error> {
        self.state.define(set, import, linker, store)
    }

    /// Whether a host function that has not answered may be able to by now. Wakes those that sleep.
    pub(super) fn is_due(&self) -> bool {
        self.state.timers().wake_due();
        let mut wasi = self.state.wasi().borrow_mut();
        let has_input = !self.stdin.is_empty() || self.stdin.is_closed();
        let now = wasi.monotonic_now();
        wasi.awaits_input() && has_input || wasi.wake_at().is_some_and(|at| at <= now)
    }

    pub(super) fn due_in(&self) -> Option<Duration> {
        let mut wasi = self.state.wasi().borrow_mut();
        let now = wasi.monotonic_now();
        let program = wasi.wake_at().map(|at| Duration::from_nanos(at.saturating_sub(now)));
        [program, self.state.timers().due_in()].into_iter().flatten().min()
    }

    /// A task is gone whose call may have been pending.
    pub(super) fn forget_pending_of(&self, task: TaskId) {
        self.state.wasi().borrow_mut().forget_pending_of(CallerId(task.0));
    }

    /// Whether descriptors 0, 1 and 2 of the program are still its standard streams.
    pub(super) fn standard_streams(&self) -> [bool; 3] {
        self.state.wasi().borrow().standard_streams()
    }

    fn awaits_input(&self) -> bool {
        self.state.wasi().borrow().awaits_input() || self.stdin.is_awaited()
    }

    fn with_tree<R>(&self, work: impl FnOnce(&mut MemoryTree) -> R) -> Option<R> {
        self.state.wasi().borrow_mut().tree_as(self.tree).map(work)
    }
}

/// A file or folder of the program's, as a line of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileView {
    /// From the root, as `data/input.txt`.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Where it leads, if it is a symbolic link.
    pub link: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Whether the program has written it since it was started.
    pub is_changed: bool,
}

/// Where a piece of the console's text came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ConsoleStream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
    /// What a person has typed.
    Input,
    /// A logging function, as `console.log`: a line of its own.
    Log,
}

/// A piece of the console's text: what one call wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsolePiece {
    /// Counts all pieces from 0, those too that are gone.
    pub number: u64,
    /// Where it came from.
    pub stream: ConsoleStream,
    /// The bytes, as written.
    pub bytes: Vec<u8>,
    /// Which task wrote it.
    pub task: Option<u32>,
}

impl Session {
    /// Arguments behind the program's name.
    pub fn program_args(&self) -> &[String] {
        &self.hosts.args
    }

    /// Names and values of the environment.
    pub fn program_env(&self) -> &[(String, String)] {
        &self.hosts.env
    }

    pub(super) fn set_program(
        &mut self,
        args: Vec<String>,
        env: Vec<(String, String)>,
    ) -> Result<(), SessionError> {
        let input =
            |field, message: &str| SessionError::Input { field, message: message.to_owned() };
        let has_nul = |text: &String| text.contains('\0');
        if let Some(field) = args.iter().position(has_nul) {
            return Err(input(field, "an argument ends at its first NUL"));
        }
        let wrong = |(name, value): &(String, String)| {
            name.is_empty() || name.contains('=') || has_nul(name) || has_nul(value)
        };
        if let Some(field) = env.iter().position(wrong) {
            return Err(input(args.len() + field, "a variable needs a name without ="));
        }
        (self.hosts.args, self.hosts.env) = (args, env);
        Ok(())
    }

    /// What programs have written, and what has been typed for them, oldest first: a copy.
    pub fn console(&self) -> Vec<ConsolePiece> {
        let mut pieces = Vec::new();
        self.console_from(0, |piece| {
            pieces.push(piece.clone());
            ControlFlow::Continue(())
        });
        pieces
    }

    /// Looks at the pieces of the console from this number on, oldest first, until `look` has enough.
    pub fn console_from(
        &self,
        number: u64,
        mut look: impl FnMut(&ConsolePiece) -> ControlFlow<()>,
    ) {
        let tasks = self.machine.as_ref().map(|machine| &machine.tasks);
        let end = self.console_end();
        self.hosts.log.with_entries(|entries| {
            let first = entries.partition_point(|entry| entry.number < number);
            for entry in entries.range(first..) {
                if end.is_some_and(|end| entry.number >= end) {
                    return;
                }
                let piece = ConsolePiece {
                    number: entry.number,
                    stream: match entry.stream {
                        Stream::Stdout => ConsoleStream::Output,
                        Stream::Stderr => ConsoleStream::Error,
                        Stream::Log => ConsoleStream::Log,
                        Stream::Typed => ConsoleStream::Input,
                    },
                    bytes: entry.bytes.clone(),
                    task: entry.origin.and_then(|origin| tasks?.number_of(origin.task)),
                };
                if look(&piece).is_break() {
                    return;
                }
            }
        });
    }

    /// Number of the first piece that had not been written yet at the moment of the past at which one stands.
    pub fn console_end(&self) -> Option<u64> {
        let machine = self.machine.as_ref().filter(|_| self.is_past())?;
        let counts: HashMap<TaskId, u64> = machine
            .store
            .tasks()
            .filter(|task| task.depth(&machine.store) > 0 || task.is_finished(&machine.store))
            .map(|task| (task.id(), task.executed()))
            .collect();
        self.hosts.log.with_entries(|entries| {
            let is_to_come = |entry: &&LogEntry| {
                // What is nobody's was there before the run, or came of a person.
                entry.origin.is_some_and(|origin| {
                    counts.get(&origin.task).is_none_or(|count| origin.clock > *count)
                })
            };
            Some(entries.iter().find(is_to_come)?.number)
        })
    }

    /// Number of the first piece since the console was emptied last.
    pub fn console_start(&self) -> u64 {
        self.hosts.log.start()
    }

    /// Another number whenever [`console`](Self::console) would be something else.
    pub fn console_number(&self) -> u64 {
        let past = if self.is_past() { self.clock() + 1 } else { 0 };
        self.hosts.log.generation() ^ past << 24
    }

    /// Bytes that the console has forgotten since it was emptied last, since it would have grown too
    /// large.
    pub fn console_dropped(&self) -> u64 {
        self.hosts.log.dropped()
    }

    /// Whether a task waits for a line of standard input.
    pub fn awaits_input(&self) -> bool {
        let mut pending = self.pending_calls();
        self.hosts.awaits_input()
            && pending.any(|record| record.call.state == CallState::InProgress)
    }

    /// Whether standard input has been ended.
    pub fn input_ended(&self) -> bool {
        self.hosts.stdin.is_closed()
    }

    pub(super) fn type_line(&mut self, line: &str) -> Result<(), SessionError> {
        if self.input_ended() {
            return Err(not_now("standard input has been ended"));
        }
        self.hosts.stdin.push_line(line);
        self.hosts.log.write(Stream::Typed, format!("{line}\n").as_bytes());
        Ok(())
    }

    pub(super) fn end_input(&mut self) {
        self.hosts.stdin.close();
    }

    pub(super) fn clear_console(&mut self) {
        self.hosts.log.clear();
    }

    /// Files and folders of the program's, by path.
    pub fn files(&self) -> Vec<FileView> {
        let listed = self.hosts.with_tree(|tree| tree.list()).unwrap_or_default();
        let view = |listed: stepwell_wasi::tree::Listed| {
            let is_folder = listed.stat.file_type == FileType::Directory;
            let (size, modified) = (listed.stat.size, listed.stat.modified);
            let known = self.hosts.known.get(&listed.path);
            let is_changed = !is_folder && known != Some(&(modified, size));
            FileView { path: listed.path, is_folder, link: listed.target, size, is_changed }
        };
        listed.into_iter().map(view).collect()
    }

    /// Another number whenever a file or folder may be something else.
    pub fn files_number(&self) -> u64 {
        self.hosts.changes + self.calls_made()
    }

    /// A file's contents.
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.hosts.with_tree(|tree| tree.read_file(path).ok().map(<[u8]>::to_vec))?
    }

    fn change_files(
        &mut self,
        path: &str,
        change: impl FnOnce(&mut MemoryTree) -> Result<(), Errno>,
    ) -> Result<(), SessionError> {
        if self.state == super::RunState::Running {
            return Err(not_now("pause it first"));
        }
        let path = path.trim_matches('/');
        let is_wrong = |part: &str| part.is_empty() || part == "." || part == "..";
        if path.split('/').any(is_wrong) || path.contains('\0') {
            let message = "a path consists of names with / between them".to_owned();
            return Err(SessionError::Input { field: 0, message });
        }
        match self.hosts.with_tree(change) {
            Some(Err(error)) => {
                let message = format!("{path}: {}", error.meaning());
                Err(SessionError::Input { field: 0, message })
            }
            _ => {
                // What the person does is not the program's doing.
                let listed = self.hosts.with_tree(|tree| tree.list()).unwrap_or_default();
                for file in listed.into_iter().filter(|file| file.path == path) {
                    let stat = (file.stat.modified, file.stat.size);
                    self.hosts.known.insert(file.path, stat);
                }
                self.hosts.changes += 1;
                Ok(())
            }
        }
    }

    /// Writes to the console in a program's place.
    #[doc(hidden)]
    pub fn console_write(&mut self, stream: ConsoleStream, bytes: &[u8]) {
        let stream = match stream {
            ConsoleStream::Output => Stream::Stdout,
            ConsoleStream::Error => Stream::Stderr,
            ConsoleStream::Log => Stream::Log,
            ConsoleStream::Input => Stream::Typed,
        };
        self.hosts.log.write(stream, bytes);
    }

    pub(super) fn put_file(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), SessionError> {
        self.change_files(path, |tree| tree.add_file(path, bytes))
    }

    pub(super) fn make_folder(&mut self, path: &str) -> Result<(), SessionError> {
        self.change_files(path, |tree| tree.add_directory(path))
    }

    pub(super) fn remove_file(&mut self, path: &str) -> Result<(), SessionError> {
        self.change_files(path, |tree| tree.remove(path))
    }
}
