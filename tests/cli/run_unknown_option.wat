;; RUN: run %s --fast
(module)
