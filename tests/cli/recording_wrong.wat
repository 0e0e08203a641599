;; RUN: replay %s
;; RUN: replay
;; RUN: replay %s --writes 0
;; RUN: diff %s
;; RUN: run %s --invoke exit --record %t --budget 2
;; RUN: replay %t
;; RUN: diff %t %s
(module (func (export "nothing")) (func (export "exit") nop nop nop))
