//! Names as their authors wrote them: symbols of Rust, legacy and v0, and of C++ taken apart.

use std::fmt::{self, Write};

use cpp_demangle::{DemangleOptions, ParseOptions, Symbol};

/// Bytes of a symbol that is taken apart; longer ones stay as they are.
const LONGEST: usize = 4096;
/// Bytes of what comes out: a few letters can stand for a text as long as anybody likes.
const MOST: usize = 16 * 1024;
/// How deeply a symbol of C++ may be nested.
const DEEPEST: u32 = 96;

/// What a symbol stands for; `None` where it is no symbol of these languages.
pub(super) fn demangle(symbol: &str) -> Option<String> {
    if symbol.len() > LONGEST {
        return None;
    }
    let mut out = Bounded::default();
    if let Ok(decoded) = rustc_demangle::try_demangle(symbol) {
        return write!(out, "{decoded:#}").ok().map(|()| out.text);
    }
    // Some object formats put one more `_` in front.
    let start = symbol.find("_Z").filter(|at| symbol.bytes().take(*at).all(|byte| byte == b'_'))?;
    let symbol = symbol.get(start..)?;
    let parsing = ParseOptions::default().recursion_limit(DEEPEST);
    let decoded = Symbol::new_with_options(symbol, &parsing).ok()?;
    let words = DemangleOptions::new().recursion_limit(DEEPEST);
    decoded.structured_demangle(&mut out, &words).ok().map(|()| out.text)
}

/// A text that refuses to grow without end.
#[derive(Default)]
struct Bounded {
    text: String,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.text.len() + more.len() > MOST {
            return Err(fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_rust_and_cpp_are_taken_apart() {
        for (symbol, name) in [
            ("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"),
            (
                "_ZN5alloc7raw_vec19RawVec$LT$T$C$A$GT$4grow17h0123456789abcdefE.llvm.77",
                "alloc::raw_vec::RawVec<T,A>::grow",
            ),
            ("_RNvCs1234_7mycrate4main", "mycrate::main"),
            ("_RNCNvCs1234_7mycrate4main0B3_", "mycrate::main::{closure#0}"),
            ("_Z3addii", "add(int, int)"),
            ("_ZN5ShapeC2Ev", "Shape::Shape()"),
            ("__ZNK3geo4Area4sizeEv", "geo::Area::size() const"),
            ("_ZSt4sortIPiEvT_S1_", "void std::sort<int*>(int*, int*)"),
        ] {
            assert_eq!(demangle(symbol).as_deref(), Some(name), "{symbol}");
        }
        for name in ["main", "_start", "", "_", "_Z", "a_Z3addii", "helper.1", "std::sort(int)"] {
            assert_eq!(demangle(name), None, "{name}");
        }
    }

    #[test]
    fn a_symbol_that_would_never_end_stays_as_it_is() {
        // Each pair takes everything before it twice.
        let pairs = |count: usize| -> String {
            let mut symbol = "_Z1fSt4pairIiiE".to_owned();
            for at in 0..count {
                let known = match at {
                    0 => "S_".to_owned(),
                    at => format!("S{}_", char::from_digit(at as u32 - 1, 36).unwrap_or('Z'))
                        .to_uppercase(),
                };
                symbol.push_str(&format!("St4pairI{known}{known}E"));
            }
            symbol
        };
        let begun = std::time::Instant::now();
        for symbol in [
            pairs(30),
            "_Z".to_owned() + &"N".repeat(4000),
            format!("_Z1f{}", "P".repeat(3000) + "i"),
        ] {
            let name = demangle(&symbol);
            assert!(name.is_none_or(|name| name.len() <= MOST));
        }
        assert_eq!(demangle(&format!("_Z{}{}v", 5000, "f".repeat(5000))), None);
        assert!(begun.elapsed().as_secs() < 5);
    }
}
