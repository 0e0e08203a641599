;; RUN: run %s --invoke memory
(module (memory (export "memory") 1))
