;; A linked list on the heap
;;
;; Shows    Structures and arrays that live outside linear memory. A program
;;          holds references to them, never addresses; what nothing refers to
;;          any more is garbage and is collected.
;; Watch    The heap panel. Every `struct.new` adds a node; a click on a
;;          reference, here or in the stack, shows its fields and who refers
;;          to it. Collect garbage before and behind `cut`.
;; Start    tour, then push and sum by hand.

(module $linked_list
  ;; A node refers to the next one, or to none. The type names itself.
  (type $node (struct
    (field $value i32)
    (field $next (mut (ref null $node)))))

  (type $numbers (array (mut i32)))

  ;; What the global leads to stays alive, and all that it leads to.
  (global $head (export "head") (mut (ref null $node)) (ref.null $node))

  ;; A new first node in front of those that were there.
  (func $push (export "push") (param $value i32)
    local.get $value
    global.get $head
    struct.new $node     ;; the fields come from the operand stack
    global.set $head)

  ;; The list 1, 2, … up to $count.
  (func $build (export "build") (param $count i32)
    ref.null $node
    global.set $head
    loop $next
      local.get $count
      if
        local.get $count
        call $push
        local.get $count
        i32.const 1
        i32.sub
        local.set $count
        br $next
      end
    end)

  ;; From node to node until there is none.
  (func $sum (export "sum") (result i32)
    (local $at (ref null $node))
    (local $sum i32)
    global.get $head
    local.set $at
    block $end
      loop $next
        local.get $at
        br_on_null $end    ;; leaves the loop behind the last node
        struct.get $node $value
        local.get $sum
        i32.add
        local.set $sum
        local.get $at
        struct.get $node $next
        local.set $at
        br $next
      end
    end
    local.get $sum)

  ;; Turns every reference round. The nodes stay where they are.
  (func $reverse (export "reverse")
    (local $at (ref null $node))
    (local $before (ref null $node))
    (local $after (ref null $node))
    global.get $head
    local.set $at
    block $end
      loop $next
        local.get $at
        br_on_null $end
        struct.get $node $next
        local.set $after
        local.get $at
        local.get $before
        struct.set $node $next
        local.get $at
        local.set $before
        local.get $after
        local.set $at
        br $next
      end
    end
    local.get $before
    global.set $head)

  ;; Lets go of everything behind the first node. Nobody frees it: it has
  ;; become garbage, and the next collection takes it.
  (func $cut (export "cut")
    global.get $head
    ref.null $node
    struct.set $node $next) ;; traps while the list is empty

  ;; The values in an array, which knows its length. Answers with the last.
  (func $to_array (export "to_array") (param $count i32) (result i32)
    (local $array (ref null $numbers))
    (local $at (ref null $node))
    (local $index i32)
    local.get $count
    array.new_default $numbers
    local.set $array
    global.get $head
    local.set $at
    loop $next
      local.get $array
      local.get $index
      local.get $at
      struct.get $node $value
      array.set $numbers   ;; traps beyond the end
      local.get $at
      struct.get $node $next
      local.set $at
      local.get $index
      i32.const 1
      i32.add
      local.tee $index
      local.get $array
      array.len
      i32.lt_u
      br_if $next
    end
    local.get $array
    local.get $count
    i32.const 1
    i32.sub
    array.get $numbers)

  ;; All of it in one run: 15 is the sum of five nodes, 1 the last element
  ;; once they are turned round, 5 what is left when they are cut.
  (func $tour (export "tour") (result i32 i32 i32)
    i32.const 5
    call $build
    call $sum
    call $reverse
    i32.const 5
    call $to_array
    call $cut
    call $sum))
