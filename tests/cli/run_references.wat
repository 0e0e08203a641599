;; RUN: run %s --invoke refs null
(module (func $f (export "refs") (param externref) (result funcref funcref externref)
  ref.null func  ref.func $f  local.get 0) (elem declare func $f))
