;; A conversation by stdin and stdout
;;
;; Shows    Reading is like writing: a list of places, each an address and a
;;          length, that the host fills. It may give less than there is room
;;          for, even a piece of a line, so the program reads on until the
;;          line's end. No bytes at all mean that there will be no more.
;; Watch    The call of fd_read waits for what you type in the console. Then the
;;          name is at 1024, a byte more with each call.
;; Start    _start, then type a name.
;;
;; Imports
;;      fd_read(fd, places, count, read) -> errno
;;      fd_write(fd, pieces, count, written) -> errno
;;      proc_exit(code)
;;
;; Addresses
;;      0   one piece or place: address and length
;;      8   the number of bytes read or written
;;     64   the texts
;;   1024   the name: room for 256 bytes

(module $wasi_echo
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param $fd i32) (param $places i32) (param $count i32) (param $read i32)
      (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $pieces i32) (param $count i32) (param $written i32)
      (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))

  (memory $memory (export "memory") 1)

  (data $question (i32.const 64) "What is your name? ")
  (data $hello (i32.const 96) "Hello, ")
  (data $mark (i32.const 104) "!\0a")

  ;; A host may write fewer bytes than it is given; a short text goes at once.
  (func $print (param $text i32) (param $length i32)
    i32.const 0
    local.get $text
    i32.store
    i32.const 4
    local.get $length
    i32.store
    i32.const 1              ;; stdout
    i32.const 0
    i32.const 1
    i32.const 8
    call $fd_write
    drop)

  ;; Reads at 1024 until a line's end, the end of stdin or the end of the room.
  ;; Returns how many bytes the line has, without its end.
  (func $read_line (result i32)
    (local $length i32)
    block $full
      loop $more
        local.get $length
        i32.const 256
        i32.eq
        br_if $full

        ;; One byte at a time: what follows the line is left for who reads next.
        i32.const 0
        i32.const 1024
        local.get $length
        i32.add
        i32.store
        i32.const 4
        i32.const 1
        i32.store
        i32.const 0          ;; stdin
        i32.const 0
        i32.const 1
        i32.const 8
        call $fd_read
        if $failed
          i32.const 1
          call $proc_exit
        end

        i32.const 8
        i32.load
        i32.eqz
        br_if $full          ;; the end of stdin
        local.get $length
        i32.load8_u offset=1024
        i32.const 10         ;; a line's end
        i32.eq
        br_if $full
        local.get $length
        i32.const 1
        i32.add
        local.set $length
        br $more
      end
    end
    local.get $length)

  (func $_start (export "_start")
    (local $length i32)
    i32.const 64
    i32.const 19
    call $print
    call $read_line
    local.tee $length
    i32.eqz
    if $nobody               ;; nobody said anything: exit code 1
      i32.const 1
      call $proc_exit
    end
    i32.const 96
    i32.const 7
    call $print
    i32.const 1024
    local.get $length
    call $print
    i32.const 104
    i32.const 2
    call $print))
