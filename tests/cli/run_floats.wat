;; RUN: run %s --invoke floats
(module (func (export "floats") (result f32 f32 f64 f64 f64 f32)
  f32.const 0.1  f32.const -0  f64.const 0.1  f64.const 1e300  f64.const nan  f32.const nan:0x200001))
