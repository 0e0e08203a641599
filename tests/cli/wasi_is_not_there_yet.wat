;; RUN: run %s --dir .::/
(module)
