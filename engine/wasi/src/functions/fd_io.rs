//! Reading and writing through lists of buffers.
//!
//! A descriptor that may not be read, or not be written, is [`Errno::Badf`] as in POSIX, where one has to be
//! open for it; programs and tests know that better than [`Errno::Notcapable`]. A write to a file that is open
//! for appending goes to its end, also one with a position, as on Linux.

use alloc::vec::Vec;

use super::{Call, Done, Interrupt, OpenFile};
use crate::descriptor::{Descriptor, Target};
use crate::errno::{Errno, Result};
use crate::stream::Reading;
use crate::types::{Fdflags, Rights};

/// Most buffers that a call may have, as in POSIX systems.
const MAX_BUFFERS: u32 = 1024;

/// Bytes that are read at once.
const CHUNK: u32 = 64 << 10;

/// A buffer of the guest; it lies within the memory.
#[derive(Clone, Copy)]
struct Piece {
    at: u32,
    len: u32,
}

/// Where in a file is read or written.
#[derive(Clone, Copy)]
enum Position {
    /// At the descriptor's position, which moves.
    Present,
    /// There.
    At(u64),
}

impl Call<'_> {
    /// The buffers of a list. All of them are checked before anything is read or written.
    fn pieces(&self, position: usize) -> Result<Vec<Piece>> {
        let (at, count) = (self.u32(position), self.u32(position + 1));
        self.memory.check(at, 8 * u64::from(count))?;
        if count > MAX_BUFFERS {
            return Err(Errno::Inval);
        }
        let mut total: u32 = 0;
        let piece = |number: u32| {
            let at = at + 8 * number;
            let piece = Piece { at: self.memory.read_u32(at)?, len: self.memory.read_u32(at + 4)? };
            self.memory.check(piece.at, piece.len.into())?;
            total = total.checked_add(piece.len).ok_or(Errno::Inval)?;
            Ok(piece)
        };
        (0..count).map(piece).filter(|piece| !matches!(piece, Ok(Piece { len: 0, .. }))).collect()
    }

    pub(super) fn fd_read(&mut self) -> Done {
        let (fd, result) = (self.u32(0), self.u32(3));
        self.memory.check(result, 4)?;
        let pieces = self.pieces(1)?;
        let descriptor = self.descriptor(fd)?;
        let count = match descriptor.target {
            Target::Input => {
                descriptor.open_for(Rights::FD_READ)?;
                let waits = !descriptor.flags.contains(Fdflags::NONBLOCK);
                self.read_stream(&pieces, waits)?
            }
            Target::Output(_) | Target::Directory { .. } => return Err(Errno::Badf.into()),
            Target::File { .. } => {
                descriptor.open_for(Rights::FD_READ)?;
                let file = self.file(fd, Rights::NONE, Errno::Badf)?;
                self.read_file(fd, &file, &pieces, Position::Present)?
            }
        };
        Ok(self.memory.write_u32(result, count)?)
    }

    pub(super) fn fd_pread(&mut self) -> Result<()> {
        let (fd, offset, result) = (self.u32(0), self.u64(3), self.u32(4));
        self.memory.check(result, 4)?;
        let pieces = self.pieces(1)?;
        let file = self.file(fd, Rights::NONE, Errno::Spipe)?;
        let descriptor = self.descriptor(fd)?;
        descriptor.open_for(Rights::FD_READ)?;
        descriptor.require(Rights::FD_SEEK)?;
        let count = self.read_file(fd, &file, &pieces, Position::At(offset))?;
        self.memory.write_u32(result, count)
    }

    pub(super) fn fd_write(&mut self) -> Result<()> {
        let (fd, result) = (self.u32(0), self.u32(3));
        self.memory.check(result, 4)?;
        let pieces = self.pieces(1)?;
        let descriptor = self.descriptor(fd)?;
        let count = match descriptor.target {
            Target::Output(stream) => {
                descriptor.open_for(Rights::FD_WRITE)?;
                let (wasi, memory) = (&mut *self.wasi, &self.memory);
                each(&pieces, |piece| {
                    let bytes = memory.read(piece.at, piece.len)?;
                    wasi.stream(stream).write(bytes).map(|count| count as u32)
                })?
            }
            Target::Input | Target::Directory { .. } => return Err(Errno::Badf),
            Target::File { .. } => {
                descriptor.open_for(Rights::FD_WRITE)?;
                let file = self.file(fd, Rights::NONE, Errno::Badf)?;
                self.write_file(fd, &file, &pieces, Position::Present)?
            }
        };
        self.memory.write_u32(result, count)
    }

    pub(super) fn fd_pwrite(&mut self) -> Result<()> {
        let (fd, offset, result) = (self.u32(0), self.u64(3), self.u32(4));
        self.memory.check(result, 4)?;
        let pieces = self.pieces(1)?;
        let file = self.file(fd, Rights::NONE, Errno::Spipe)?;
        let descriptor = self.descriptor(fd)?;
        descriptor.open_for(Rights::FD_WRITE)?;
        descriptor.require(Rights::FD_SEEK)?;
        let count = self.write_file(fd, &file, &pieces, Position::At(offset))?;
        self.memory.write_u32(result, count)
    }

    fn read_stream(
        &mut self,
        pieces: &[Piece],
        waits: bool,
    ) -> core::result::Result<u32, Interrupt> {
        let mut total = 0;
        let mut buffer = Vec::new();
        for piece in pieces {
            // One read for each buffer: what is there now is enough.
            buffer.resize(piece.len.min(CHUNK) as usize, 0);
            match self.wasi.input.read(&mut buffer) {
                Ok(Reading::Bytes(count)) => {
                    let count = buffer.len().min(count as usize);
                    self.memory.write(piece.at, buffer.get(..count).unwrap_or_default())?;
                    total += count as u32;
                    if (count as u32) < piece.len {
                        break;
                    }
                }
                Ok(Reading::End) => break,
                Ok(Reading::Nothing) if total > 0 => break,
                Ok(Reading::Nothing) if waits => {
                    return Err(Interrupt::Pending(Vec::new(), true));
                }
                Ok(Reading::Nothing) => return Err(Errno::Again.into()),
                Err(_) if total > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(total)
    }

    fn read_file(
        &mut self,
        fd: u32,
        file: &OpenFile,
        pieces: &[Piece],
        position: Position,
    ) -> Result<u32> {
        let mut offset = position.of(file);
        let (tree, memory) = (self.wasi.tree(file.tree)?, &mut self.memory);
        let mut buffer = Vec::new();
        let total = each(pieces, |piece| {
            let mut done = 0;
            while done < piece.len {
                let wanted = CHUNK.min(piece.len - done);
                buffer.resize(wanted as usize, 0);
                let count = match tree.read_at(file.handle, offset, &mut buffer) {
                    Err(_) if done > 0 => break,
                    other => other?,
                };
                memory.write(piece.at + done, buffer.get(..count).ok_or(Errno::Io)?)?;
                done += count as u32;
                offset = offset.saturating_add(count as u64);
                if (count as u32) < wanted {
                    break;
                }
            }
            Ok(done)
        })?;
        if let Position::Present = position {
            self.set_offset(fd, offset)?;
        }
        Ok(total)
    }

    fn write_file(
        &mut self,
        fd: u32,
        file: &OpenFile,
        pieces: &[Piece],
        position: Position,
    ) -> Result<u32> {
        let flags = self.descriptor(fd)?.flags;
        let appends = flags.contains(Fdflags::APPEND);
        let mut offset = position.of(file);
        let (tree, memory) = (self.wasi.tree(file.tree)?, &self.memory);
        let total = each(pieces, |piece| {
            let bytes = memory.read(piece.at, piece.len)?;
            let count = if appends {
                let (count, end) = tree.append(file.handle, bytes)?;
                offset = end;
                count
            } else {
                let end = offset.checked_add(piece.len.into());
                if end.is_none_or(|end| end > super::fd::MAX_OFFSET) {
                    return Err(Errno::Fbig);
                }
                let count = tree.write_at(file.handle, offset, bytes)?;
                offset += count as u64;
                count
            };
            Ok(count as u32)
        })?;
        if total > 0 && flags.intersects(Fdflags::DSYNC.union(Fdflags::SYNC)) {
            tree.sync(file.handle, !flags.contains(Fdflags::SYNC))?;
        }
        if let Position::Present = position {
            self.set_offset(fd, offset)?;
        }
        Ok(total)
    }
}

impl Descriptor {
    fn open_for(&self, right: Rights) -> Result<()> {
        match self.base.contains(right) {
            true => Ok(()),
            false => Err(Errno::Badf),
        }
    }
}

impl Position {
    fn of(self, file: &OpenFile) -> u64 {
        match self {
            Self::Present => file.offset,
            Self::At(offset) => offset,
        }
    }
}

/// Goes through buffers until one is not filled. An error after the first bytes is that of the next call.
fn each(pieces: &[Piece], mut transfer: impl FnMut(Piece) -> Result<u32>) -> Result<u32> {
    let mut total = 0;
    for piece in pieces {
        match transfer(*piece) {
            Ok(count) => {
                total += count;
                if count < piece.len {
                    break;
                }
            }
            Err(_) if total > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(total)
}
