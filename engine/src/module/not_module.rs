//! What bytes are that are no module, by how they begin.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Module;
use crate::error::{Error, Result};

/// Bytes of a file that a message shows.
const SHOWN: usize = 32;

/// How files of a kind begin.
const BEGINNINGS: [(&[u8], &str); 44] = [
    (b"version https://git-lfs", "a Git LFS pointer, in whose place git lfs pull puts the file"),
    (b"/annex/objects", "a git-annex pointer, in whose place git annex get puts the file"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"!<arch>", "an archive of object files (.a)"),
    (b"!<thin>", "an archive of object files (.a)"),
    (b"MZ", "a Windows program"),
    (b"\xfe\xed\xfa\xce", "a Mach-O program"),
    (b"\xfe\xed\xfa\xcf", "a Mach-O program"),
    (b"\xce\xfa\xed\xfe", "a Mach-O program"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O program"),
    (b"\xca\xfe\xba\xbe", "a Java class or a Mach-O program"),
    (b"BC\xc0\xde", "LLVM bitcode"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"AGFzb", "a module in Base64"),
    (b"data:application/wasm", "a module in a data URL"),
    (b"#!", "a script"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
    (b"<head", "HTML"),
    (b"<body", "HTML"),
    (b"<!--", "HTML or XML"),
    (b"<?xml", "XML"),
    (b"<svg", "an SVG picture"),
    (b"<error", "XML"),
    (b"<", "HTML or XML"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"#include", "C"),
    (b"package ", "WIT or Go"),
    (b"var ", "JavaScript"),
    (b"import ", "JavaScript"),
    (b"\"use strict\"", "JavaScript"),
];

/// What bytes are, if they are neither a binary module nor what could be the text of one.
fn identify(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("an empty file");
    }
    if MAGIC.starts_with(bytes) {
        return Some("the beginning of a module only");
    }
    if bytes.starts_with(b"\x7fELF") {
        // e_type stands at 16, in the byte order that byte 5 tells.
        let core = if bytes.get(5) == Some(&2) { [0, 4] } else { [4, 0] };
        let is_core = bytes.get(16..18) == Some(&core[..]);
        return Some(if is_core { "an ELF core dump" } else { "an ELF program" });
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some("a tar archive");
    }
    let trimmed = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let known = BEGINNINGS.iter().find(|(beginning, _)| {
        let head = trimmed.get(..beginning.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(beginning)
    });
    if let Some((_, what)) = known {
        return Some(what);
    }
    match (core::str::from_utf8(bytes), trimmed) {
        (_, b"") => Some("nothing but blank space"),
        (_, [b'(' | b';', ..]) => None,
        (Ok(text), _) if text.contains('\0') => {
            Some("neither binary, which begins with 00 61 73 6d, nor text")
        }
        (Ok(_), _) => Some("text, but not that of a module, which begins with a parenthesis"),
        (Err(_), _) => Some("neither binary, which begins with 00 61 73 6d, nor text"),
    }
}

impl Module {
    /// The text that bytes are, if they can be that of a module.
    ///
    /// # Errors
    /// [`Error::NotModule`] with what they are by the looks of them.
    pub fn text_of(bytes: &[u8]) -> Result<&str> {
        if let Some(what) = identify(bytes) {
            return Err(not_module(bytes, what));
        }
        // A byte order mark is no part of the text.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let what = "text that is not UTF-8";
        core::str::from_utf8(bytes).map_err(|_| not_module(bytes, what))
    }
}

/// How a binary module begins.
pub(super) const MAGIC: &[u8] = b"\0asm";

/// What bytes are that do not begin as a binary module does.
pub(super) fn not_binary(bytes: &[u8]) -> &'static str {
    identify(bytes).unwrap_or("text, where bytes of a binary module are needed")
}

/// What components are told to be.
pub(crate) const COMPONENT: &str = "a component, and only core modules are run";

pub(crate) fn not_module(bytes: &[u8], what: &'static str) -> Error {
    Error::NotModule { what, first: bytes.get(..SHOWN).unwrap_or(bytes).into() }
}

/// Bytes as text where they are such, else as hexadecimal numbers.
pub(crate) struct First<'a>(pub(crate) &'a Vec<u8>);

impl fmt::Display for First<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        let printable =
            |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        if self.0.iter().all(printable) {
            let text: String = self.0.iter().map(|byte| char::from(*byte)).collect();
            return write!(f, "; it begins with {text:?}");
        }
        f.write_str("; it begins with")?;
        for byte in self.0.iter().take(SHOWN / 2) {
            write!(f, " {byte:02x}")?;
        }
        Ok(())
    }
}
