;; Files in a folder that was given
;;
;; Shows    A WASI program has no file system but the folders that it is given,
;;          open already, from file descriptor 3 on. Paths begin at such a
;;          folder and never leave it. What may be done with a file is chosen
;;          when it is opened: those are its rights.
;; Watch    The file descriptor that path_open stores at 16: give it to the other
;;          calls, close it, and it means nothing any more. At 2048 the entries
;;          of the folder: 24 bytes about each, then its name.
;;          Without a folder nothing is open as 3: error 8 is the exit code.
;; Start    _start, with a folder: stepwell run assets/examples/wasi_files.wat --dir /tmp/notes::.
;;
;; Imports
;;      path_open(folder, follow, path, length, create, rights, inherited, flags, fd) -> errno
;;      fd_write, fd_read(fd, pieces, count, bytes) -> errno
;;      fd_seek(fd, offset, from, position) -> errno
;;      fd_readdir(fd, buffer, length, cookie, used) -> errno
;;      fd_close(fd) -> errno
;;      proc_exit(code)
;;
;; Addresses
;;      0   one piece: address and length      16   the file's descriptor
;;      8   how many bytes                     24   a position in a file, 8 bytes
;;     64   the file's name                    32   a line's end
;;     96   what is written into it
;;   1024   what is read back: room for 256 bytes
;;   2048   the folder's entries: room for 4096 bytes

(module $wasi_files
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open
      (param $folder i32) (param $follow i32) (param $path i32) (param $length i32)
      (param $create i32) (param $rights i64) (param $inherited i64) (param $flags i32)
      (param $fd i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $pieces i32) (param $count i32) (param $written i32)
      (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param $fd i32) (param $places i32) (param $count i32) (param $read i32)
      (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param $fd i32) (param $offset i64) (param $from i32) (param $position i32)
      (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir
      (param $fd i32) (param $buffer i32) (param $length i32) (param $cookie i64) (param $used i32)
      (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param $fd i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))

  (memory $memory (export "memory") 1)
  (global $folder i32 (i32.const 3))

  ;; Rights are bits: 2 reads, 4 seeks, 32 tells the position, 64 writes.
  (global $rights i64 (i64.const 102))

  (data $line_end (i32.const 32) "\0a")
  (data $name (i32.const 64) "notes.txt")                     ;;  9 bytes
  (data $text (i32.const 96) "Written by WebAssembly.\0a")    ;; 24

  ;; Every call answers with 0 or the number of an error: that ends the program.
  (func $check (param $errno i32)
    local.get $errno
    if $failed
      local.get $errno
      call $proc_exit
    end)

  ;; Makes one piece of an address and a length; returns where the piece is.
  (func $piece (param $address i32) (param $length i32) (result i32)
    i32.const 0
    local.get $address
    i32.store
    i32.const 4
    local.get $length
    i32.store
    i32.const 0)

  (func $write (param $fd i32) (param $address i32) (param $length i32)
    local.get $fd
    local.get $address
    local.get $length
    call $piece
    i32.const 1
    i32.const 8
    call $fd_write
    call $check)

  ;; Opens the file, which is made or emptied, and leaves its descriptor at 16.
  (func $create
    global.get $folder
    i32.const 0              ;; does not follow a link
    i32.const 64
    i32.const 9
    i32.const 9              ;; 1: make it, 8: empty it
    global.get $rights
    i64.const 0
    i32.const 0
    i32.const 16
    call $path_open
    call $check)

  ;; From the beginning of the file to 1024; returns how many bytes.
  (func $read_back (param $fd i32) (result i32)
    local.get $fd
    i64.const 0
    i32.const 0              ;; from the beginning
    i32.const 24
    call $fd_seek
    call $check
    local.get $fd
    i32.const 1024
    i32.const 256
    call $piece
    i32.const 1
    i32.const 8
    call $fd_read
    call $check
    i32.const 8
    i32.load)

  ;; Prints the names of all entries. An entry has 24 bytes: the cookie of the
  ;; next one (8), a number of the file (8), the length of its name (4), its
  ;; kind (4). The name follows.
  (func $list
    (local $entry i32)
    (local $end i32)
    (local $length i32)
    global.get $folder
    i32.const 2048
    i32.const 4096
    i64.const 0              ;; from the first entry on
    i32.const 8
    call $fd_readdir
    call $check
    i32.const 2048
    local.set $entry
    i32.const 2048
    i32.const 8
    i32.load
    i32.add
    local.set $end
    block $done
      loop $next
        ;; Where the room ends, the last entry may be cut: it is left out here.
        local.get $entry
        i32.const 24
        i32.add
        local.get $end
        i32.gt_u
        br_if $done
        local.get $entry
        i32.load offset=16
        local.tee $length
        local.get $entry
        i32.add
        i32.const 24
        i32.add
        local.get $end
        i32.gt_u
        br_if $done

        i32.const 1
        local.get $entry
        i32.const 24
        i32.add
        local.get $length
        call $write
        i32.const 1
        i32.const 32
        i32.const 1
        call $write

        local.get $entry
        i32.const 24
        i32.add
        local.get $length
        i32.add
        local.set $entry
        br $next
      end
    end)

  (func $_start (export "_start")
    (local $fd i32)
    (local $length i32)
    call $create
    i32.const 16
    i32.load
    local.tee $fd
    i32.const 96
    i32.const 24
    call $write

    local.get $fd
    call $read_back
    local.set $length
    local.get $fd
    call $fd_close
    call $check

    i32.const 1
    i32.const 1024
    local.get $length
    call $write
    call $list))
