;; RUN: run %s
(module (memory 65536) (memory 65536) (memory 1) (func (export "_start")))
