;; `try`, `catch`, `catch_all`, `delegate` and `rethrow`, which finished exceptions have replaced and
;; toolchains still emit. Written from the proposal's rules.

(module
  (tag $e (export "e"))
  (tag $i (param i32))
  (tag $two (param i32 i64))

  (func (export "nothing-thrown") (result i32)
    try (result i32) i32.const 1 catch $e i32.const 2 end)
  (func (export "caught") (result i32)
    try (result i32) throw $e catch $e i32.const 2 end)
  (func (export "payload") (param i32) (result i32)
    try (result i32) local.get 0 throw $i catch $i i32.const 1 i32.add end)
  (func (export "payloads") (result i64) (local i32 i64)
    try (result i64)
      i32.const 7 i64.const 35 throw $two
    catch $two
      local.set 1 local.set 0
      local.get 0 i64.extend_i32_u local.get 1 i64.add
    end)
  (func (export "uncaught") throw $e)
  (func (export "other-tag") try throw $e catch $i drop end)
  (func (export "catch-all") (result i32)
    try (result i32) i32.const 3 throw $i catch_all i32.const 4 end)
  (func (export "first-clause-wins") (param i32) (result i32)
    try (result i32)
      local.get 0 if throw $e end
      i32.const 9 throw $i
    catch $i
    catch $e i32.const 10
    catch_all i32.const 11
    end)
  (func (export "operands-below-are-kept") (result i32)
    i32.const 100
    try (result i32) i32.const 5 i32.const 6 throw $e catch $e i32.const 1 end
    i32.add)
  (func (export "parameters") (param i32) (result i32)
    local.get 0
    try (param i32) (result i32)
      if (result i32) throw $e else i32.const 20 end
    catch $e i32.const 21
    end)
  (func (export "branch-out-of-try") (result i32)
    block (result i32)
      try (result i32) i32.const 30 br 1 catch_all i32.const 31 end
      drop i32.const 32
    end)
  (func (export "branch-out-of-catch") (result i32)
    block (result i32)
      try throw $e catch_all i32.const 33 br 1 end
      i32.const 34
    end)
  (func (export "branch-to-try") (result i32)
    try (result i32) i32.const 35 br 0 catch_all i32.const 36 end)
  (func (export "throw-in-catch") (result i32)
    try (result i32)
      try throw $e catch $e i32.const 40 throw $i end
      i32.const 41
    catch $i
    end)
  (func (export "not-its-own-handler") (result i32)
    try (result i32)
      try (result i32) throw $e catch $e throw $e catch_all i32.const 43 end
    catch $e i32.const 44
    end)

  (func $thrower (param i32) local.get 0 if local.get 0 throw $i end)
  (func $between (param i32) local.get 0 call $thrower)
  (func (export "through-frames") (param i32) (result i32)
    try (result i32) local.get 0 call $between i32.const -1 catch $i end)
  (func (export "locals-keep-their-values") (param i32) (result i32) (local i32)
    i32.const 7 local.set 1
    try i32.const 8 local.set 1 local.get 0 call $between catch $i drop end
    local.get 1)
  (func (export "in-a-loop") (param i32) (result i32) (local i32)
    loop $next
      try
        local.get 0 throw $i
      catch $i
        local.get 1 i32.add local.set 1
      end
      local.get 0 i32.const 1 i32.sub local.tee 0
      br_if $next
    end
    local.get 1)
)

(assert_return (invoke "nothing-thrown") (i32.const 1))
(assert_return (invoke "caught") (i32.const 2))
(assert_return (invoke "payload" (i32.const 41)) (i32.const 42))
(assert_return (invoke "payloads") (i64.const 42))
(assert_exception (invoke "uncaught"))
(assert_exception (invoke "other-tag"))
(assert_return (invoke "catch-all") (i32.const 4))
(assert_return (invoke "first-clause-wins" (i32.const 0)) (i32.const 9))
(assert_return (invoke "first-clause-wins" (i32.const 1)) (i32.const 10))
(assert_return (invoke "operands-below-are-kept") (i32.const 101))
(assert_return (invoke "parameters" (i32.const 0)) (i32.const 20))
(assert_return (invoke "parameters" (i32.const 1)) (i32.const 21))
(assert_return (invoke "branch-out-of-try") (i32.const 30))
(assert_return (invoke "branch-out-of-catch") (i32.const 33))
(assert_return (invoke "branch-to-try") (i32.const 35))
(assert_return (invoke "throw-in-catch") (i32.const 40))
(assert_return (invoke "not-its-own-handler") (i32.const 44))
(assert_return (invoke "through-frames" (i32.const 0)) (i32.const -1))
(assert_return (invoke "through-frames" (i32.const 5)) (i32.const 5))
(assert_return (invoke "locals-keep-their-values" (i32.const 1)) (i32.const 8))
(assert_return (invoke "in-a-loop" (i32.const 100)) (i32.const 5050))

;; Rethrowing.
(module
  (tag $e)
  (tag $i (param i32))
  (func (export "rethrow") (result i32)
    try (result i32)
      try (result i32) i32.const 50 throw $i catch $i drop rethrow 0 end
    catch $i
    end)
  (func (export "rethrow-from-catch-all") (result i32)
    try (result i32)
      try (result i32) i32.const 51 throw $i catch_all rethrow 0 end
    catch $i
    end)
  (func (export "rethrow-outer") (result i32)
    try (result i32)
      try (result i32)
        i32.const 52 throw $i
      catch $i
        drop
        try (result i32)
          i32.const 53 throw $i
        catch $i
          drop
          rethrow 1
        end
      end
    catch $i
    end)
  (func (export "rethrow-inner") (result i32)
    try (result i32)
      try (result i32)
        i32.const 54 throw $i
      catch $i
        drop
        try (result i32)
          i32.const 55 throw $i
        catch $i
          drop
          block rethrow 1 end
          i32.const 0
        end
      end
    catch $i
    end)
  (func (export "rethrow-uncaught") try throw $e catch $e rethrow 0 end)
  (func (export "kept-across-inner-try") (result i32)
    try (result i32)
      try (result i32)
        i32.const 56 throw $i
      catch $i
        drop
        try throw $e catch_all end
        try throw $e catch $e end
        rethrow 0
      end
    catch $i
    end)
)

(assert_return (invoke "rethrow") (i32.const 50))
(assert_return (invoke "rethrow-from-catch-all") (i32.const 51))
(assert_return (invoke "rethrow-outer") (i32.const 52))
(assert_return (invoke "rethrow-inner") (i32.const 55))
(assert_exception (invoke "rethrow-uncaught"))
(assert_return (invoke "kept-across-inner-try") (i32.const 56))

;; Delegating.
(module
  (tag $e)
  (tag $i (param i32))
  (func (export "nothing-thrown") (result i32)
    try (result i32)
      try (result i32) i32.const 60 delegate 0
    catch_all i32.const 61
    end)
  (func (export "to-the-next") (result i32)
    try (result i32)
      try (result i32) throw $e delegate 0
    catch $e i32.const 62
    end)
  (func (export "past-one") (result i32)
    try (result i32)
      try (result i32)
        try (result i32) throw $e delegate 1
      catch_all i32.const 63
      end
    catch_all i32.const 64
    end)
  (func (export "to-a-block") (result i32)
    try (result i32)
      block (result i32)
        try (result i32)
          try (result i32) throw $e delegate 1
        catch_all i32.const 65
        end
      end
    catch_all i32.const 66
    end)
  (func (export "to-the-caller")
    try
      try throw $e delegate 1
    catch_all
    end)
  (func $throws (param i32)
    try
      try local.get 0 throw $i delegate 1
    catch_all
    end)
  (func (export "caller-catches") (result i32)
    try (result i32) i32.const 67 call $throws i32.const 0 catch $i end)
  (func (export "from-a-catch") (result i32)
    try (result i32)
      try (result i32)
        throw $e
      catch $e
        try (result i32) i32.const 68 throw $i delegate 0
      end
    catch $i
    catch_all i32.const 69
    end)
  (func (export "chain") (result i32)
    try (result i32)
      try (result i32)
        try (result i32)
          throw $e
        delegate 0
      delegate 0
    catch $e i32.const 70
    end)
)

(assert_return (invoke "nothing-thrown") (i32.const 60))
(assert_return (invoke "to-the-next") (i32.const 62))
(assert_return (invoke "past-one") (i32.const 64))
(assert_return (invoke "to-a-block") (i32.const 66))
(assert_exception (invoke "to-the-caller"))
(assert_return (invoke "caller-catches") (i32.const 67))
(assert_return (invoke "from-a-catch") (i32.const 68))
(assert_return (invoke "chain") (i32.const 70))

;; Traps are no exceptions.
(module
  (tag $e)
  (func (export "trap") try unreachable catch_all end)
  (func (export "overflow") try call 1 catch_all end))

(assert_trap (invoke "trap") "unreachable")
(assert_exhaustion (invoke "overflow") "call stack exhausted")

;; Tags are told apart by instance, and shared by import.
(module $a
  (tag $mine (export "tag") (param i32))
  (func (export "throw") (param i32) local.get 0 throw $mine))
(register "a" $a)
(module
  (tag $theirs (import "a" "tag") (param i32))
  (func $throw (import "a" "throw") (param i32))
  (tag $own (param i32))
  (func (export "theirs") (result i32)
    try (result i32) i32.const 80 call $throw i32.const 0 catch $own drop i32.const 1 catch $theirs end)
  (func (export "own") (result i32)
    try (result i32) i32.const 81 call $throw i32.const 0 catch $own end))

(assert_return (invoke "theirs") (i32.const 80))
(assert_exception (invoke "own"))

;; Vectors and references as payload.
(module
  (tag $v (param v128 i32))
  (tag $r (param externref))
  (func (export "vector") (result i32)
    try (result v128 i32)
      v128.const i32x4 1 2 3 4 i32.const 90 throw $v
    catch $v
    end
    drop
    i32x4.extract_lane 3)
  (func (export "reference") (param externref) (result externref)
    try (result externref) local.get 0 throw $r catch $r end))

(assert_return (invoke "vector") (i32.const 4))
(assert_return (invoke "reference" (ref.extern 7)) (ref.extern 7))

;; Validation.
(assert_invalid (module (tag $e) (func rethrow 0)) "invalid rethrow label")
(assert_invalid (module (tag $e) (func try rethrow 0 catch_all end)) "invalid rethrow label")
(assert_invalid (module (func try catch 0 end)) "unknown tag")
(assert_invalid (module (tag (param i32)) (func try catch 0 end)) "type mismatch")
(assert_invalid (module (func try (result i32) catch_all i32.const 1 end drop)) "type mismatch")
(assert_invalid (module (func try delegate 5)) "unknown label")
