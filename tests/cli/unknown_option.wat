;; RUN: --window
