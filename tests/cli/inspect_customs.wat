;; RUN: inspect %s
(module
  (@custom "producers" "\01\0cprocessed-by\02\05clang\0222\03lld\0219")
  (@custom "target_features" "\02+\07simd128-\07atomics")
  (@custom "sourceMappingURL" "\0ehttp://x/y.map")
  (@custom "build_id" "\04\de\ad\be\ef")
  (@custom "dylink.0" (before first) "\01\04\10\02\00\00\02\09\01\07libm.so")
  (@custom "other\n\1b[31m" "anything")
  (func $f (param i32)
    (block local.get 0 (@metadata.code.branch_hint "\00") br_if 0)))
