;; RUN: trace --help
