;; RUN: run %s --max-call-depth deep
(module)
