//! Programs of structures and arrays, against Wasmtime's interpreter; each exports
//! `run: (i32) -> i32`.

use crate::programs::Program;

/// Binary trees that are built, counted and forgotten.
const TREES: Program = Program {
    name: "trees",
    argument: 60,
    text: r#"(module
      (type $tree (struct (field (ref null $tree)) (field (ref null $tree))))
      (func $make (param $depth i32) (result (ref $tree))
        local.get $depth
        if (result (ref $tree))
          (call $make (i32.sub (local.get $depth) (i32.const 1)))
          (call $make (i32.sub (local.get $depth) (i32.const 1)))
          struct.new $tree
        else
          ref.null $tree  ref.null $tree  struct.new $tree
        end)
      (func $count (param $tree (ref null $tree)) (result i32)
        local.get $tree  ref.is_null
        if (result i32)
          i32.const 0
        else
          (call $count (struct.get $tree 0 (local.get $tree)))
          (call $count (struct.get $tree 1 (local.get $tree)))
          i32.add  i32.const 1  i32.add
        end)
      (func (export "run") (param $n i32) (result i32) (local $kept (ref $tree)) (local $sum i32)
        i32.const 12  call $make  local.set $kept
        loop
          i32.const 10  call $make  call $count  local.get $sum  i32.add  local.set $sum
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
        end
        local.get $kept  call $count  local.get $sum  i32.add))"#,
};

/// A list that is built once and walked often.
const LIST: Program = Program {
    name: "linked_list",
    argument: 400,
    text: r#"(module
      (type $node (struct (field i32) (field (ref null $node))))
      (func (export "run") (param $n i32) (result i32)
        (local $list (ref null $node)) (local $at (ref null $node)) (local $i i32) (local $sum i32)
        i32.const 1000  local.set $i
        loop $more
          local.get $i  local.get $list  struct.new $node  local.set $list
          local.get $i  i32.const 1  i32.sub  local.tee $i  br_if $more
        end
        loop $again
          local.get $list  local.set $at
          block $end
            loop $walk
              local.get $at  br_on_null $end
              struct.get $node 0  local.get $sum  i32.add  local.set $sum
              local.get $at  struct.get $node 1  local.set $at
              br $walk
            end
          end
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
        end
        local.get $sum))"#,
};

/// An array of structures, sorted by a field (shell sort).
const SORT: Program = Program {
    name: "sort_structs",
    argument: 3_000,
    text: r#"(module
      (type $item (struct (field $key i32) (field $weight i64)))
      (type $items (array (mut (ref null $item))))
      (func (export "run") (param $n i32) (result i32)
        (local $items (ref null $items)) (local $i i32) (local $j i32) (local $gap i32)
        (local $seed i32) (local $item (ref null $item)) (local $other (ref null $item))
        local.get $n  array.new_default $items  local.set $items
        i32.const 12345  local.set $seed
        loop $fill
          local.get $seed  i32.const 1103515245  i32.mul  i32.const 12345  i32.add  local.set $seed
          local.get $items  local.get $i
          local.get $seed  i32.const 8  i32.shr_u  i64.const 1  struct.new $item
          array.set $items
          local.get $i  i32.const 1  i32.add  local.tee $i  local.get $n  i32.lt_u  br_if $fill
        end
        local.get $n  i32.const 1  i32.shr_u  local.set $gap
        block $sorted
          loop $gaps
            local.get $gap  i32.eqz  br_if $sorted
            local.get $gap  local.set $i
            loop $insert
              local.get $items  local.get $i  array.get $items  local.set $item
              local.get $i  local.set $j
              block $placed
                loop $shift
                  local.get $j  local.get $gap  i32.lt_u  br_if $placed
                  local.get $items  local.get $j  local.get $gap  i32.sub  array.get $items
                  local.tee $other
                  struct.get $item $key
                  local.get $item  struct.get $item $key
                  i32.le_u  br_if $placed
                  local.get $items  local.get $j  local.get $other  array.set $items
                  local.get $j  local.get $gap  i32.sub  local.set $j
                  br $shift
                end
              end
              local.get $items  local.get $j  local.get $item  array.set $items
              local.get $i  i32.const 1  i32.add  local.tee $i  local.get $n  i32.lt_u  br_if $insert
            end
            local.get $gap  i32.const 1  i32.shr_u  local.set $gap
            br $gaps
          end
        end
        local.get $items  i32.const 0  array.get $items  struct.get $item $key
        local.get $items  local.get $n  i32.const 1  i32.shr_u  array.get $items
        struct.get $item $key  i32.xor))"#,
};

pub const ALL: [Program; 3] = [TREES, LIST, SORT];
