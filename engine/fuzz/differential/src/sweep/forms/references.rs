//! References, structures, arrays and casts.

use super::{Forms, Group};

const FIELDS: &str = "
    (rec (type $point (sub (struct (field $x (mut i8)) (field $y (mut i16)) (field $z (mut i32))
        (field $l (mut i64)) (field $f (mut f32)) (field $d (mut f64)) (field $v (mut v128)) (field $r (mut anyref)))))
         (type $sub (sub $point (struct (field $x (mut i8)) (field $y (mut i16)) (field $z (mut i32))
        (field $l (mut i64)) (field $f (mut f32)) (field $d (mut f64)) (field $v (mut v128)) (field $r (mut anyref))
        (field $more i32)))))
    (type $final (struct (field i32)))
    (type $bytes (array (mut i8))) (type $shorts (array (mut i16))) (type $ints (array (mut i32)))
    (type $longs (array (mut i64))) (type $floats (array (mut f32))) (type $doubles (array (mut f64)))
    (type $vectors (array (mut v128))) (type $refs (array (mut anyref))) (type $funcs (array (mut funcref)))
    (type $fixed (array i32))
    (type $t (func (param i32) (result i32))) (type $u (func (param i32) (result i64)))
    (data $data \"\\00\\ff\\80\\7f\\01\\fe\\55\\aa\\00\\00\\80\\7f\\01\\00\\a0\\ff\\08\\07\\06\\85\")
    (elem $elements funcref (ref.func $f) (ref.null func) (ref.func $f))
    (elem $numbers anyref (ref.i31 (i32.const 5)) (ref.null any) (array.new $ints (i32.const 1) (i32.const 2)))
    (func $f (type $t) (i32.add (local.get 0) (i32.const 1)))
    (func $g (type $u) (i64.extend_i32_s (local.get 0)))
    (elem declare func $f $g)
    (func $point (param i32) (result (ref null $point))
        (if (i32.eqz (local.get 0)) (then (return (ref.null $point))))
        (if (i32.eq (local.get 0) (i32.const 1)) (then (return (struct.new_default $point))))
        (struct.new $sub (i32.const -2) (i32.const 0x18001) (i32.const -3) (i64.const -4) (f32.const 5.5)
            (f64.const -6.5) (v128.const i64x2 7 8) (ref.i31 (i32.const 9)) (i32.const 10)))
    (func $any (param i32) (result anyref)
        (block $null (block $small (block $other (block $array (block $point
            (br_table $null $small $point $point $array $other $other (local.get 0)))
            (return (call $point (i32.sub (local.get 0) (i32.const 1)))))
            (return (array.new_default $bytes (i32.const 3))))
            (return (struct.new $final (local.get 0))))
            (return (ref.i31 (i32.const -7))))
        (ref.null any))
    (func $func (param i32) (result (ref null $t))
        (select (result (ref null $t)) (ref.func $f) (ref.null $t) (local.get 0)))
    (func $untyped (param i32) (result funcref)
        (if (i32.eqz (local.get 0)) (then (return (ref.null func))))
        (if (i32.eq (local.get 0) (i32.const 1)) (then (return (ref.func $f))))
        (ref.func $g))
    (func $tail (param i32 i32) (result i32)
        (return_call_ref $t (local.get 0) (call $func (local.get 1))))";

/// Array type, type of an element, endings of `array.get`, what an element is with an operand and back.
const ARRAYS: [(&str, &str, &[&str]); 7] = [
    ("$bytes", "i32", &["_s", "_u"]),
    ("$shorts", "i32", &["_s", "_u"]),
    ("$ints", "i32", &[""]),
    ("$longs", "i64", &[""]),
    ("$floats", "f32", &[""]),
    ("$doubles", "f64", &[""]),
    ("$vectors", "v128", &[""]),
];

const CASTS: [&str; 16] = [
    "any",
    "null any",
    "eq",
    "null eq",
    "i31",
    "null i31",
    "struct",
    "null struct",
    "array",
    "null array",
    "$point",
    "null $point",
    "$sub",
    "null $sub",
    "$bytes",
    "none",
];

pub(super) fn groups() -> Result<Vec<Group>, String> {
    let which = "i32[0,1,2]";
    let any = "i32[0,1,2,3,4,5,6]";
    let mut objects = Forms::default();
    for (field, ty, endings) in [
        ("$x", "i32", &["_s", "_u"][..]),
        ("$y", "i32", &["_s", "_u"]),
        ("$z", "i32", &[""]),
        ("$l", "i64", &[""]),
        ("$f", "f32", &[""]),
        ("$d", "f64", &[""]),
        ("$v", "v128", &[""]),
    ] {
        for ending in endings {
            let get = format!("struct.get{ending} $point {field}");
            objects.add(&format!("{which} -> {ty}"), format!("({get} (call $point {{0}}))"))?;
            let set = format!(
                "(local.set $object (call $point {{0}})) (struct.set $point {field} (local.get $object) {{1}})"
            );
            let code = format!("{set} ({get} (local.get $object))");
            objects.add(&format!("{which} {ty} -> {ty}"), code)?;
        }
    }
    for (array, ty, endings) in ARRAYS {
        for ending in endings {
            let get = format!("array.get{ending} {array}");
            objects.add(
                &format!("{ty} i32[0,1,3,4,5] i32[0,1,2,3,4,-1] -> {ty}"),
                format!("({get} (array.new {array} {{0}} {{1}}) {{2}})"),
            )?;
            objects.add(
                &format!("{ty} {ty} i32[0,1,2,-1,0x80000000] -> {ty}"),
                format!("({get} (array.new_fixed {array} 2 {{0}} {{1}}) {{2}})"),
            )?;
            objects.add(
                &format!("i32[0,1,4] i32[0,1,3,4,-1] {ty} -> {ty}"),
                format!(
                    "(local.set $a (array.new_default {array} {{0}})) (array.set {array} (ref.cast (ref {array}) \
                     (local.get $a)) {{1}} {{2}}) ({get} (ref.cast (ref {array}) (local.get $a)) {{1}})"
                ),
            )?;
            objects.add(
                &format!("i32[0,1,4,5,-1] {ty} i32[0,1,3,4,5,-1] i32[0,1,3] -> {ty}"),
                format!(
                    "(local.set $a (array.new_default {array} (i32.const 4))) (array.fill {array} (ref.cast (ref \
                     {array}) (local.get $a)) {{0}} {{1}} {{2}}) ({get} (ref.cast (ref {array}) (local.get $a)) {{3}})"
                ),
            )?;
            if array != "$vectors" {
                objects.add(
                    &format!("i32[0,1,4,19,20,21,-1] i32[0,1,2,5,20,0x20000000,-1] -> {ty}"),
                    format!("({get} (array.new_data {array} $data {{0}} {{1}}) (i32.const 0))"),
                )?;
                objects.add(
                    &format!("i32[0,3,4,5,-1] i32[0,1,19,20,21,-1] i32[0,1,2,4,5,-1] -> {ty}"),
                    format!(
                        "(local.set $a (array.new_default {array} (i32.const 4))) (array.init_data {array} $data \
                         (ref.cast (ref {array}) (local.get $a)) {{0}} {{1}} {{2}}) \
                         ({get} (ref.cast (ref {array}) (local.get $a)) (i32.const 3))"
                    ),
                )?;
            }
        }
    }
    objects.add(
        "i32[0,1,3,4,5,-1] i32[0,1,3,4,5,-1] i32[0,1,3,4,5,-1] i32[0,1,2,3] -> i32",
        "(local.set $a (array.new_fixed $bytes 4 (i32.const 1) (i32.const 2) (i32.const 3) (i32.const -1))) \
         (array.copy $bytes $bytes (ref.cast (ref $bytes) (local.get $a)) {0} (ref.cast (ref $bytes) (local.get $a)) {1} {2}) \
         (array.get_u $bytes (ref.cast (ref $bytes) (local.get $a)) {3})",
    )?;
    let objects = objects.lines(
        "i32[0,1,2,3,4,-1] i32[0,1,2,3,4,-1] -> i32 : (array.len (array.new_elem $funcs $elements {0} {1}))
        i32[0,1,2,3,4,-1] i32[0,1,2,3,4,-1] i32[0,1,2] -> i32 : (ref.is_null (array.get $refs (array.new_elem $refs $numbers {0} {1}) {2}))
        i32[0,3,4,-1] i32[0,3,4,-1] i32[0,1,3,4,-1] -> i32 : (local.set $a (array.new_default $funcs (i32.const 3))) (array.init_elem $funcs $elements (ref.cast (ref $funcs) (local.get $a)) {0} {1} {2}) (ref.is_null (array.get $funcs (ref.cast (ref $funcs) (local.get $a)) (i32.const 0)))
        i32[0,1,4] -> i32 : (array.len (ref.cast (ref null array) (call $any {0})))
        i32[0,1] -> i32 : (array.len (select (result (ref null $ints)) (array.new_default $ints (i32.const 3)) (ref.null $ints) {0}))
        i32[0,1] i32[0,2,3] -> i32 : (array.get $ints (select (result (ref null $ints)) (array.new_default $ints (i32.const 3)) (ref.null $ints) {0}) {1})
        i32 -> i32 : (i31.get_s (ref.i31 {0}))
        i32 -> i32 : (i31.get_u (ref.i31 {0}))
        i32[0,1] -> i32 : (i31.get_s (select (result i31ref) (ref.i31 (i32.const -1)) (ref.null i31) {0}))
        i32[0,1] -> i32 : (i31.get_u (select (result i31ref) (ref.i31 (i32.const -1)) (ref.null i31) {0}))
        i32[0,1,-1,0x40000000,0x7fffffff] i32[0,1,-1,0x40000000,0x80000000] -> i32 : (ref.eq (ref.i31 {0}) (ref.i31 {1}))
        i32[0,1,2,3,4,5] i32[0,1,2,3,4,5] -> i32 : (ref.eq (ref.cast (ref null eq) (call $any {0})) (ref.cast (ref null eq) (call $any {1})))
        i32[0,1,2,3,4,5] -> i32 : (local.set $a (call $any {0})) (ref.eq (ref.cast (ref null eq) (local.get $a)) (ref.cast (ref null eq) (local.get $a)))
        i32[0,1,2,3,4] -> i32 : (ref.is_null (call $any {0}))
        i32[0,1] -> i32 : (ref.is_null (ref.as_non_null (call $any {0})))
        i32[0,1,4] -> i32 : (ref.test (ref i31) (any.convert_extern (extern.convert_any (call $any {0}))))
        i32[0,1,4] -> i32 : (ref.is_null (extern.convert_any (call $any {0})))
        i32[0,1,4] -> i32 : (block $null (drop (br_on_null $null (call $any {0}))) (return (i32.const 5))) (i32.const 6)
        i32[0,1,4] -> i32 : (ref.is_null (block $some (result anyref) (br_on_non_null $some (call $any {0})) (ref.null any)))
        i32 i32[0,1] -> i32 : (call_ref $t {0} (call $func {1}))
        i32 i32[0,1] -> i32 : (call $tail {0} {1})
        i32[0,1,2] -> i32 : (ref.test (ref $t) (call $untyped {0}))
        i32[0,1,2] -> i32 : (ref.test (ref null $u) (call $untyped {0}))
        i32[0,1,2] -> i32 : (ref.test (ref nofunc) (call $untyped {0}))
        i32 i32[0,1,2] -> i32 : (call_ref $t {0} (ref.cast (ref null $t) (call $untyped {1})))
        i32 -> i32 : (struct.get $final 0 (struct.new $final {0}))
        i32[0,1,2] -> i32 : (ref.is_null (struct.get $point $r (call $point {0})))
        i32[0,1,2] i32[0,1,4] -> i32 : (local.set $object (call $point {0})) (struct.set $point $r (local.get $object) (call $any {1})) (ref.is_null (struct.get $point $r (local.get $object)))",
    )?;
    let mut casts = Forms::default();
    for to in CASTS {
        let ty = format!("(ref {to})");
        casts.add(&format!("{any} -> i32"), format!("(ref.test {ty} (call $any {{0}}))"))?;
        casts.add(
            &format!("{any} -> i32"),
            format!("(ref.is_null (ref.cast {ty} (call $any {{0}})))"),
        )?;
        casts.add(
            &format!("{any} -> i32"),
            format!(
                "(i32.add (i32.const 0) (block $done (result i32) (block $cast (result {ty}) \
                 (br_on_cast $cast anyref {ty} (call $any {{0}})) (drop) (br $done (i32.const 1))) (drop) (i32.const 2)))"
            ),
        )?;
        // What is left over by a cast that also takes null is not null.
        let left = if to.starts_with("null") { "(ref any)" } else { "anyref" };
        casts.add(
            &format!("{any} -> i32"),
            format!(
                "(i32.add (i32.const 0) (block $done (result i32) (block $fail (result {left}) \
                 (br_on_cast_fail $fail anyref {ty} (call $any {{0}})) (drop) (br $done (i32.const 1))) (drop) (i32.const 2)))"
            ),
        )?;
    }
    Ok(vec![objects.pure("object", FIELDS), casts.pure("cast", FIELDS)])
}
