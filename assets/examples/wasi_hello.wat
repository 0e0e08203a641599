;; Hello by the system interface
;;
;; Shows    WASI, the system interface of WebAssembly: a program's way to its
;;          files, clock and arguments. Everything open has a number, called a
;;          file descriptor: 0 is stdin, 1 stdout, 2 stderr. What is to be
;;          written is told by a list of pieces, each an address and a length;
;;          here it has one.
;; Watch    Memory from 0 on: the list of pieces is data like all else. After
;;          the call, how many bytes were written stands at 32. The text is in
;;          the console.
;; Start    _start, where every WASI program begins.
;;
;; Imports
;;      fd_write(fd, pieces, count, written) -> errno
;;
;; Addresses
;;      0   the list: one piece of 8 bytes, address and length
;;     32   the number of bytes written
;;     64   the text

(module $wasi_hello
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $pieces i32) (param $count i32) (param $written i32)
      (result i32)))

  ;; The host reads and writes here, and finds it by this name.
  (memory $memory (export "memory") 1)

  (data $pieces (i32.const 0) "\40\00\00\00" "\0e\00\00\00")   ;; 14 bytes at 64
  (data $text (i32.const 64) "Hello, world!\0a")

  (func $_start (export "_start")
    i32.const 1          ;; stdout
    i32.const 0          ;; the list of pieces
    i32.const 1          ;; how many
    i32.const 32         ;; where the number of bytes goes
    call $fd_write
    ;; The answer is 0, or the number of an error. A program that ignores it
    ;; does not know whether anybody heard.
    if $failed
      unreachable
    end))
