//! The data segments of a module as a file in memory, to be mapped under memories.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::PAGE_SIZE;
use crate::module::{ConstOp, ModuleInner, SegmentMode};

/// What memory 0 of a module begins with.
#[derive(Debug)]
pub(crate) struct Image {
    file: OwnedFd,
    /// Bytes of the file: whole pages.
    len: usize,
    /// The module, and where its segments go.
    bytes: Arc<Vec<u8>>,
    segments: Vec<(usize, Range<usize>)>,
}

/// Images are not made larger than this: writing them takes time and memory.
const LARGEST: u64 = 64 << 20;

impl Image {
    /// The image of a module, made when it is asked for the first time. Only if all its active
    /// segments go to memory 0, to offsets that are plain numbers, and fit there, can they all be
    /// written in advance without a difference.
    pub(crate) fn of(module: &ModuleInner) -> Option<Arc<Self>> {
        let made = module.image.get_or_init(|| alloc::boxed::Box::new(Self::new(module)));
        made.clone()
    }

    fn new(module: &ModuleInner) -> Option<Arc<Self>> {
        let memory = module.memories.first().filter(|_| module.imported_memories == 0)?;
        let size = memory.limits.min.checked_mul(memory.page_size())?;
        let mut segments = Vec::new();
        let mut end = 0;
        for segment in &module.data {
            let SegmentMode::Active { index, offset } = &segment.mode else { continue };
            let [ConstOp::Slot(_, at)] = offset.ops() else { return None };
            let at = if memory.index64 { *at } else { u64::from(*at as u32) };
            let range = &segment.range;
            let last = at.checked_add(u64::from(range.end - range.start))?;
            if *index != 0 || last > size.min(LARGEST) {
                return None;
            }
            end = last.max(end);
            segments.push((usize::try_from(at).ok()?, range.start as usize..range.end as usize));
        }
        if end == 0 {
            return None;
        }
        let len = usize::try_from(end.next_multiple_of(PAGE_SIZE)).ok()?;
        let file = create(len)?;
        for (at, range) in &segments {
            write(&file, module.bytes.get(range.clone())?, *at as u64)?;
        }
        Some(Arc::new(Self { file, len, bytes: module.bytes.clone(), segments }))
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Writes the segments to a memory that is zero.
    pub(super) fn write(&self, memory: &mut [u8]) {
        for (at, range) in &self.segments {
            if let Some(data) = self.bytes.get(range.clone())
                && let Some(target) = memory.get_mut(*at..*at + data.len())
            {
                target.copy_from_slice(data);
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn create(len: usize) -> Option<OwnedFd> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    let file = rustix::fs::memfd_create("wasm data", flags).ok()?;
    rustix::fs::ftruncate(&file, len as u64).ok()?;
    Some(file)
}

#[cfg(not(target_os = "linux"))]
fn create(_: usize) -> Option<OwnedFd> {
    None
}

fn write(file: &OwnedFd, mut data: &[u8], mut at: u64) -> Option<()> {
    while !data.is_empty() {
        let written = rustix::io::pwrite(file, data, at).ok().filter(|written| *written > 0)?;
        data = data.get(written..)?;
        at += written as u64;
    }
    Some(())
}
