//! The functions, by family, and the one way to call them.
//!
//! A function reads its arguments from a [`Call`], checks every pointer that it will write through before it
//! changes anything, and returns or says what stopped it.

mod args;
mod clock;
mod fd;
mod fd_io;
mod fd_stat;
mod path;
mod path_open;
mod poll;
mod process;
mod readdir;
mod sock;

use alloc::string::String;
use alloc::vec::Vec;

use stepwell_engine::Value;

use crate::context::Wasi;
use crate::descriptor::{Descriptor, Target, TreeId};
use crate::errno::Errno;
use crate::function::{Function, Kind};
use crate::memory::{GuestMemory, Memory};
use crate::pending::{CallerId, Key};
use crate::tree::Handle;
use crate::types::{Rights, Version};

/// What became of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Outcome {
    /// It returns this to the guest.
    Return(Errno),
    /// The program ends with this code.
    Exit(i32),
    /// It cannot be answered yet; nothing has changed. It is to be made again with the same arguments.
    Pending,
    /// It is no call that a guest can make: arguments of the wrong number or type.
    Trap(String),
}

/// Why a function does not return success.
enum Interrupt {
    Errno(Errno),
    Exit(i32),
    /// Nothing is there yet: deadlines of the monotonic clock, and whether standard input is waited for.
    Pending(Vec<Option<u64>>, bool),
}

impl From<Errno> for Interrupt {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

type Done = core::result::Result<(), Interrupt>;

/// One call: the context, the guest's memory, the arguments.
struct Call<'a> {
    wasi: &'a mut Wasi,
    memory: Memory<'a>,
    version: Version,
    caller: CallerId,
    key: Key,
}

/// A file that a descriptor stands for.
struct OpenFile {
    tree: TreeId,
    handle: Handle,
    offset: u64,
}

impl Call<'_> {
    fn u64(&self, position: usize) -> u64 {
        self.key.1.get(position).copied().unwrap_or_default()
    }

    /// A parameter of 32 bits; the bits of one are no more.
    fn u32(&self, position: usize) -> u32 {
        self.u64(position) as u32
    }

    /// The string whose address is this parameter and whose length is the next.
    fn path(&self, position: usize) -> Result<String, Errno> {
        self.memory.read_path(self.u32(position), self.u32(position + 1))
    }

    fn descriptor(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.wasi.table.get(fd)
    }

    /// A file with these rights. For a directory [`Errno::Badf`], for a stream `stream`.
    fn file(&self, fd: u32, rights: Rights, stream: Errno) -> Result<OpenFile, Errno> {
        let descriptor = self.descriptor(fd)?;
        match descriptor.target {
            Target::File { tree, handle, offset } => {
                descriptor.require(rights)?;
                Ok(OpenFile { tree, handle, offset })
            }
            Target::Directory { .. } => Err(Errno::Badf),
            Target::Input | Target::Output(_) => Err(stream),
        }
    }

    /// A directory with these rights.
    fn directory(&self, fd: u32, rights: Rights) -> Result<(TreeId, Handle), Errno> {
        let descriptor = self.descriptor(fd)?;
        match descriptor.target {
            Target::Directory { tree, handle, .. } => {
                descriptor.require(rights)?;
                Ok((tree, handle))
            }
            Target::File { .. } | Target::Input | Target::Output(_) => Err(Errno::Notdir),
        }
    }

    /// Fails if a parameter is the number of no descriptor: whatever else may be wrong with a call, that is
    /// told first.
    fn check_descriptors(&self) -> Result<(), Errno> {
        let mut position = 0;
        for (_, kind) in self.key.0.signature() {
            if *kind == Kind::Fd {
                self.descriptor(self.u32(position))?;
            }
            position += kind.types().len();
        }
        Ok(())
    }

    fn run(&mut self) -> Done {
        self.check_descriptors()?;
        match self.key.0 {
            Function::ArgsGet => self.args_get()?,
            Function::ArgsSizesGet => self.args_sizes_get()?,
            Function::EnvironGet => self.environ_get()?,
            Function::EnvironSizesGet => self.environ_sizes_get()?,
            Function::ClockResGet => self.clock_res_get()?,
            Function::ClockTimeGet => self.clock_time_get()?,
            Function::FdAdvise => self.fd_advise()?,
            Function::FdAllocate => self.fd_allocate()?,
            Function::FdClose => self.fd_close()?,
            Function::FdDatasync => self.fd_datasync()?,
            Function::FdFdstatGet => self.fd_fdstat_get()?,
            Function::FdFdstatSetFlags => self.fd_fdstat_set_flags()?,
            Function::FdFdstatSetRights => self.fd_fdstat_set_rights()?,
            Function::FdFilestatGet => self.fd_filestat_get()?,
            Function::FdFilestatSetSize => self.fd_filestat_set_size()?,
            Function::FdFilestatSetTimes => self.fd_filestat_set_times()?,
            Function::FdPread => self.fd_pread()?,
            Function::FdPrestatGet => self.fd_prestat_get()?,
            Function::FdPrestatDirName => self.fd_prestat_dir_name()?,
            Function::FdPwrite => self.fd_pwrite()?,
            Function::FdRead => self.fd_read()?,
            Function::FdReaddir => self.fd_readdir()?,
            Function::FdRenumber => self.fd_renumber()?,
            Function::FdSeek => self.fd_seek()?,
            Function::FdSync => self.fd_sync()?,
            Function::FdTell => self.fd_tell()?,
            Function::FdWrite => self.fd_write()?,
            Function::PathCreateDirectory => self.path_create_directory()?,
            Function::PathFilestatGet => self.path_filestat_get()?,
            Function::PathFilestatSetTimes => self.path_filestat_set_times()?,
            Function::PathLink => self.path_link()?,
            Function::PathOpen => self.path_open()?,
            Function::PathReadlink => self.path_readlink()?,
            Function::PathRemoveDirectory => self.path_remove_directory()?,
            Function::PathRename => self.path_rename()?,
            Function::PathSymlink => self.path_symlink()?,
            Function::PathUnlinkFile => self.path_unlink_file()?,
            Function::PollOneoff => self.poll_oneoff()?,
            Function::ProcExit => return Err(Interrupt::Exit(self.u32(0) as i32)),
            Function::ProcRaise => self.proc_raise()?,
            Function::RandomGet => self.random_get()?,
            Function::SchedYield => {}
            Function::SockAccept => self.sock_accept()?,
            Function::SockRecv => self.sock_recv()?,
            Function::SockSend => self.sock_send()?,
            Function::SockShutdown => self.sock_shutdown()?,
        }
        Ok(())
    }
}

impl Descriptor {
    fn require(&self, rights: Rights) -> Result<(), Errno> {
        match self.base.contains(rights) {
            true => Ok(()),
            false => Err(Errno::Notcapable),
        }
    }
}

/// Arguments as bits.
fn bits(function: Function, args: &[Value]) -> Option<Vec<u64>> {
    let bits = |value: &Value| match value {
        Value::I32(value) => Some(u64::from(*value as u32)),
        Value::I64(value) => Some(*value as u64),
        _ => None,
    };
    let ty = function.ty();
    let fits = args.len() == ty.params().len()
        && args.iter().zip(ty.params()).all(|(value, ty)| value.ty() == *ty);
    if fits { args.iter().map(bits).collect() } else { None }
}

impl Wasi {
    /// Makes a call, for an embedder whose guests make one at a time.
    ///
    /// ```
    /// use stepwell_engine::Value;
    /// use stepwell_wasi::{Buffer, Errno, Function, Outcome, Version, Wasi};
    ///
    /// let mut wasi = Wasi::new();
    /// let mut memory = vec![0; 64];
    /// memory[..8].copy_from_slice(&[16, 0, 0, 0, 5, 0, 0, 0]); // one buffer: 5 bytes at 16
    /// memory[16..21].copy_from_slice(b"hello");
    /// let args = [1, 0, 1, 32].map(Value::I32); // standard output, where the buffers are, how many, nwritten
    /// let outcome = wasi.call(Function::FdWrite, Version::Preview1, &mut memory, &args);
    /// assert_eq!(outcome, Outcome::Return(Errno::Success));
    /// assert_eq!(wasi.stdout_as::<Buffer>().unwrap().take(), b"hello");
    /// ```
    pub fn call(
        &mut self,
        function: Function,
        version: Version,
        memory: &mut dyn GuestMemory,
        args: &[Value],
    ) -> Outcome {
        self.call_of(CallerId::default(), function, version, memory, args)
    }

    /// Makes a call of one of several callers. What a call waits for that stays pending is the caller's own.
    pub fn call_of(
        &mut self,
        caller: CallerId,
        function: Function,
        version: Version,
        memory: &mut dyn GuestMemory,
        args: &[Value],
    ) -> Outcome {
        let Some(bits) = bits(function, args) else {
            let ty = function.ty();
            return Outcome::Trap(alloc::format!("{} takes {ty}", function.name()));
        };
        let key = Key(function, bits);
        let mut call = Call { wasi: self, memory: Memory(memory), version, caller, key };
        let done = call.run();
        let key = call.key;
        let outcome = match done {
            Ok(()) => Outcome::Return(Errno::Success),
            Err(Interrupt::Errno(errno)) => Outcome::Return(errno),
            Err(Interrupt::Exit(code)) => Outcome::Exit(code),
            Err(Interrupt::Pending(deadlines, input)) => {
                self.pending.add(caller, key, deadlines, input);
                return Outcome::Pending;
            }
        };
        self.pending.remove(caller);
        outcome
    }

    /// When the first pending call can be answered that waits for a time: a reading of the monotonic clock
    /// ([`Wasi::monotonic_now`]).
    pub fn wake_at(&self) -> Option<u64> {
        self.pending.wake_at()
    }

    /// Whether a pending call waits for standard input.
    pub fn awaits_input(&self) -> bool {
        self.pending.awaits_input()
    }

    /// Forgets what pending calls wait for, of all callers. A call that is made again begins to wait anew.
    pub fn forget_pending(&mut self) {
        self.pending.clear();
    }

    /// Forgets what a caller's pending call waits for: the caller is given up.
    pub fn forget_pending_of(&mut self, caller: CallerId) {
        self.pending.remove(caller);
    }
}
