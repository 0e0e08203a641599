//! Loads and stores, in memories of both index types, of whole pages and of bytes, the first and others.

use super::{Forms, Group};

/// Operator, bytes, type.
const LOADS: [(&str, u64, &str); 26] = [
    ("i32.load", 4, "i32"),
    ("i64.load", 8, "i64"),
    ("f32.load", 4, "f32"),
    ("f64.load", 8, "f64"),
    ("i32.load8_s", 1, "i32"),
    ("i32.load8_u", 1, "i32"),
    ("i32.load16_s", 2, "i32"),
    ("i32.load16_u", 2, "i32"),
    ("i64.load8_s", 1, "i64"),
    ("i64.load8_u", 1, "i64"),
    ("i64.load16_s", 2, "i64"),
    ("i64.load16_u", 2, "i64"),
    ("i64.load32_s", 4, "i64"),
    ("i64.load32_u", 4, "i64"),
    ("v128.load", 16, "v128"),
    ("v128.load8x8_s", 8, "v128"),
    ("v128.load8x8_u", 8, "v128"),
    ("v128.load16x4_s", 8, "v128"),
    ("v128.load16x4_u", 8, "v128"),
    ("v128.load32x2_s", 8, "v128"),
    ("v128.load32x2_u", 8, "v128"),
    ("v128.load8_splat", 1, "v128"),
    ("v128.load16_splat", 2, "v128"),
    ("v128.load32_splat", 4, "v128"),
    ("v128.load64_splat", 8, "v128"),
    ("v128.load32_zero", 4, "v128"),
];
const STORES: [(&str, u64, &str); 10] = [
    ("i32.store", 4, "i32"),
    ("i64.store", 8, "i64"),
    ("f32.store", 4, "f32"),
    ("f64.store", 8, "f64"),
    ("i32.store8", 1, "i32"),
    ("i32.store16", 2, "i32"),
    ("i64.store8", 1, "i64"),
    ("i64.store16", 2, "i64"),
    ("i64.store32", 4, "i64"),
    ("v128.store", 16, "v128"),
];

/// A memory that the operators are tried on.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) fields: &'static str,
    /// The type of its addresses.
    pub(super) index: &'static str,
    /// Its name in an operator; without one, the first.
    pub(super) memory: &'static str,
    pub(super) size: u64,
}

pub(super) const KINDS: [Kind; 4] = [
    Kind {
        name: "memory",
        fields: "(memory (export \"memory\") 1 2) (data (i32.const 0) \"\\00\\ff\\80\\7f\\01\\fe\\55\\aa\
            \\00\\00\\80\\7f\\01\\00\\a0\\ff\\08\\07\\06\\85\\84\\03\\02\\01\") \
            (data (i32.const 65512) \"\\81\\ff\\80\\7f\\01\\fe\\55\\aa\\00\\00\\80\\7f\\01\\00\\a0\\ff\
            \\08\\07\\06\\85\\84\\03\\02\\f1\")",
        index: "i32",
        memory: "",
        size: 65_536,
    },
    Kind {
        name: "memory of bytes",
        fields: "(memory (export \"memory\") 91 91 (pagesize 1)) (data (i32.const 0) \
            \"\\00\\ff\\80\\7f\\01\\fe\\55\\aa\\00\\00\\80\\7f\\01\\00\\a0\\ff\\08\\07\\06\\85\\84\\03\\02\\01\") \
            (data (i32.const 71) \"\\81\\ff\\80\\7f\\01\\fe\\55\\aa\\00\\00\\80\\7f\\01\\00\\a0\\ff\\08\\07\\06\\85\")",
        index: "i32",
        memory: "",
        size: 91,
    },
    Kind {
        name: "memory64",
        fields: "(memory (export \"memory\") i64 100 200 (pagesize 1)) (data (i64.const 0) \
            \"\\00\\ff\\80\\7f\\01\\fe\\55\\aa\\00\\00\\80\\7f\\01\\00\\a0\\ff\\08\\07\\06\\85\\84\\03\\02\\01\") \
            (data (i64.const 80) \"\\81\\ff\\80\\7f\\01\\fe\\55\\aa\\00\\00\\80\\7f\\01\\00\\a0\\ff\\08\\07\\06\\85\")",
        index: "i64",
        memory: "",
        size: 100,
    },
    Kind {
        name: "second memory",
        fields: "(memory $first (export \"first\") i64 7 9 (pagesize 1)) \
            (memory $second (export \"memory\") 77 99 (pagesize 1)) (data (memory $second) (i32.const 0) \
            \"\\00\\ff\\80\\7f\\01\\fe\\55\\aa\\00\\00\\80\\7f\\01\\00\\a0\\ff\\08\\07\\06\\85\\84\\03\\02\\01\")",
        index: "i32",
        memory: "$second ",
        size: 77,
    },
];

impl Kind {
    /// An address type and addresses at both ends for an access of so many bytes.
    pub(super) fn addresses(&self, width: u64) -> String {
        let end = i128::from(self.size);
        let width = i128::from(width);
        let mut list: Vec<i128> = vec![0, 1, 2, 3, 4, 7, 8, 16];
        list.extend([end - width - 1, end - width, end - width + 1, end - 1, end, end + 1]);
        list.extend([0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fff8, -width, 1 - width, -2]);
        if self.index == "i64" {
            list.extend([1 << 32, (1 << 32) + 8, 1 << 63, i128::from(i64::MAX), -0x1_0000_0000]);
        }
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        format!("{}[{}]", self.index, list.join(","))
    }

    /// Immediates: offsets and alignments at their edges.
    pub(super) fn immediates(&self, width: u64, full: bool) -> Vec<String> {
        let end = self.size;
        if !full {
            let last = if self.index == "i64" { u64::MAX } else { 0xffff_ffff };
            let mut all =
                vec![String::new(), format!(" offset={}", end - width), format!(" offset={last}")];
            // On the first memory, more of those that do not differ by kinds.
            if self.size == 65_536 {
                all.extend([" align=1".into(), format!(" offset={end}")]);
            }
            return all;
        }
        let mut offsets = vec![1, end - width, end, 0x7fff_ffff, 0xffff_ffff];
        if self.index == "i64" {
            offsets.extend([0x1_0000_0000, u64::MAX, u64::MAX - width + 1, 1 << 63]);
        }
        let mut all = vec![String::new(), " align=1".into()];
        all.extend(offsets.iter().map(|offset| format!(" offset={offset}")));
        all
    }
}

fn values(ty: &str) -> &'static str {
    match ty {
        "i32" => "i32[0,-1,0x80ff7f01,0x01020304]",
        "i64" => "i64[0,-1,0x80ff7f0180ff7f01,0x0102030405060708]",
        "f32" => "f32[0x80000000,0x7fa00001,0x3fc00000]",
        "f64" => "f64[0x8000000000000000,0x7ff4000000000001,0x3ff8000000000000]",
        _ => "v128[0,0x0f0e0d0c0b0a09088786858483828180,-2]",
    }
}

pub(super) fn groups(full: bool) -> Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    for kind in &KINDS {
        let Kind { name, fields, memory, .. } = kind;
        let mut loads = Forms::default();
        let mut stores = Forms::default();
        let zero = ("v128.load64_zero", 8, "v128");
        for (operator, width, ty) in LOADS.into_iter().chain([zero]) {
            let address = kind.addresses(width);
            for immediates in kind.immediates(width, full) {
                let code = format!("({operator} {memory}{immediates} {{0}})");
                loads.add(&format!("{address} -> {ty}"), code)?;
            }
        }
        for (operator, width, ty) in STORES {
            let signature = format!("{} {} ->", kind.addresses(width), values(ty));
            for immediates in kind.immediates(width, full) {
                stores.add(&signature, format!("({operator} {memory}{immediates} {{0}} {{1}})"))?;
            }
        }
        for width in [8, 16, 32, 64] {
            let signature = format!("{} {}", kind.addresses(width / 8), values("v128"));
            for immediates in kind.immediates(width / 8, full) {
                for lane in [0, 128 / width - 1] {
                    let code = format!("{memory}{immediates} {lane} {{0}} {{1}})");
                    loads.add(
                        &format!("{signature} -> v128"),
                        format!("(v128.load{width}_lane {code}"),
                    )?;
                    stores.add(
                        &format!("{signature} ->"),
                        format!("(v128.store{width}_lane {code}"),
                    )?;
                }
            }
        }
        // Addresses that the fast tier computes within the access.
        let index = kind.index;
        let address = kind.addresses(4);
        for offset in [0_u32, 4, 0xffff_ffff] {
            let scaled = format!(
                "(i32.load {memory} offset={offset} ({index}.add {{0}} ({index}.shl {{1}} ({index}.const 2))))"
            );
            loads.add(&format!("{address} {index}[0,1,5,-1,0x40000000] -> i32"), scaled)?;
            let any = format!(
                "(i64.load16_u {memory} offset={offset} ({index}.add ({index}.shl {{1}} {{2}}) {{0}}))"
            );
            let shifts = format!("{index}[0,1,2,3,4,15,16,31,33,35,63,66]");
            loads.add(&format!("{address} {index}[0,1,5,-1] {shifts} -> i64"), any)?;
            let behind = format!(
                "(i32.load {memory} offset={offset} ({index}.add {{0}} ({index}.const 0xfffffffc)))"
            );
            loads.add(&format!("{address} -> i32"), behind)?;
            let sum = format!("(i64.load {memory} offset={offset} ({index}.add {{0}} {{1}}))");
            loads.add(&format!("{address} {} -> i64", kind.addresses(8)), sum)?;
            let store = format!(
                "(i32.store {memory} offset={offset} ({index}.add {{0}} ({index}.shl {{1}} ({index}.const 2))) {{2}})"
            );
            let signature = format!("{address} {index}[0,1,5,-1,0x40000000] i32[-2] ->");
            stores.add(&signature, store)?;
            let modify = format!(
                "(i32.store {memory} offset={offset} {{0}} (i32.add (i32.load {memory} offset={offset} {{0}}) {{1}}))"
            );
            stores.add(&format!("{address} i32[1,-1] ->"), modify)?;
        }
        groups.push(loads.pure(&format!("{name}, loads"), fields));
        groups.push(stores.changing(&format!("{name}, stores"), fields));
    }
    Ok(groups)
}
