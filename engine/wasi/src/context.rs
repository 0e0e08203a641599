//! A context: everything that one program's WASI calls can see and change.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;

use crate::clock::{Clock, FixedClock};
use crate::descriptor::{Descriptor, DescriptorLimit, Stream, Table, Target, TreeId};
use crate::errno::Result;
use crate::path::{Final, walk};
use crate::pending::Pending;
use crate::random::{Random, SeededRandom};
use crate::stream::{Buffer, Input, Output};
use crate::tree::{Handle, Tree};
use crate::types::{ClockId, Fdflags, FileType, Rights, RightsPolicy};

/// Arguments, environment, descriptors, streams, clocks, randomness and trees of a program.
///
/// A new one is closed off from the world: nothing on standard input, what is written kept in memory, a clock
/// that only moves with its readings, a fixed sequence of random bytes, no files.
///
/// ```
/// use stepwell_wasi::{Buffer, MemoryTree, Wasi};
///
/// let mut wasi = Wasi::new();
/// wasi.args(["program", "--help"]).env("HOME", "/").stdin(Buffer::new().terminal());
/// let mut tree = MemoryTree::new();
/// tree.add_file("a.txt", *b"hello")?;
/// let tree = wasi.add_tree(tree);
/// wasi.preopen(tree, "/")?;
/// assert!(wasi.tree_as::<MemoryTree>(tree).is_some_and(|tree| tree.read_file("a.txt").is_ok()));
/// # Ok::<(), stepwell_wasi::Errno>(())
/// ```
pub struct Wasi {
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: Vec<Vec<u8>>,
    pub(crate) table: Table,
    pub(crate) input: Box<dyn Input>,
    pub(crate) output: Box<dyn Output>,
    pub(crate) error: Box<dyn Output>,
    pub(crate) trees: Vec<Box<dyn Tree>>,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) random: Box<dyn Random>,
    pub(crate) policy: RightsPolicy,
    pub(crate) pending: Pending,
}

impl Default for Wasi {
    fn default() -> Self {
        Self::new()
    }
}

impl Wasi {
    /// A context that is closed off from the world.
    pub fn new() -> Self {
        let mut table = Table::default();
        let streams = [
            (Target::Input, Rights::INPUT),
            (Target::Output(Stream::Out), Rights::OUTPUT),
            (Target::Output(Stream::Error), Rights::OUTPUT),
        ];
        for (target, base) in streams {
            let (inheriting, flags) = (Rights::NONE, Fdflags::NONE);
            table.add(Descriptor { target, base, inheriting, flags });
        }
        Self {
            args: Vec::new(),
            env: Vec::new(),
            table,
            input: Box::new(Buffer::of([])),
            output: Box::new(Buffer::new()),
            error: Box::new(Buffer::new()),
            trees: Vec::new(),
            clock: Box::new(FixedClock::default()),
            random: Box::new(SeededRandom::new(0)),
            policy: RightsPolicy::default(),
            pending: Pending::default(),
        }
    }

    /// A context of a program on the command line: the process's own streams, clocks and randomness. It has
    /// neither arguments nor environment nor files yet.
    #[cfg(all(feature = "std", not(all(target_arch = "wasm32", target_os = "unknown"))))]
    pub fn command_line() -> Self {
        let mut wasi = Self::new();
        wasi.stdin(crate::system::Stdin::new());
        wasi.stdout(crate::system::Stdout).stderr(crate::system::Stderr);
        wasi.clock(crate::system::SystemClock::new()).random(crate::system::SystemRandom);
        wasi
    }

    /// Adds an argument; the first is the program's name. What comes after a NUL is cut off.
    pub fn arg(&mut self, arg: impl AsRef<str>) -> &mut Self {
        self.args.push(c_string(arg.as_ref()));
        self
    }

    /// Adds arguments.
    pub fn args<T: AsRef<str>>(&mut self, args: impl IntoIterator<Item = T>) -> &mut Self {
        for arg in args {
            self.arg(arg);
        }
        self
    }

    /// Adds a variable of the environment.
    pub fn env(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut Self {
        self.env.push(c_string(&alloc::format!("{}={}", name.as_ref(), value.as_ref())));
        self
    }

    /// Sets what standard input reads.
    pub fn stdin(&mut self, input: impl Input) -> &mut Self {
        self.input = Box::new(input);
        self
    }

    /// Sets what standard output writes.
    pub fn stdout(&mut self, output: impl Output) -> &mut Self {
        self.output = Box::new(output);
        self
    }

    /// Sets what standard error writes.
    pub fn stderr(&mut self, output: impl Output) -> &mut Self {
        self.error = Box::new(output);
        self
    }

    /// Sets the clock.
    pub fn clock(&mut self, clock: impl Clock) -> &mut Self {
        self.clock = Box::new(clock);
        self
    }

    /// Sets where random bytes come from.
    pub fn random(&mut self, random: impl Random) -> &mut Self {
        self.random = Box::new(random);
        self
    }

    /// Sets which rights `path_open` gives.
    pub fn rights_policy(&mut self, policy: RightsPolicy) -> &mut Self {
        self.policy = policy;
        self
    }

    /// Sets how many descriptors may be open. Those that are open stay so.
    pub fn descriptor_limit(&mut self, limit: DescriptorLimit) -> &mut Self {
        self.table.limit = limit;
        self
    }

    /// Adds a tree; nothing of it can be seen before a directory of it is preopened. Files that the embedder
    /// has put into a tree before carry the time of the tree, which is 1970 for one in memory.
    pub fn add_tree(&mut self, tree: impl Tree) -> TreeId {
        self.trees.push(Box::new(tree));
        TreeId(self.trees.len() - 1)
    }

    /// Opens a tree's root for the guest under a name, and tells the descriptor: the first is 3.
    ///
    /// # Errors
    /// If the tree cannot open it.
    pub fn preopen(&mut self, tree: TreeId, name: impl Into<String>) -> Result<u32> {
        self.preopen_folder(tree, ".", name, Rights::DIRECTORY, Rights::ALL)
    }

    /// Opens a folder of a tree for the guest under a name, with these rights for itself and for what is
    /// opened in it. [`Rights::READ_ONLY_DIRECTORY`] and that with [`Rights::READ_ONLY_FILE`] protect it from
    /// being changed.
    ///
    /// # Errors
    /// If there is no such folder.
    pub fn preopen_folder(
        &mut self,
        tree: TreeId,
        folder: &str,
        name: impl Into<String>,
        base: Rights,
        inheriting: Rights,
    ) -> Result<u32> {
        self.table.check_room()?;
        let files = self.tree(tree)?;
        let root = files.open_root()?;
        let opened = walk(files, root, folder, Final::Follow, |tree, place| match &place.name {
            Some(name) => tree.open_directory(place.at, name),
            None => tree.reopen(place.at),
        });
        files.close(root);
        let target = Target::Directory { tree, handle: opened?, preopened: Some(name.into()) };
        let base = base.intersection(Rights::DIRECTORY);
        Ok(self.table.add(Descriptor { target, base, inheriting, flags: Fdflags::NONE }))
    }

    /// Gives the guest a directory of a tree that is open already, under a name.
    ///
    /// # Errors
    /// If there are too many descriptors.
    pub fn preopen_handle(
        &mut self,
        tree: TreeId,
        handle: Handle,
        name: impl Into<String>,
    ) -> Result<u32> {
        self.table.check_room()?;
        let target = Target::Directory { tree, handle, preopened: Some(name.into()) };
        let (base, inheriting) = (Rights::DIRECTORY, Rights::ALL);
        Ok(self.table.add(Descriptor { target, base, inheriting, flags: Fdflags::NONE }))
    }

    /// Standard input, if it is of this type.
    pub fn stdin_as<T: Input>(&mut self) -> Option<&mut T> {
        (&mut *self.input as &mut dyn Any).downcast_mut()
    }

    /// Standard output, if it is of this type.
    pub fn stdout_as<T: Output>(&mut self) -> Option<&mut T> {
        (&mut *self.output as &mut dyn Any).downcast_mut()
    }

    /// Standard error, if it is of this type.
    pub fn stderr_as<T: Output>(&mut self) -> Option<&mut T> {
        (&mut *self.error as &mut dyn Any).downcast_mut()
    }

    /// The clock, if it is of this type.
    pub fn clock_as<T: Clock>(&mut self) -> Option<&mut T> {
        (&mut *self.clock as &mut dyn Any).downcast_mut()
    }

    /// A tree, if it is of this type.
    pub fn tree_as<T: Tree>(&mut self, tree: TreeId) -> Option<&mut T> {
        self.trees.get_mut(tree.0).and_then(|tree| (&mut **tree as &mut dyn Any).downcast_mut())
    }

    /// Trees, by the order in which they were added.
    pub fn trees(&self) -> impl Iterator<Item = TreeId> + use<> {
        (0..self.trees.len()).map(TreeId)
    }

    /// Numbers of all open descriptors, what they are, and under which name they were preopened.
    pub fn descriptors(&self) -> Vec<(u32, FileType, Option<String>)> {
        let describe = |(fd, descriptor): (u32, &Descriptor)| {
            let name = match &descriptor.target {
                Target::Directory { preopened, .. } => preopened.clone(),
                Target::Input => Some("stdin".to_string()),
                Target::Output(Stream::Out) => Some("stdout".to_string()),
                Target::Output(Stream::Error) => Some("stderr".to_string()),
                Target::File { .. } => None,
            };
            (fd, self.file_type(&descriptor.target), name)
        };
        self.table.all().map(describe).collect()
    }

    /// Whether standard input, output and error are where they were at first: 0, 1 and 2. A program may have
    /// closed them, and opened files that got their numbers.
    pub fn standard_streams(&self) -> [bool; 3] {
        let is = |fd, wanted: Target| {
            self.table.get(fd).is_ok_and(|descriptor| descriptor.target == wanted)
        };
        [
            is(0, Target::Input),
            is(1, Target::Output(Stream::Out)),
            is(2, Target::Output(Stream::Error)),
        ]
    }

    /// The monotonic clock's reading, to compare with [`Wasi::wake_at`].
    pub fn monotonic_now(&mut self) -> u64 {
        self.clock.now(ClockId::Monotonic)
    }

    /// A copy of everything, if each part can be copied. Those in memory can.
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self {
            args: self.args.clone(),
            env: self.env.clone(),
            table: self.table.clone(),
            input: self.input.try_clone()?,
            output: self.output.try_clone()?,
            error: self.error.try_clone()?,
            trees: self.trees.iter().map(|tree| tree.try_clone()).collect::<Option<_>>()?,
            clock: self.clock.try_clone()?,
            random: self.random.try_clone()?,
            policy: self.policy,
            pending: self.pending.clone(),
        })
    }

    pub(crate) fn file_type(&self, target: &Target) -> FileType {
        let terminal = |is_terminal| match is_terminal {
            true => FileType::CharacterDevice,
            false => FileType::Unknown,
        };
        match target {
            Target::Input => terminal(self.input.is_terminal()),
            Target::Output(Stream::Out) => terminal(self.output.is_terminal()),
            Target::Output(Stream::Error) => terminal(self.error.is_terminal()),
            Target::File { .. } => FileType::RegularFile,
            Target::Directory { .. } => FileType::Directory,
        }
    }

    /// A tree to be used now.
    pub(crate) fn tree(&mut self, tree: TreeId) -> Result<&mut dyn Tree> {
        let now = self.clock.now(ClockId::Realtime);
        let tree = self.trees.get_mut(tree.0).ok_or(crate::Errno::Badf)?;
        tree.set_now(now);
        Ok(&mut **tree)
    }

    pub(crate) fn close_handle(&mut self, tree: TreeId, handle: Handle) {
        if let Some(tree) = self.trees.get_mut(tree.0) {
            tree.close(handle);
        }
    }

    pub(crate) fn stream(&mut self, stream: Stream) -> &mut dyn Output {
        match stream {
            Stream::Out => &mut *self.output,
            Stream::Error => &mut *self.error,
        }
    }
}

/// Bytes up to a NUL: what a string of C can hold.
fn c_string(text: &str) -> Vec<u8> {
    text.bytes().take_while(|byte| *byte != 0).collect()
}

impl fmt::Debug for Wasi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wasi").field("table", &self.table).finish_non_exhaustive()
    }
}
