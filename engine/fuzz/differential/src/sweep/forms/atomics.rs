//! Atomic operators. They are allowed on memories that are not shared, but for waiting.

use super::memory::{KINDS, Kind};
use super::{Forms, Group};

/// Type, what stands behind `atomic.load` and so on, bytes.
const WIDTHS: [(&str, &str, u64); 7] = [
    ("i32", "", 4),
    ("i64", "", 8),
    ("i32", "8", 1),
    ("i32", "16", 2),
    ("i64", "8", 1),
    ("i64", "16", 2),
    ("i64", "32", 4),
];
const MODIFY: [&str; 6] = ["add", "sub", "and", "or", "xor", "xchg"];

/// What lies at the first addresses, alone and with more bits above it, and what does not.
fn expected(ty: &str, width: u64) -> String {
    let present: u64 = 0xaa55_fe01_7f80_ff00;
    let bits = 8 * width;
    let mask = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
    let next = 0xffa0_0001_7f80_0000_u64 & mask;
    let low = present & mask;
    let mut list = vec![low, low ^ 1, next, low | 1 << 31, u64::MAX];
    if ty == "i64" {
        list.extend([low | 1 << 63, low | 1 << 32]);
    }
    if bits < 32 {
        list.push(low | 1 << bits);
    }
    let list: Vec<String> = list.iter().map(|number| format!("0x{number:x}")).collect();
    format!("{ty}[{}]", list.join(","))
}

fn on(kind: &Kind, full: bool) -> Result<[Forms; 2], String> {
    let memory = kind.memory;
    let mut loads = Forms::default();
    let mut changes = Forms::default();
    for (ty, bits, width) in WIDTHS {
        let address = kind.addresses(width);
        let value = format!("{ty}[0,1,-1,0x7f,0x80ff7f01]");
        let unsigned = if bits.is_empty() { "" } else { "_u" };
        let mut all = kind.immediates(width, full);
        // They have to be aligned, and nothing else is valid.
        all.retain(|immediates| !immediates.contains("align"));
        // What differs between kinds is where the address comes from, and that is the same for all of these.
        if !full && kind.name != "memory of bytes" {
            all.truncate(1);
        }
        for at in all {
            loads.add(
                &format!("{address} -> {ty}"),
                format!("({ty}.atomic.load{bits}{unsigned} {memory}{at} {{0}})"),
            )?;
            changes.add(
                &format!("{address} {value} ->"),
                format!("({ty}.atomic.store{bits} {memory}{at} {{0}} {{1}})"),
            )?;
            for operator in MODIFY {
                changes.add(
                    &format!("{address} {value} -> {ty}"),
                    format!(
                        "({ty}.atomic.rmw{bits}.{operator}{unsigned} {memory}{at} {{0}} {{1}})"
                    ),
                )?;
            }
            changes.add(
                &format!("{address} {} {ty}[0x123456789a,-1] -> {ty}", expected(ty, width)),
                format!("({ty}.atomic.rmw{bits}.cmpxchg{unsigned} {memory}{at} {{0}} {{1}} {{2}})"),
            )?;
        }
    }
    loads.add("-> i32", "(atomic.fence) (i32.const 3)")?;
    let notify = format!("{} i32[0,1,-1] -> i32", kind.addresses(4));
    let (wait32, wait64) = (kind.addresses(4), kind.addresses(8));
    for at in ["", " offset=1", " offset=4"] {
        loads.add(&notify, format!("(memory.atomic.notify {memory}{at} {{0}} {{1}})"))?;
        // Of a shared memory, what does not wait or not for long.
        loads.add(
            &format!("{wait32} i32[0x7f80ff00,0x7f80ff01,0] i64[0,1] -> i32"),
            format!("(memory.atomic.wait32 {memory}{at} {{0}} {{1}} {{2}})"),
        )?;
        loads.add(
            &format!("{wait64} i64[0xaa55fe017f80ff00,0x7f80ff00,0] i64[0,1] -> i32"),
            format!("(memory.atomic.wait64 {memory}{at} {{0}} {{1}} {{2}})"),
        )?;
    }
    Ok([loads, changes])
}

pub(super) fn groups(full: bool) -> Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    // The first is of whole pages, too large to be put back for each call.
    for kind in KINDS.iter().filter(|kind| kind.size < 65_536) {
        let [loads, changes] = on(kind, full)?;
        groups.push(loads.pure(&format!("{}, atomic loads", kind.name), kind.fields));
        groups.push(changes.changing(&format!("{}, atomic changes", kind.name), kind.fields));
    }
    // What a shared memory holds is not looked at from outside.
    let shared = Kind {
        name: "shared memory",
        fields: "(memory 91 91 shared (pagesize 1)) (data (i32.const 0) \"\\00\\ff\\80\\7f\\01\\fe\\55\\aa\\00\\00\\80\\7f\\01\\00\\a0\\ff\")",
        index: "i32",
        memory: "",
        size: 91,
    };
    let [loads, changes] = on(&shared, full)?;
    groups.push(loads.pure("shared memory, atomic loads", shared.fields));
    groups.push(changes.changing("shared memory, atomic changes", shared.fields));
    Ok(groups)
}
