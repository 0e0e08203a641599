;; RUN: run %s --invoke f
(module (func $f (export "f") call $f))
