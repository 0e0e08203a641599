//! Listing directories.

use super::Call;
use crate::errno::{Errno, Result};
use crate::types::{Rights, layout};

/// Entries that are fetched at once.
const BATCH: usize = 64;

impl Call<'_> {
    /// Fills a buffer with entries; the last one is cut off where the buffer ends. One that is not full says
    /// that there are no more.
    pub(super) fn fd_readdir(&mut self) -> Result<()> {
        let (fd, at, len) = (self.u32(0), self.u32(1), self.u32(2));
        let (mut cookie, result) = (self.u64(3), self.u32(4));
        self.memory.check(at, len.into())?;
        self.memory.check(result, 4)?;
        let (tree, handle) = self.directory(fd, Rights::FD_READDIR)?;
        let (tree, memory) = (self.wasi.tree(tree)?, &mut self.memory);
        let mut used = 0;
        'full: while used < len {
            // No more than there may be room for: what is not told now is asked for again.
            let most = BATCH.min((len - used) as usize / layout::DIRENT + 1);
            let entries = tree.entries(handle, cookie, most)?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let name = entry.name.as_bytes();
                let name_len = u32::try_from(name.len()).map_err(|_| Errno::Overflow)?;
                let head = layout::dirent(entry.next, entry.inode, name_len, entry.file_type);
                for bytes in [&head[..], name] {
                    let count = bytes.len().min((len - used) as usize);
                    memory.write(at + used, bytes.get(..count).unwrap_or_default())?;
                    used += count as u32;
                    if used == len {
                        break 'full;
                    }
                }
                cookie = entry.next;
            }
        }
        memory.write_u32(result, used)
    }
}
