;; RUN: run %s --budget many
(module)
