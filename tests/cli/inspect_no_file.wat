;; RUN: inspect
