//! Numbers and names as custom sections have them.

/// A LEB128 number of 32 bits.
pub(super) fn number(bytes: &mut &[u8]) -> Option<u32> {
    let mut result = 0u32;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        result |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(result);
        }
    }
    None
}

/// So many bytes as a number in front of them says.
pub(super) fn counted<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut rest = *bytes;
    let len = number(&mut rest)?;
    let (found, rest) = rest.split_at_checked(len as usize)?;
    *bytes = rest;
    Some(found)
}

/// A name. What of it is not UTF-8 is replaced.
pub(super) fn name(bytes: &mut &[u8]) -> Option<String> {
    counted(bytes).map(|name| String::from_utf8_lossy(name).into_owned())
}

/// As many as a number says, as far as they can be read.
pub(super) fn list<T>(bytes: &mut &[u8], mut one: impl FnMut(&mut &[u8]) -> Option<T>) -> Vec<T> {
    let count = number(bytes).unwrap_or(0);
    (0..count).map_while(|_| one(bytes)).collect()
}
