;; RUN: run %s
(module (func $abort unreachable) (func (export "_start") call $abort))
