;; RUN: inspect %s
(module (func (result i32)))
