;; RUN: trace %s --invoke f 1
(module
  (type $unary (func (param i32) (result i32)))
  (table $table 1 funcref) (elem (i32.const 0) $id)
  (func $id (type $unary) local.get 0)
  (func $f (export "f") (param $n i32) (result i32) (local $i i32) (local $unused f64)
    block $out (result i32)
      loop $again
        local.get $i  i32.const 1  i32.add  local.tee $i
        i32.const 1  i32.eq  br_if $again
      end
      local.get $i  i32.const 0  call_indirect (type $unary)
      local.get $n  br_table $out $out
    end))
