;; RUN: wast %s
(module
(asert_return
