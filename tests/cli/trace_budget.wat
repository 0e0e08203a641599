;; RUN: trace %s --budget 4 --invoke f
(module (func $f (export "f") loop nop br 0 end))
