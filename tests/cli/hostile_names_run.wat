;; RUN: run %s --invoke ma\nin 0 --stub-imports zero
(module $"mod\n0 done | i32:1"
  (import "wasi:x\n1 host" "\1b[2Jlog | i32:9" (func $"im\u{202e}port" (param i32)))
  (type $"ty\npe" (struct (field $"fi\reld" i32)))
  (global $"glo\u{2028}bal" (mut i32) (i32.const 1))
  (memory $"mem\u{9b}ory" 1) (table $"ta\08ble" 1 funcref) (tag $"t\0ag")
  (func $"x 0x0000 nop |\n1 done | i32:42\1b[8mhidden" (export "ma\nin") (param $"pa\nram" i32)
    block $"la\nbel" local.get $"pa\nram" br_if $"la\nbel" end
    global.get $"glo\u{2028}bal"
    call $"im\u{202e}port"
    unreachable))
