;; Linear memory
;;
;; Shows    A memory is one long row of bytes. Stores and loads come in widths
;;          of 1, 2, 4 and 8 bytes, always with the lowest byte first, and the
;;          narrow loads either extend the sign or fill up with zeros.
;; Watch    The memory panel at addresses 0 to 63 for the small functions, and
;;          at 256 to 287 while `sort_sample` moves the eight numbers there.
;; Start    little_endian, then sort_sample.
;;
;; Addresses
;;      0 ..  63   scratch space of the small functions
;;    256 .. 287   eight i32 values to be sorted

(module $memory
  ;; One page of 64 KiB now, and never more than four.
  (memory $memory (export "memory") 1 4)

  (data $numbers (i32.const 256)
    "\2a\00\00\00"   ;;  42
    "\07\00\00\00"   ;;   7
    "\f9\ff\ff\ff"   ;;  -7
    "\e8\03\00\00"   ;; 1000
    "\00\00\00\00"   ;;   0
    "\63\00\00\00"   ;;  99
    "\18\fc\ff\ff"   ;; -1000
    "\0d\00\00\00")  ;;  13

  ;; Stores 0x11223344 and reads back the byte at the lowest address: 0x44.
  (func $little_endian (export "little_endian") (result i32)
    i32.const 0
    i32.const 0x11223344
    i32.store
    i32.const 0
    i32.load8_u)

  ;; The same eight bytes at 8, read with every width.
  ;; Bytes after the store: 88 77 66 55 44 33 22 11.
  (func $widths (export "widths") (result i32 i32 i32 i64)
    i32.const 8
    i64.const 0x1122334455667788
    i64.store
    i32.const 8
    i32.load8_u          ;; 0x88
    i32.const 8
    i32.load16_u         ;; 0x7788
    i32.const 8
    i32.load             ;; 0x55667788
    i32.const 8
    i64.load)            ;; 0x1122334455667788

  ;; The byte 0xff is 255 without a sign and -1 with one.
  (func $sign_extension (export "sign_extension") (result i32 i32)
    i32.const 16
    i32.const 0xff
    i32.store8
    i32.const 16
    i32.load8_u
    i32.const 16
    i32.load8_s)

  ;; Address operand plus static offset; nothing needs to be aligned.
  (func $unaligned (export "unaligned") (result i32)
    i32.const 21
    i32.const 0x01020304
    i32.store offset=2 align=1      ;; writes 23 .. 26
    i32.const 24
    i32.load16_u align=1)           ;; the two bytes in the middle

  ;; Eight bytes 0xaa from 32 on, the first four overwritten, and those copied
  ;; two places up. The ranges overlap; the copy behaves as if it first read all.
  (func $fill_and_copy (export "fill_and_copy") (result i64)
    i32.const 32         ;; destination
    i32.const 0xaa       ;; value
    i32.const 8          ;; length
    memory.fill          ;; aa aa aa aa aa aa aa aa
    i32.const 32
    i32.const 0x01020304
    i32.store            ;; 04 03 02 01 aa aa aa aa
    i32.const 34         ;; destination
    i32.const 32         ;; source
    i32.const 4          ;; length
    memory.copy          ;; 04 03 04 03 02 01 aa aa
    i32.const 32
    i64.load)            ;; 0xaaaa010203040304

  ;; Grows by $pages. Answers with the old size in pages, or -1 if there is no
  ;; room (more than four pages are never given).
  (func $grow (export "grow") (param $pages i32) (result i32)
    local.get $pages
    memory.grow)

  (func $size (export "size") (result i32)
    memory.size)

  ;; Insertion sort of $count signed numbers from address $base on.
  (func $sort (export "sort") (param $base i32) (param $count i32)
    (local $end i32)       ;; address behind the last number
    (local $sorted i32)    ;; everything below this address is in order
    (local $hole i32)      ;; where $value may have to go
    (local $value i32)
    local.get $base
    local.get $count
    i32.const 2
    i32.shl
    i32.add
    local.set $end
    local.get $base
    i32.const 4
    i32.add
    local.set $sorted
    block $done
      loop $next
        local.get $sorted
        local.get $end
        i32.ge_u
        br_if $done
        local.get $sorted
        local.tee $hole
        i32.load
        local.set $value
        block $placed
          loop $shift
            local.get $hole
            local.get $base
            i32.le_u
            br_if $placed
            local.get $hole
            i32.const 4
            i32.sub
            i32.load
            local.get $value
            i32.le_s
            br_if $placed
            ;; the number below is larger: it moves up by one place
            local.get $hole
            local.get $hole
            i32.const 4
            i32.sub
            i32.load
            i32.store
            local.get $hole
            i32.const 4
            i32.sub
            local.set $hole
            br $shift
          end
        end
        local.get $hole
        local.get $value
        i32.store
        local.get $sorted
        i32.const 4
        i32.add
        local.set $sorted
        br $next
      end
    end)

  ;; Sorts the eight numbers at 256; answers with the smallest and the largest.
  (func $sort_sample (export "sort_sample") (result i32 i32)
    i32.const 256
    i32.const 8
    call $sort
    i32.const 256
    i32.load
    i32.const 256
    i32.load offset=28))
