//! Texts in the caller's memory.

use stepwell_engine::{Caller, HostError, MemAddr};

use super::call::trap;

/// Longest text that is read at once.
pub(super) const TEXT_LIMIT: u64 = 1 << 20;

/// Bytes at an address, at most [`TEXT_LIMIT`], and how many more there were to be.
pub(super) fn text(
    caller: &mut Caller<'_>,
    address: u64,
    len: u64,
) -> Result<(Vec<u8>, u64), HostError> {
    let Some(memory) = caller.memory() else { return no_memory() };
    let size = memory.size();
    if address.checked_add(len).is_none_or(|end| end > size) {
        return trap(format!(
            "a text of {len} bytes at 0x{address:x} reaches beyond the end of the memory, 0x{size:x}"
        ));
    }
    let kept = len.min(TEXT_LIMIT);
    Ok((memory.read(address, kept)?.to_vec(), len - kept))
}

/// The bytes from an address up to a zero, which has to come within [`TEXT_LIMIT`].
pub(super) fn c_string(caller: &mut Caller<'_>, address: u64) -> Result<Vec<u8>, HostError> {
    let Some(memory) = caller.memory() else { return no_memory() };
    let size = memory.size();
    if address >= size {
        return trap(format!(
            "a text at 0x{address:x} lies beyond the end of the memory, 0x{size:x}"
        ));
    }
    let most = (size - address).min(TEXT_LIMIT);
    let addr = memory.addr();
    // Looking for the end is not reading: only the text itself is noted.
    let len = peek(caller, addr, address, most).and_then(|bytes| memchr::memchr(0, bytes));
    match (len, caller.memory()) {
        (Some(len), Some(memory)) => Ok(memory.read(address, len as u64)?.to_vec()),
        _ => trap(format!("a text at 0x{address:x} has no zero at its end")),
    }
}

/// Bytes that nobody notes as read.
fn peek<'a>(caller: &'a Caller<'_>, addr: MemAddr, address: u64, len: u64) -> Option<&'a [u8]> {
    caller.store().memory(addr)?.read(address, len).ok()
}

/// A text of UTF-16 code units whose length in bytes stands before it, as AssemblyScript has them.
pub(super) fn utf16(caller: &mut Caller<'_>, address: u64) -> Result<String, HostError> {
    let Some(memory) = caller.memory() else { return no_memory() };
    let Some(before) = address.checked_sub(4) else {
        return trap(format!("there is no text at 0x{address:x}"));
    };
    let mut len = [0; 4];
    len.copy_from_slice(memory.read(before, 4u64)?);
    let (bytes, _) = text(caller, address, u64::from(u32::from_le_bytes(len)))?;
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    Ok(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// The bytes at an address, if they are a text that a person can read.
pub(super) fn printable(caller: &mut Caller<'_>, address: u64, len: u64) -> Option<Vec<u8>> {
    if address == 0 || len == 0 || len > TEXT_LIMIT {
        return None;
    }
    let addr = caller.memory()?.addr();
    let text = std::str::from_utf8(peek(caller, addr, address, len)?).ok()?;
    let readable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if !text.chars().all(readable) {
        return None;
    }
    Some(caller.memory()?.read(address, len).ok()?.to_vec())
}

fn no_memory<T>() -> Result<T, HostError> {
    trap("the calling module has no memory that a text could lie in")
}
