//! Operators on ranges and sizes of memories and tables.

use super::{Forms, Group};

const MEMORIES: &str = "(memory $a (export \"a\") 40 60 (pagesize 1)) (memory $b (export \"b\") i64 30 50 (pagesize 1))
    (data (memory $a) (i32.const 0) \"abcdefghijklmnopqrstuvwxyz0123456789\") (data (memory $b) (i64.const 3) \"ABCDEFGHIJ\")
    (data $passive \"passive data\") (data $empty \"\")";

const TABLES: &str = "(type $t (func (result i32))) (type $other (func (result i64)))
    (table $a (export \"ta\") 10 14 funcref) (table $b (export \"tb\") i64 6 9 funcref)
    (table $e (export \"te\") 4 7 externref)
    (elem (table $a) (i32.const 0) func $f $g $h) (elem (table $b) (i64.const 2) func $h $g)
    (elem $passive func $f $g $h $f) (elem $empty func) (elem declare func $f $g)
    (func $f (result i32) (i32.const 11)) (func $g (result i32) (i32.const 12)) (func $h (result i64) (i64.const 13))
    (func $either (param i32) (result funcref)
        (select (result funcref) (ref.func $f) (ref.null func) (local.get 0)))";

pub(super) fn groups() -> Result<Vec<Group>, String> {
    let at = "i32[0,1,5,39,40,41,-1]";
    let at64 = "i64[0,1,5,29,30,31,-1,0x100000000]";
    let len = "i32[0,1,12,35,40,-1]";
    let mut memories = Forms::default();
    memories.add(&format!("{at} i32[0,255,0x1ff] {len} ->"), "(memory.fill $a {0} {1} {2})")?;
    memories
        .add(&format!("{at64} i32[255] i64[0,1,25,30,-1] ->"), "(memory.fill $b {0} {1} {2})")?;
    memories.add(&format!("{at} {at} {len} ->"), "(memory.copy $a $a {0} {1} {2})")?;
    memories
        .add(&format!("{at64} {at64} i64[0,1,25,30,-1] ->"), "(memory.copy $b $b {0} {1} {2})")?;
    memories.add(&format!("{at} {at64} {len} ->"), "(memory.copy $a $b {0} {1} {2})")?;
    memories.add(&format!("{at64} {at} {len} ->"), "(memory.copy $b $a {0} {1} {2})")?;
    let memories = memories.lines(
        "i32[0,28,29,40,41,-1] i32[0,11,12,13,-1] i32[0,1,12,13,-1] -> : (memory.init $a $passive {0} {1} {2})
        i64[0,18,19,30,31,-1,0x100000000] i32[0,11,12,13,-1] i32[0,1,12,13,-1] -> : (memory.init $b $passive {0} {1} {2})
        i32[0,40,41] i32[0,1] i32[0,1] -> : (memory.init $a $empty {0} {1} {2})
        i32[0,40,41] i32[0,1] i32[0,1] -> : (data.drop $passive) (memory.init $a $passive {0} {1} {2})
        i32[0,1,19,20,21,0x10000,-1] -> i32 : (memory.grow $a {0})
        i64[0,1,19,20,21,0x10000,-1,0x100000000] -> i64 : (memory.grow $b {0})
        i32[0,20,21] -> i32 i32 : (memory.grow $a {0}) (memory.size $a)
        i64[0,20,21] -> i64 i64 : (memory.grow $b {0}) (memory.size $b)
        i32[36,40,44,56,57,60] i32[0,20,21] -> i32 : (i32.add (memory.grow $a {1}) (i32.load $a {0}))
        -> i32 i64 : (memory.size $a) (memory.size $b)",
    )?;
    let tables = Forms::default().lines(
        "i32[0,1,2,3,9,10,-1] -> i32 : (ref.is_null (table.get $a {0}))
        i64[0,2,4,5,6,-1,0x100000000] -> i32 : (ref.is_null (table.get $b {0}))
        i32[0,3,4,-1] -> i32 : (ref.is_null (table.get $e {0}))
        i32[0,1,9,10,-1] i32[0,1] -> : (table.set $a {0} (call $either {1}))
        i64[0,5,6,-1,0x100000000] i32[0,1] -> : (table.set $b {0} (call $either {1}))
        i32[0,3,4] -> : (table.set $e {0} (ref.null extern))
        -> i32 i64 i32 : (table.size $a) (table.size $b) (table.size $e)
        i32[0,1] i32[0,1,4,5,-1] -> i32 : (table.grow $a (call $either {0}) {1})
        i32[0,1] i64[0,1,3,4,-1,0x100000000] -> i64 : (table.grow $b (call $either {0}) {1})
        i32[0,4,5] -> i32 i32 : (table.grow $a (ref.func $g) {0}) (table.size $a)
        i32[0,1,9,10,11,-1] i32[0,1] i32[0,1,9,10,-1] -> : (table.fill $a {0} (call $either {1}) {2})
        i64[0,5,6,7,-1] i32[0,1] i64[0,1,6,-1,0x100000000] -> : (table.fill $b {0} (call $either {1}) {2})
        i32[0,1,2,9,10,11,-1] i32[0,1,2,9,10,11,-1] i32[0,1,3,8,10,-1] -> : (table.copy $a $a {0} {1} {2})
        i64[0,1,5,6,7,-1] i64[0,1,2,6,7,-1] i64[0,1,4,6,-1] -> : (table.copy $b $b {0} {1} {2})
        i32[0,1,9,10,11,-1] i64[0,2,6,7,-1,0x100000000] i32[0,1,4,6,-1] -> : (table.copy $a $b {0} {1} {2})
        i64[0,1,5,6,7,0x100000000] i32[0,1,9,10,11,-1] i32[0,1,4,6,-1] -> : (table.copy $b $a {0} {1} {2})
        i32[0,6,7,10,11,-1] i32[0,1,4,5,-1] i32[0,1,4,5,-1] -> : (table.init $a $passive {0} {1} {2})
        i64[0,2,3,6,7,0x100000000] i32[0,1,4,5,-1] i32[0,1,4,5,-1] -> : (table.init $b $passive {0} {1} {2})
        i32[0,10,11] i32[0,1] i32[0,1] -> : (table.init $a $empty {0} {1} {2})
        i32[0,10,11] i32[0,1] i32[0,1] -> : (elem.drop $passive) (table.init $a $passive {0} {1} {2})
        i32[0,1,2,3,9,10,-1,0x7fffffff] -> i32 : (call_indirect $a (type $t) {0})
        i64[0,1,2,3,5,6,-1,0x100000003] -> i32 : (call_indirect $b (type $t) {0})
        i32[0,2,3,10] -> i64 : (call_indirect $a (type $other) {0})
        i32[0,1,2,3,10,-1] -> i32 : (table.set $a (i32.const 3) (ref.func $g)) (call_indirect $a (type $t) {0})",
    )?;
    Ok(vec![memories.changing("bulk memory", MEMORIES), tables.changing("table", TABLES)])
}
