;; RUN: --help
