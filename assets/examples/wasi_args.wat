;; Arguments and environment
;;
;; Shows    A list of texts whose length nobody knows beforehand: a first call
;;          asks how much room it takes, a second one fills that room. Each
;;          text ends with a zero byte, and a list of addresses says where
;;          each begins.
;; Watch    Memory at 1024 after args_get: addresses, four bytes each. At 4096
;;          the texts, one after the other. Then the same for the environment,
;;          in the same places.
;; Start    _start. The first argument is always the program's own name.
;;          stepwell run assets/examples/wasi_args.wat --env COLOUR=blue -- one two
;;
;; Imports
;;      args_sizes_get(count, bytes) -> errno      how many, and how long in all
;;      args_get(addresses, texts) -> errno
;;      environ_sizes_get, environ_get             the same for the environment
;;      fd_write(fd, pieces, count, written) -> errno
;;      proc_exit(code)                            ends the program
;;
;; Addresses
;;      0   how many texts        16   one piece for fd_write: address, length
;;      4   how many bytes        24   the number of bytes written
;;     32   a line's end
;;   1024   the list of addresses: room for 768
;;   4096   the texts: room for 60 KiB

(module $wasi_args
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param $count i32) (param $bytes i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get"
    (func $args_get (param $addresses i32) (param $texts i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param $count i32) (param $bytes i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param $addresses i32) (param $texts i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $pieces i32) (param $count i32) (param $written i32)
      (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))

  (memory $memory (export "memory") 1)
  (data $line_end (i32.const 32) "\0a")

  ;; The number of bytes before the zero byte.
  (func $length (param $text i32) (result i32)
    (local $at i32)
    local.get $text
    local.set $at
    block $end
      loop $next
        local.get $at
        i32.load8_u
        i32.eqz
        br_if $end
        local.get $at
        i32.const 1
        i32.add
        local.set $at
        br $next
      end
    end
    local.get $at
    local.get $text
    i32.sub)

  (func $print (param $text i32) (param $length i32)
    i32.const 16
    local.get $text
    i32.store
    i32.const 20
    local.get $length
    i32.store
    i32.const 1
    i32.const 16
    i32.const 1
    i32.const 24
    call $fd_write
    drop)

  ;; Ends the program with the number of an error as its exit code.
  (func $check (param $errno i32)
    local.get $errno
    if $failed
      local.get $errno
      call $proc_exit
    end)

  ;; What was asked for has to fit: the host would write beyond the room.
  (func $check_room
    i32.const 0
    i32.load
    i32.const 768
    i32.gt_u
    i32.const 4
    i32.load
    i32.const 61440
    i32.gt_u
    i32.or
    if $too_much
      i32.const 1
      call $proc_exit
    end)

  ;; Each text of the list at 1024 on a line.
  (func $print_all
    (local $index i32)
    (local $text i32)
    block $end
      loop $next
        local.get $index
        i32.const 0
        i32.load             ;; how many there are
        i32.ge_u
        br_if $end
        local.get $index
        i32.const 2
        i32.shl              ;; an address has four bytes
        i32.load offset=1024
        local.tee $text
        local.get $text
        call $length
        call $print
        i32.const 32
        i32.const 1
        call $print
        local.get $index
        i32.const 1
        i32.add
        local.set $index
        br $next
      end
    end)

  (func $_start (export "_start")
    i32.const 0
    i32.const 4
    call $args_sizes_get
    call $check
    call $check_room
    i32.const 1024
    i32.const 4096
    call $args_get
    call $check
    call $print_all

    i32.const 0
    i32.const 4
    call $environ_sizes_get
    call $check
    call $check_room
    i32.const 1024
    i32.const 4096
    call $environ_get
    call $check
    call $print_all))
