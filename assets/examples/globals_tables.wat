;; Globals, tables and references
;;
;; Shows    Globals keep a value between calls. Tables hold references, which
;;          can be read, written, copied and tested, but never turned into
;;          numbers: `funcref` for functions, `externref` for things of the host.
;; Watch    The globals and tables panels. Changed entries are marked.
;; Start    count a few times, then arrange, then rotate.

(module $globals_tables
  (type $answer (func (result i32)))

  ;; A mutable global, an immutable one, and one with a computed start value.
  (global $counter (export "counter") (mut i32) (i32.const 0))
  (global $ratio (export "ratio") f64 (f64.const 1.618033988749895))
  (global $limit (export "limit") i32
    (i32.add (i32.const 1) (i32.mul (i32.const 3) (i32.const 3))))

  (table $functions (export "functions") 4 8 funcref)
  (table $things (export "things") 0 16 externref)

  ;; Passive elements: like passive data, but references for a table.
  (elem $answers func $one $two $three)

  (func $one (type $answer) (result i32) i32.const 1)
  (func $two (type $answer) (result i32) i32.const 2)
  (func $three (type $answer) (result i32) i32.const 3)

  ;; Adds 1 to the counter, and starts again at 0 behind the limit, 10.
  (func $count (export "count") (result i32)
    global.get $counter
    i32.const 1
    i32.add
    global.set $counter
    global.get $counter
    global.get $limit
    i32.gt_s
    if $behind
      i32.const 0
      global.set $counter
    end
    global.get $counter)

  (func $scale (export "scale") (param $x f64) (result f64)
    local.get $x
    global.get $ratio
    f64.mul)

  ;; Lays the three functions into entries 0 to 2; entry 3 stays null.
  (func $arrange (export "arrange")
    i32.const 0          ;; destination in the table
    i32.const 0          ;; offset in the segment
    i32.const 3          ;; how many
    table.init $functions $answers)

  ;; Calls entry $index. Traps while it is null: `arrange` first.
  (func $ask (export "ask") (param $index i32) (result i32)
    local.get $index
    call_indirect $functions (type $answer))

  ;; Moves every entry up by one place and the last of the four to the front,
  ;; with entries as plain values on the operand stack.
  (func $rotate (export "rotate")
    i32.const 0          ;; where the last entry will go, much later
    i32.const 3
    table.get $functions ;; a reference on the operand stack
    i32.const 1          ;; destination
    i32.const 0          ;; source
    i32.const 3          ;; how many; the ranges overlap, which is fine
    table.copy $functions $functions
    table.set $functions)

  ;; How many of the entries are null?
  (func $count_null (export "count_null") (result i32)
    (local $at i32)
    (local $count i32)
    loop $next
      local.get $at
      table.get $functions
      ref.is_null
      local.get $count
      i32.add
      local.set $count
      local.get $at
      i32.const 1
      i32.add
      local.tee $at
      table.size $functions
      i32.lt_u
      br_if $next
    end
    local.get $count)

  ;; Grows by $more entries that all refer to $one. Answers with the old size,
  ;; or with -1: the table was declared with room for eight.
  (func $grow (export "grow") (param $more i32) (result i32)
    ref.func $one
    local.get $more
    table.grow $functions)

  ;; Every entry becomes null again.
  (func $clear (export "clear")
    i32.const 0
    ref.null func
    table.size $functions
    table.fill $functions)

  ;; Keeps something of the host's. Answers with its index.
  (func $keep (export "keep") (param $thing externref) (result i32)
    local.get $thing
    i32.const 1
    table.grow $things)

  ;; Gives it back, just as it was. Traps for an index never handed out.
  (func $recall (export "recall") (param $index i32) (result externref)
    local.get $index
    table.get $things)

  ;; All of it in one run: 1 + 2 + 3 through the table, before and after a
  ;; rotation, with one null entry counted in between.
  (func $tour (export "tour") (result i32 i32 i32)
    call $arrange
    i32.const 0
    call $ask            ;; 1
    call $count_null     ;; 1: entry 3
    call $rotate
    i32.const 3
    call $ask))          ;; 3: the function that was at 2
