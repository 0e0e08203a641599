;; RUN: trace %s --invoke f 2
(module (func (export "f") (param $n i32)
  loop  local.get $n  if  local.get $n  i32.const 1  i32.sub  local.set $n  br 1  end  end))
