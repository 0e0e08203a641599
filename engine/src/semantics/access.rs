//! Loads and stores of linear memory (*Execution, memory instructions*), little-endian.

use crate::exec::TrapCode;

/// Effective address of an access of `width` bytes, checked against the memory's size.
///
/// # Errors
/// [`TrapCode::MemoryOutOfBounds`] if any byte lies beyond `size`.
#[inline(always)]
pub fn effective(address: u64, offset: u64, width: u64, size: u64) -> Result<usize, TrapCode> {
    match address.checked_add(offset) {
        Some(start) if start.checked_add(width).is_some_and(|end| end <= size) => {
            Ok(start as usize)
        }
        _ => Err(TrapCode::MemoryOutOfBounds),
    }
}

macro_rules! accesses {
    ($($load:ident $store:ident $ty:ident;)*) => {$(
        /// Reads a number of this width at `address + offset`.
        ///
        /// # Errors
        /// [`TrapCode::MemoryOutOfBounds`] if any byte lies beyond the end.
        #[inline(always)]
        pub fn $load(memory: &[u8], address: u64, offset: u64) -> Result<$ty, TrapCode> {
            const WIDTH: usize = size_of::<$ty>();
            let start = effective(address, offset, WIDTH as u64, memory.len() as u64)?;
            match memory.get(start..start + WIDTH).and_then(|bytes| bytes.try_into().ok()) {
                Some(bytes) => Ok($ty::from_le_bytes(bytes)),
                None => Err(TrapCode::MemoryOutOfBounds),
            }
        }

        /// Writes a number of this width at `address + offset`.
        ///
        /// # Errors
        /// [`TrapCode::MemoryOutOfBounds`] if any byte lies beyond the end; nothing is written.
        #[inline(always)]
        pub fn $store(
            memory: &mut [u8],
            address: u64,
            offset: u64,
            value: $ty,
        ) -> Result<(), TrapCode> {
            const WIDTH: usize = size_of::<$ty>();
            let start = effective(address, offset, WIDTH as u64, memory.len() as u64)?;
            match memory.get_mut(start..start + WIDTH) {
                Some(bytes) => {
                    bytes.copy_from_slice(&value.to_le_bytes());
                    Ok(())
                }
                None => Err(TrapCode::MemoryOutOfBounds),
            }
        }
    )*};
}

accesses! {
    load_u8 store_u8 u8;
    load_u16 store_u16 u16;
    load_u32 store_u32 u32;
    load_u64 store_u64 u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_byte_is_in_and_the_next_is_out() {
        let mut memory = [0u8; 8];
        assert_eq!(store_u32(&mut memory, 4, 0, 0x0403_0201), Ok(()));
        assert_eq!(memory, [0, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!(load_u16(&memory, 5, 1), Ok(0x0403));
        assert_eq!(load_u32(&memory, 5, 0), Err(TrapCode::MemoryOutOfBounds));
        assert_eq!(load_u8(&memory, u64::MAX, 2), Err(TrapCode::MemoryOutOfBounds));
    }
}
