//! What atomic operators do.

/// Effect and sentence of an atomic operator.
pub(super) fn help(name: &str) -> Option<(String, String)> {
    let found = |effect: &str, text: &str| Some((effect.to_owned(), text.to_owned()));
    match name {
        "atomic.fence" => {
            return found(
                "",
                "Keeps the order of accesses before and behind it; computes nothing.",
            );
        }
        "memory.atomic.notify" => {
            return found(
                "address i32 → i32",
                "Wakes at most so many tasks that wait at the address; pushes how many.",
            );
        }
        "memory.atomic.wait32" => return Some(wait("i32", 4)),
        "memory.atomic.wait64" => return Some(wait("i64", 8)),
        _ => {}
    }
    let (ty, operator) = name.split_once(".atomic.")?;
    let whole = match ty {
        "i32" => 4,
        "i64" => 8,
        _ => return None,
    };
    let rest = |prefix: &str| {
        let rest = operator.strip_prefix(prefix)?.trim_end_matches("_u");
        let bits = rest.split('.').next().unwrap_or_default();
        let bytes =
            if bits.is_empty() { Some(whole) } else { bits.parse().ok().map(|n: u32| n / 8) };
        Some((bytes?, rest.split_once('.').map_or("", |(_, verb)| verb)))
    };
    const TRAPS: &str = "traps if the address is no multiple of it";
    if let Some((bytes, _)) = rest("load") {
        let text = format!("Reads {bytes} bytes of memory in one piece; {TRAPS}.");
        return Some((format!("address → {ty}"), text));
    }
    if let Some((bytes, _)) = rest("store") {
        let text = format!("Writes {bytes} bytes to memory in one piece; {TRAPS}.");
        return Some((format!("address {ty} →"), text));
    }
    let (bytes, verb) = rest("rmw")?;
    let does = match verb {
        "add" => "Adds to",
        "sub" => "Subtracts from",
        "and" => "Clears bits that the operand has not in",
        "or" => "Sets bits of the operand in",
        "xor" => "Turns bits of the operand round in",
        "xchg" => "Replaces",
        "cmpxchg" => {
            let text = format!(
                "Replaces {bytes} bytes of memory in one piece if they are what is expected; pushes \
                 what they were."
            );
            return Some((format!("address expected replacement → {ty}"), text));
        }
        _ => return None,
    };
    let text = format!("{does} {bytes} bytes of memory in one piece; pushes what they were.");
    Some((format!("address {ty} → {ty}"), text))
}

fn wait(ty: &str, bytes: u32) -> (String, String) {
    let text = format!(
        "Waits for a notification if the {bytes} bytes are what is expected, at most so many \
         nanoseconds; pushes 0 notified, 1 not as expected, 2 too late."
    );
    (format!("address {ty} i64 → i32"), text)
}

#[cfg(test)]
mod tests {
    use super::help;

    #[test]
    fn every_atomic_operator_is_explained() {
        let mut names: Vec<String> = "atomic.fence memory.atomic.notify memory.atomic.wait32 \
            memory.atomic.wait64"
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        for (ty, widths) in [("i32", &["", "8", "16"][..]), ("i64", &["", "8", "16", "32"])] {
            for width in widths {
                let sign = if width.is_empty() { "" } else { "_u" };
                names.push(format!("{ty}.atomic.load{width}{sign}"));
                names.push(format!("{ty}.atomic.store{width}"));
                for verb in ["add", "sub", "and", "or", "xor", "xchg", "cmpxchg"] {
                    names.push(format!("{ty}.atomic.rmw{width}.{verb}{sign}"));
                }
            }
        }
        assert_eq!(names.len(), 67);
        for name in names {
            let (_, text) = help(&name).unwrap_or_else(|| panic!("{name}"));
            assert!(text.ends_with('.') && !text.contains("  "), "{name}: {text}");
        }
        assert_eq!(help("i32.atomic.frobnicate"), None);
        assert_eq!(help("i32.add"), None);
    }

    #[test]
    fn widths_are_those_of_the_operator() {
        let of = |name| help(name).unwrap();
        assert!(of("i64.atomic.load32_u").1.contains("Reads 4 bytes"));
        assert!(of("i64.atomic.store").1.contains("Writes 8 bytes"));
        assert!(of("i32.atomic.rmw16.add_u").1.starts_with("Adds to 2 bytes"));
        assert_eq!(of("i64.atomic.rmw8.cmpxchg_u").0, "address expected replacement → i64");
    }
}
