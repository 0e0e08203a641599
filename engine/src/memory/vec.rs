//! Memory as a `Vec`: for `no_std`, the browser, and wherever nothing better exists.

use alloc::vec::Vec;

use crate::error::{Error, Result};

/// Zeroed bytes, straight from the allocator, which gets large ones from the system untouched.
#[allow(unsafe_code)]
pub(super) fn zeroed(bytes: u64) -> Result<Vec<u8>> {
    let failed = || Error::OutOfMemory { bytes };
    let size = usize::try_from(bytes).map_err(|_| failed())?;
    if size == 0 {
        return Ok(Vec::new());
    }
    let layout = core::alloc::Layout::array::<u8>(size).map_err(|_| failed())?;
    // SAFETY: the layout's size is not zero. The pointer, unless null, is an allocation of `size`
    // initialised (zeroed) bytes from the global allocator with the alignment of `u8`, which is
    // what `Vec<u8>` of this length and capacity owns and frees.
    unsafe {
        let pointer = alloc::alloc::alloc_zeroed(layout);
        if pointer.is_null() { Err(failed()) } else { Ok(Vec::from_raw_parts(pointer, size, size)) }
    }
}

/// Adds zeroed bytes at the end.
pub(super) fn extend_zeroed(memory: &mut Vec<u8>, added: u64) -> Result<()> {
    let failed = || Error::OutOfMemory { bytes: added };
    let added = usize::try_from(added).map_err(|_| failed())?;
    let size = memory.len().checked_add(added).ok_or_else(failed)?;
    if memory.is_empty() {
        *memory = zeroed(size as u64)?;
        return Ok(());
    }
    memory.try_reserve_exact(added).map_err(|_| failed())?;
    memory.resize(size, 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_by_zeroes_and_refuses_the_impossible() {
        let mut memory = zeroed(4).unwrap();
        memory.fill(7);
        extend_zeroed(&mut memory, 3).unwrap();
        assert_eq!(memory, [7, 7, 7, 7, 0, 0, 0]);
        assert_eq!(zeroed(u64::MAX), Err(Error::OutOfMemory { bytes: u64::MAX }));
        assert!(extend_zeroed(&mut memory, u64::MAX).is_err());
    }
}
