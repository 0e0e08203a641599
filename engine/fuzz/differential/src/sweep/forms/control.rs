//! Blocks, branches, calls and exceptions.

use super::{Forms, Group};

const FIELDS: &str = "
    (type $t (func (param i32) (result i32))) (type $l (func (param i64 i32) (result i64)))
    (tag $e (param i32)) (tag $pair (param i64 f64)) (tag $none)
    (table $table 4 4 funcref) (elem (i32.const 0) func $next $thrown $wrong)
    (elem declare func $next $down $thrown)
    (func $next (type $t) (i32.add (local.get 0) (i32.const 1)))
    (func $wrong (param i64 i32) (result i64) (local.get 0))
    (func $thrown (type $t) (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $none)))
        (if (i32.eq (local.get 0) (i32.const 3)) (then (throw $pair (i64.const -3) (f64.const 0.5))))
        (if (local.get 0) (then (throw $e (local.get 0)))) (i32.const 77))
    (func $two (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
    (func $down (type $l) (if (i32.eqz (local.get 1)) (then (return (local.get 0))))
        (return_call $down (i64.add (local.get 0) (i64.extend_i32_u (local.get 1)))
            (i32.sub (local.get 1) (i32.const 1))))
    (func $tail_indirect (param i32 i32) (result i32)
        (return_call_indirect $table (type $t) (local.get 0) (local.get 1)))
    (func $tail_ref (param i32 i32) (result i32)
        (return_call_ref $t (local.get 0)
            (select (result (ref null $t)) (ref.func $next) (ref.null $t) (local.get 1))))
    (func $rethrown (type $t) (local exnref)
        (block $caught (result i32 exnref) (return (try_table (result i32) (catch_ref $e $caught)
            (call $thrown (local.get 0)))))
        (local.set 1) (if (i32.lt_s (i32.const 0)) (then (throw_ref (local.get 1)))) (i32.const 88))";

/// What the other engine does not have. V8 has it.
const LEGACY: &str = "
    (tag $e (param i32)) (tag $none)
    (func $thrown (param i32) (result i32) (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $none)))
        (if (local.get 0) (then (throw $e (local.get 0)))) (i32.const 77))";

pub(super) fn groups() -> Result<Vec<Group>, String> {
    let control = Forms::default().lines(
        "i32[0,1] -> i32 : (if (result i32) {0} (then (i32.const 3)) (else (i32.const 4)))
        i32[0,1] i32 -> i32 : (if (result i32) {0} (then {1}) (else (unreachable)))
        i32[0,1,2,3,4,-1,0x80000000] -> i32 : (block $a (block $b (block $c (br_table $a $b $c {0})) (return (i32.const 2))) (return (i32.const 1))) (i32.const 0)
        i32[0,1,2,3,-1] i64 -> i64 : (block $a (result i64) (block $b (result i64) (br_table $a $b {1} {0})) (i64.const 5) (i64.xor))
        i32[0,1,-1] -> i32 : (block (br_table 0 {0})) (i32.const 8)
        i32 i32[0,1,0x100] -> i32 : (block (result i32) (br_if 0 {0} {1}) (drop) (i32.const 5))
        i32 i32 -> i32 : (block (result i32) (br 0 (i32.sub {0} {1})))
        i32 i32 -> i32 i32 : (block (result i32 i32) (br 0 {0} {1}))
        i32 i32 -> i32 : {0} {1} (block (param i32 i32) (result i32) (i32.sub))
        i32 i32[0,1] -> i32 : {0} {1} (if (param i32) (result i32) (then (i32.const 1) (i32.add)) (else (i32.const 2) (i32.mul)))
        i32[0,1,5] i32 -> i32 : (local.set $i {0}) {1} (loop (param i32) (result i32) (i32.const 3) (i32.add) (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const 0) (i32.gt_s) (br_if 0))
        i32 i32 -> i32 i32 : (call $two {0} {1})
        i32 -> i32 : (call $next {0})
        i32[0,1,2,3,4,-1] i32 -> i32 : (call_indirect $table (type $t) {1} {0})
        i32[0,1,2,3,4,-1] i32 -> i32 : (call $tail_indirect {1} {0})
        i32 i32[0,1] -> i32 : (call $tail_ref {0} {1})
        i64 i32[0,1,2,1000] -> i64 : (call $down {0} {1})
        i32 -> i32 : (return {0})
        i32[0,1,2,3,-1] -> i32 : (call $thrown {0})
        i32[0,1,2,3,-1] -> i32 : (block $caught (result i32) (try_table (result i32) (catch $e $caught) (call $thrown {0})))
        i32[0,1,2,3,-1] -> i32 : (block $caught (try_table (catch_all $caught) (return (call $thrown {0})))) (i32.const 4)
        i32[0,1,2,3,-1] -> i32 : (block $caught (result exnref) (try_table (catch_all_ref $caught) (return (call $thrown {0}))) (unreachable)) (throw_ref)
        i32[0,1,2,3,-1] -> i32 i32 : (block $caught (result i32) (try_table (result i32) (catch $e $caught) (call $rethrown {0}))) (i32.const 1)
        i32[0,1,2,3,-1] -> i64 : (block $caught (result i64 f64) (try_table (catch $pair $caught) (return (i64.extend_i32_s (call $thrown {0})))) (unreachable)) (drop)
        i32[0,1,2,3,-1] i32 -> i32 : (local.set $i {1}) (block $caught (try_table (catch_all $caught) (local.set $i (i32.const 9)) (drop (call $thrown {0})))) (local.get $i)
        i32[0,1] -> i32 : (throw_ref (block $caught (result exnref) (if {0} (then (try_table (catch_all_ref $caught) (throw $e (i32.const 5))))) (ref.null exn)))
        i32 i64 f64 -> i32 : (throw $pair {1} {2}) (drop {0})",
    )?;
    let legacy = Forms::default().lines(
        "i32[0,1,2,-1] -> i32 : (try (result i32) (do (call $thrown {0})) (catch $e (i32.const 1) (i32.add)) (catch_all (i32.const 5)))
        i32[0,1,2,-1] -> i32 : (try (result i32) (do (call $thrown {0})) (catch $e))
        i32[0,1,2,-1] -> i32 : (try $out (result i32) (do (try (result i32) (do (call $thrown {0})) (catch_all (rethrow 0)))) (catch $e (i32.const 3) (i32.mul)))
        i32[0,1,2,-1] -> i32 : (try $out (result i32) (do (try (result i32) (do (call $thrown {0})) (delegate $out))) (catch $none (i32.const 6)))
        i32[0,1,2,-1] i32 -> i32 : (local.set $i {1}) (try (do (local.set $i (i32.const 9)) (drop (call $thrown {0}))) (catch_all (local.set $i (i32.add (local.get $i) (i32.const 1))))) (local.get $i)",
    )?;
    let mut legacy = legacy.pure("legacy exception", LEGACY);
    legacy.peer = false;
    Ok(vec![control.pure("control", FIELDS), legacy])
}
