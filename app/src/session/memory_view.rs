//! Memory views: what they show, what is marked in them, what can be found.

use std::collections::{BTreeSet, VecDeque};

use stepwell_engine::text::{identifier, path_part};
use stepwell_engine::{MemAddr, Store};

use super::Session;
use super::command::{ModuleKey, SearchKind};
use super::types::{ByteMark, MemoryView, NamedMemory, SessionError};

/// Bytes around the top of a view that are remembered to tell what has changed.
const WINDOW: u64 = 8192;

/// Bytes from the top of a view that even a small one shows.
const SEEN: u64 = 96;

/// The views, and what their memory looked like at the previous stop.
#[derive(Default)]
pub(super) struct MemoryViews {
    pub(super) views: Vec<MemoryView>,
    /// Modules whose views of before have been taken up.
    taken_up: BTreeSet<ModuleKey>,
    next_id: u32,
    previous: Vec<Window>,
    accesses: VecDeque<Span>,
}

struct Window {
    memory: MemAddr,
    start: u64,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Span {
    memory: MemAddr,
    address: u64,
    len: u64,
    write: bool,
}

impl MemoryViews {
    pub(super) fn add(&mut self, named: &NamedMemory) -> &mut MemoryView {
        let id = self.next_id;
        self.next_id += 1;
        let view = MemoryView {
            id,
            memory: named.addr,
            top: 0,
            cursor: 0,
            selected: 1,
            follow: true,
            per_row: self.views.last().map_or(0, |last| last.per_row),
            template: None,
            home: named.home(),
        };
        self.views.push(view);
        let last = self.views.len() - 1;
        &mut self.views[last]
    }

    /// Whether a module's views of before have been taken up: what there is now is what is to be remembered.
    pub(super) fn has_taken_up(&self, module: ModuleKey) -> bool {
        self.taken_up.contains(&module)
    }

    /// Forgets the views of a module that is closed.
    pub(super) fn forget_module(&mut self, module: ModuleKey) {
        self.views.retain(|view| view.home.is_none_or(|(home, _)| home != module));
        self.taken_up.remove(&module);
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Result<&mut MemoryView, SessionError> {
        self.views
            .iter_mut()
            .find(|view| view.id == id)
            .ok_or_else(|| SessionError::NotNow(format!("there is no memory view {id}")))
    }

    /// Forgets marks, as when a run begins anew.
    pub(super) fn clear_marks(&mut self) {
        self.previous.clear();
        self.accesses.clear();
    }

    /// Remembers what the views show, before something runs.
    pub(super) fn remember(&mut self, store: &Store) {
        self.accesses.clear();
        let places = self.views.iter().flat_map(|view| {
            let shown = view.template.as_ref();
            let structure = shown.map(|shown| (view, shown.at.unwrap_or(view.cursor)));
            [Some((view, view.top.saturating_sub(WINDOW / 2))), structure].into_iter().flatten()
        });
        self.previous = places
            .filter_map(|(view, start)| {
                let memory = store.memory(view.memory)?;
                let size = memory.bytes().len() as u64;
                let len = WINDOW.min(size.saturating_sub(start));
                let bytes = memory.read(start, len).ok()?.to_vec();
                Some(Window { memory: view.memory, start, bytes })
            })
            .collect();
    }

    /// Takes over the accesses that the engine has logged.
    pub(super) fn take_accesses(&mut self, store: &mut Store) {
        self.accesses = store
            .debugger()
            .accesses()
            .map(|access| Span {
                memory: access.memory,
                address: access.address,
                len: access.len,
                write: access.write,
            })
            .collect();
        let debugger = store.debugger_mut();
        debugger.clear_accesses();
        debugger.log_accesses(0);
        for view in self.views.iter_mut().filter(|view| view.follow) {
            let last = self.accesses.iter().rev().find(|span| span.memory == view.memory);
            if let Some(Span { address, len, .. }) = last {
                let seen = view.top..view.top.saturating_add(SEEN);
                let end = address.saturating_add((*len).clamp(1, 8));
                if !seen.contains(address) || end > seen.end {
                    view.top = (address & !15).saturating_sub((SEEN / 3) & !15);
                }
            }
        }
    }

    pub(super) fn marks(
        &self,
        store: &Store,
        memory: MemAddr,
        address: u64,
        len: usize,
    ) -> Vec<ByteMark> {
        let mut marks = vec![ByteMark::default(); len];
        let end = address.saturating_add(len as u64);
        let now = store.memory(memory).map_or(&[][..], |memory| memory.bytes());
        for window in self.previous.iter().filter(|window| window.memory == memory) {
            let from = address.max(window.start);
            let to = end.min(window.start + window.bytes.len() as u64);
            for at in from..to {
                let before = window.bytes.get((at - window.start) as usize);
                if let Some(mark) = marks.get_mut((at - address) as usize) {
                    mark.changed = before != now.get(at as usize);
                }
            }
        }
        for span in self.accesses.iter().filter(|span| span.memory == memory) {
            for at in address.max(span.address)..end.min(span.address.saturating_add(span.len)) {
                if let Some(mark) = marks.get_mut((at - address) as usize) {
                    mark.read |= !span.write;
                    mark.written |= span.write;
                }
            }
        }
        marks
    }

    /// Puts the cursor of a view on the next occurrence.
    pub(super) fn search(
        &mut self,
        store: &Store,
        id: u32,
        kind: &SearchKind,
        text: &str,
    ) -> Result<(), SessionError> {
        let needle =
            needle(kind, text).map_err(|message| SessionError::Input { field: 0, message })?;
        let view = self.get_mut(id)?;
        let bytes = store.memory(view.memory).map_or(&[][..], |memory| memory.bytes());
        let from = usize::try_from(view.cursor).unwrap_or(usize::MAX).saturating_add(1);
        let behind = find(bytes, &needle, from);
        match behind.or_else(|| find(bytes, &needle, 0)) {
            Some(at) => {
                view.cursor = at as u64;
                view.selected = needle.len() as u64;
                view.top = (at as u64 & !15).saturating_sub(64);
                Ok(())
            }
            None => {
                let message = format!("`{text}` is not in this memory");
                Err(SessionError::Input { field: 0, message })
            }
        }
    }
}

fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    memchr::memmem::find(bytes.get(from..)?, needle).map(|at| from + at)
}

/// The bytes to look for.
fn needle(kind: &SearchKind, text: &str) -> Result<Vec<u8>, String> {
    let bytes = match kind {
        SearchKind::Text => text.as_bytes().to_vec(),
        SearchKind::Bytes => parse_hex_bytes(text)?,
        SearchKind::Integer(width) => {
            let (negative, digits) = match text.trim().strip_prefix('-') {
                Some(digits) => (true, digits),
                None => (false, text.trim()),
            };
            let magnitude = match digits.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            let magnitude = magnitude.map_err(|_| format!("`{text}` is not an integer"))?;
            let value = if negative { magnitude.wrapping_neg() } else { magnitude };
            let width = usize::from(*width).clamp(1, 8);
            let fits = width == 8 || magnitude >> (8 * width) == 0;
            if !fits {
                return Err(format!("{text} does not fit {width} bytes"));
            }
            value.to_le_bytes().get(..width).unwrap_or(&[]).to_vec()
        }
    };
    if bytes.is_empty() {
        return Err("type something to look for".to_owned());
    }
    Ok(bytes)
}

/// Bytes written as hex digits, with or without spaces between them.
fn parse_hex_bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if !digits.len().is_multiple_of(2) {
        return Err("each byte needs two hex digits".to_owned());
    }
    digits
        .chunks(2)
        .map(|pair| {
            let pair: String = pair.iter().collect();
            u8::from_str_radix(&pair, 16).map_err(|_| format!("`{pair}` is not a hex byte"))
        })
        .collect()
}

impl Session {
    /// All memories of the store, with names.
    pub fn memories(&self) -> Vec<NamedMemory> {
        let Some(store) = self.store() else { return Vec::new() };
        let mut found: Vec<NamedMemory> = Vec::new();
        for instance in store.instances() {
            let Some(open) = self.module_of_instance(instance) else { continue };
            let Some(instance) = store.instance(instance) else { continue };
            for (index, addr) in instance.memories().iter().enumerate() {
                if found.iter().any(|named| named.addr == *addr) {
                    continue;
                }
                let kind = stepwell_engine::module::NameKind::Memory;
                let label = match open.module.item_name(kind, index as u32) {
                    Some(name) => format!("{}:{}", path_part(&open.name), identifier(name)),
                    None => format!("{}:{index}", path_part(&open.name)),
                };
                let (index, module) = (index as u32, Some(open.key));
                found.push(NamedMemory { addr: *addr, label, module, index });
            }
        }
        found
    }

    /// Bytes of the memory that a view shows.
    pub(super) fn memory_size(&mut self, view: u32) -> Result<u64, SessionError> {
        let memory = self.memory.get_mut(view)?.memory;
        let memory = self.store().and_then(|store| store.memory(memory));
        Ok(memory.map_or(0, |memory| memory.bytes().len() as u64))
    }

    /// The memory views.
    pub fn memory_views(&self) -> &[MemoryView] {
        &self.memory.views
    }

    /// Marks of `len` bytes from `address` on.
    pub fn byte_marks(&self, memory: MemAddr, address: u64, len: usize) -> Vec<ByteMark> {
        match self.store() {
            Some(store) => self.memory.marks(store, memory, address, len),
            None => vec![ByteMark::default(); len],
        }
    }

    /// The module whose memory this is.
    pub fn memory_module(&self, memory: MemAddr) -> Option<ModuleKey> {
        self.memories().iter().find(|named| named.addr == memory)?.module
    }

    /// One view as soon as there is a memory, or those that its file is remembered with; a view finds its memory
    /// again in another run, and views of memories that are gone show the first.
    pub(super) fn ensure_memory_view(&mut self) {
        let memories = self.memories();
        let Some(first) = memories.first() else { return };
        for view in &mut self.memory.views {
            let at_home = memories.iter().find(|named| named.home() == view.home);
            match at_home {
                Some(named) => view.memory = named.addr,
                None => {
                    (view.memory, view.top, view.cursor, view.selected) = (first.addr, 0, 0, 1);
                    view.home = first.home();
                }
            }
        }
        self.take_up_views(&memories);
        if self.memory.views.is_empty() {
            self.memory.add(first);
        }
    }

    /// Opens the views that modules are remembered with, once after each has been opened.
    fn take_up_views(&mut self, memories: &[NamedMemory]) {
        for named in memories {
            let Some(key) = named.module.filter(|key| !self.memory.taken_up.contains(key)) else {
                continue;
            };
            self.memory.taken_up.insert(key);
            for known in self.known_views(key) {
                let at = memories.iter().find(|named| named.home() == Some((key, known.memory)));
                if let Some(named) = at {
                    let memory = self.store().and_then(|store| store.memory(named.addr));
                    let size = memory.map_or(0, |memory| memory.bytes().len() as u64);
                    let view = self.memory.add(named);
                    known.put_into(view, size);
                }
            }
        }
    }
}

impl NamedMemory {
    /// Where it is found again in another run.
    pub(super) fn home(&self) -> Option<(ModuleKey, u32)> {
        Some((self.module?, self.index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_the_bytes_to_find() {
        assert_eq!(needle(&SearchKind::Bytes, "de AD"), Ok(vec![0xde, 0xad]));
        assert_eq!(needle(&SearchKind::Integer(2), "-1"), Ok(vec![0xff, 0xff]));
        assert_eq!(needle(&SearchKind::Integer(4), "0x0102"), Ok(vec![2, 1, 0, 0]));
        assert!(needle(&SearchKind::Integer(1), "256").is_err());
        assert!(needle(&SearchKind::Bytes, "abc").is_err());
        assert!(needle(&SearchKind::Text, "").is_err());
    }

    #[test]
    fn finding_skips_false_starts() {
        assert_eq!(find(b"aaab", b"aab", 0), Some(1));
        assert_eq!(find(b"aaab", b"aab", 2), None);
    }
}
