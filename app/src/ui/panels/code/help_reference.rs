//! What operators on references, structures, arrays and exceptions do.

/// Effect and sentence of such an operator.
pub(super) fn help(name: &str) -> Option<(&'static str, &'static str)> {
    references(name).or_else(|| heap(name)).or_else(|| exceptions(name))
}

fn references(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "ref.as_non_null" => {
            ("reference → reference", "Leaves the reference as it is; traps if it is null.")
        }
        "ref.eq" => {
            ("a b → i32", "1 if both refer to the same object or are the same i31, else 0.")
        }
        "ref.test" => ("reference → i32", "1 if the reference is of this type, else 0."),
        "ref.cast" => (
            "reference → reference",
            "Takes the reference as one of this type; traps if it is not.",
        ),
        "ref.i31" => {
            ("i32 → reference", "Makes a reference of the low 31 bits; nothing is allocated.")
        }
        "i31.get_s" => {
            ("i31ref → i32", "The 31 bits of the reference, with their sign; traps on null.")
        }
        "i31.get_u" => {
            ("i31ref → i32", "The 31 bits of the reference, without sign; traps on null.")
        }
        "br_on_null" => (
            "reference → reference",
            "Branches if the reference is null, which is dropped then; else it stays, not null.",
        ),
        "br_on_non_null" => (
            "reference →",
            "Branches with the reference if it is not null; else goes on without it.",
        ),
        "br_on_cast" => (
            "reference → reference",
            "Branches if the reference is of the second type; it stays on the stack either way.",
        ),
        "br_on_cast_fail" => (
            "reference → reference",
            "Branches if the reference is not of the second type; it stays on the stack either way.",
        ),
        "call_ref" => {
            ("arguments funcref → results", "Calls the function referred to; traps if it is null.")
        }
        "return_call_ref" => {
            ("arguments funcref →", "Calls the function referred to in place of this frame.")
        }
        "any.convert_extern" => {
            ("externref → anyref", "Takes a value of the host in among the references to data.")
        }
        "extern.convert_any" => {
            ("anyref → externref", "Makes a reference to data one that can be given to the host.")
        }
        _ => return None,
    })
}

fn heap(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "struct.new" => {
            ("fields → reference", "Allocates a structure with these fields, the last one on top.")
        }
        "struct.new_default" => {
            ("→ reference", "Allocates a structure whose fields are zero and null.")
        }
        "struct.get" => ("reference → value", "Reads a field; traps if the reference is null."),
        "struct.get_s" => (
            "reference → i32",
            "Reads a packed field with its sign; traps if the reference is null.",
        ),
        "struct.get_u" => (
            "reference → i32",
            "Reads a packed field without sign; traps if the reference is null.",
        ),
        "struct.set" => ("reference value →", "Writes a field; traps if the reference is null."),
        "array.new" => ("value length → reference", "Allocates an array, each element this value."),
        "array.new_default" => ("length → reference", "Allocates an array of zeros or nulls."),
        "array.new_fixed" => {
            ("values → reference", "Allocates an array of as many elements as the number says.")
        }
        "array.new_data" => (
            "from length → reference",
            "Allocates an array with the bytes of a data segment; traps beyond its end.",
        ),
        "array.new_elem" => (
            "from length → reference",
            "Allocates an array with references of an element segment; traps beyond its end.",
        ),
        "array.get" => {
            ("reference index → value", "Reads an element; traps on null or beyond the end.")
        }
        "array.get_s" => (
            "reference index → i32",
            "Reads a packed element with its sign; traps on null or beyond the end.",
        ),
        "array.get_u" => (
            "reference index → i32",
            "Reads a packed element without sign; traps on null or beyond the end.",
        ),
        "array.set" => {
            ("reference index value →", "Writes an element; traps on null or beyond the end.")
        }
        "array.len" => {
            ("reference → i32", "The number of elements; traps if the reference is null.")
        }
        "array.fill" => {
            ("reference index value length →", "Sets a range of elements to one value.")
        }
        "array.copy" => (
            "to index from index length →",
            "Copies elements, as if all were read before any is written.",
        ),
        "array.init_data" => {
            ("reference index from length →", "Copies bytes of a data segment into elements.")
        }
        "array.init_elem" => (
            "reference index from length →",
            "Copies references of an element segment into elements.",
        ),
        _ => return None,
    })
}

fn exceptions(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "try_table" => (
            "",
            "Opens a label; what is thrown inside and has a clause here branches to the clause's label.",
        ),
        "throw" => (
            "values →",
            "Throws an exception with these values: the innermost handler of its tag goes on.",
        ),
        "throw_ref" => ("exnref →", "Throws the exception again; traps if the reference is null."),
        "try" => {
            ("", "Opens a label; what is thrown inside is offered to the clauses that follow.")
        }
        "catch" => (
            "→ values",
            "Begins the clause for exceptions of this tag; arriving from above goes on behind the end.",
        ),
        "catch_all" => (
            "",
            "Begins the clause for every exception; arriving from above goes on behind the end.",
        ),
        "rethrow" => ("", "Throws the exception of an enclosing catch again."),
        "delegate" => {
            ("", "Ends a try: what is thrown inside is offered to the handler of a label.")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::help;

    /// Every operator on references, objects and exceptions, the former ones included.
    const OPERATORS: &str = "ref.as_non_null br_on_null br_on_non_null call_ref return_call_ref ref.eq \
        ref.test ref.cast br_on_cast br_on_cast_fail ref.i31 i31.get_s i31.get_u any.convert_extern \
        extern.convert_any struct.new struct.new_default struct.get struct.get_s struct.get_u \
        struct.set array.new array.new_default array.new_fixed array.new_data array.new_elem \
        array.get array.get_s array.get_u array.set array.len array.fill array.copy \
        array.init_data array.init_elem try_table throw throw_ref try catch catch_all rethrow \
        delegate";

    #[test]
    fn every_operator_on_references_is_explained() {
        for name in OPERATORS.split_whitespace() {
            let (_, text) = help(name).unwrap_or_else(|| panic!("{name}"));
            assert!(text.ends_with('.') && !text.contains("  "), "{name}: {text}");
        }
        assert_eq!(help("struct.frobnicate"), None);
    }
}
