;; RUN: run
