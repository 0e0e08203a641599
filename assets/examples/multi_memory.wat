;; Two memories in one module
;;
;; Shows    A module can own several memories. Every load, store and bulk
;;          operation names the one it means, and `memory.copy` moves bytes
;;          from one to the other. The same address exists in both.
;; Watch    Two memory panels side by side: `shout` reads from
;;          $input and changes only $output.
;; Start    shout, then generations 8.

(module $multi_memory
  (memory $input (export "input") 1)
  (memory $output (export "output") 1 3)

  (data $words (memory $input) (i32.const 0) "two memories, one address\00")
  (data $lines (memory $output) (i32.const 0) "nothing here so far\00")

  ;; Reads from $input, writes capitals to the same addresses of $output.
  ;; Answers with the number of bytes.
  (func $shout (export "shout") (result i32)
    (local $at i32)
    (local $byte i32)
    block $end
      loop $next
        local.get $at
        i32.load8_u $input
        local.tee $byte
        i32.eqz
        br_if $end
        local.get $at
        local.get $byte
        local.get $byte
        i32.const 32
        i32.sub
        local.get $byte
        i32.const 97           ;; 'a'
        i32.lt_u
        select                 ;; unchanged below 'a', else 32 less
        i32.store8 $output
        local.get $at
        i32.const 1
        i32.add
        local.set $at
        br $next
      end
    end
    local.get $at)

  ;; The first byte of each memory: one address, two answers.
  (func $first_bytes (export "first_bytes") (result i32 i32)
    i32.const 0
    i32.load8_u $input
    i32.const 0
    i32.load8_u $output)

  ;; Overwrites 12 bytes of $output with those of $input.
  (func $copy_over (export "copy_over") (result i32)
    i32.const 0              ;; destination, in $output
    i32.const 0              ;; source, in $input
    i32.const 12
    memory.copy $output $input
    i32.const 0
    i32.load $output)

  ;; Sizes in pages; growing one leaves the other as it is.
  (func $grow_output (export "grow_output") (param $pages i32) (result i32 i32)
    local.get $pages
    memory.grow $output
    drop
    memory.size $input
    memory.size $output)

  ;; Double buffering: a row of 32 cells at 64, one byte each, in which a cell
  ;; becomes the exclusive or of its two neighbours. Each generation is computed
  ;; from $input into $output and then copied back. Returns the living cells.
  (func $generations (export "generations") (param $count i32) (result i32)
    (local $cell i32)
    (local $alive i32)
    i32.const 64
    i32.const 0
    i32.const 32
    memory.fill $input
    i32.const 80
    i32.const 1
    i32.store8 $input          ;; one living cell in the middle
    block $done
      loop $generation
        local.get $count
        i32.eqz
        br_if $done
        i32.const 64
        local.set $cell
        loop $next
          local.get $cell
          local.get $cell
          i32.load8_u $input offset=1
          local.get $cell
          i32.const 1
          i32.sub
          i32.load8_u $input
          i32.xor
          i32.store8 $output
          local.get $cell
          i32.const 1
          i32.add
          local.tee $cell
          i32.const 96
          i32.lt_u
          br_if $next
        end
        i32.const 64
        i32.const 64
        i32.const 32
        memory.copy $input $output
        local.get $count
        i32.const 1
        i32.sub
        local.set $count
        br $generation
      end
    end
    i32.const 64
    local.set $cell
    loop $tally
      local.get $alive
      local.get $cell
      i32.load8_u $input
      i32.add
      local.set $alive
      local.get $cell
      i32.const 1
      i32.add
      local.tee $cell
      i32.const 96
      i32.lt_u
      br_if $tally
    end
    local.get $alive))
