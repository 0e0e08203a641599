;; Types of references, and casts
;;
;; Shows    A subtype has the fields of its supertype and more. References go up
;;          by themselves and down by a cast, which looks at the object. Small
;;          integers are references without an object, and references to
;;          functions are called with `call_ref`.
;; Watch    The operand stack: each reference says what it refers to. The pointer
;;          on a local shows the type that it is declared with.
;; Start    tour, then wrong_cast.

(module $casts
  ;; Every shape has a method for its area. The types need each other, so they
  ;; stand in one recursion group.
  (rec
    (type $shape (sub (struct (field $area (ref $area)))))
    (type $area (func (param (ref $shape)) (result f64))))

  (type $circle (sub final $shape
    (struct (field $area (ref $area)) (field $radius f64))))
  (type $rectangle (sub final $shape
    (struct (field $area (ref $area)) (field $width f64) (field $height f64))))

  (type $things (array (mut anyref)))

  (elem declare func $area_of_circle $area_of_rectangle)

  ;; A method gets some shape and knows which one it must be.
  (func $area_of_circle (type $area) (param $shape (ref $shape)) (result f64)
    (local $circle (ref null $circle))
    local.get $shape
    ref.cast (ref $circle)
    local.tee $circle
    struct.get $circle $radius
    local.get $circle
    struct.get $circle $radius
    f64.mul
    f64.const 3.141592653589793
    f64.mul)

  (func $area_of_rectangle (type $area) (param $shape (ref $shape)) (result f64)
    local.get $shape
    ref.cast (ref $rectangle)
    struct.get $rectangle $width
    local.get $shape
    ref.cast (ref $rectangle)
    struct.get $rectangle $height
    f64.mul)

  (func $circle (param $radius f64) (result (ref $circle))
    ref.func $area_of_circle
    local.get $radius
    struct.new $circle)

  (func $rectangle (param $width f64) (param $height f64) (result (ref $rectangle))
    ref.func $area_of_rectangle
    local.get $width
    local.get $height
    struct.new $rectangle)

  ;; The shape itself says which function that is.
  (func $area (param $shape (ref $shape)) (result f64)
    local.get $shape
    local.get $shape
    struct.get $shape $area
    call_ref $area)

  ;; The area of a shape, the number of a small integer, 0 for null and -1 for
  ;; anything else.
  (func $measure (param $thing anyref) (result f64)
    block $null
      block $number (result (ref i31))
        block $shape (result (ref $shape))
          local.get $thing
          br_on_null $null
          br_on_cast $shape (ref any) (ref $shape)
          br_on_cast $number (ref any) (ref i31)
          drop
          f64.const -1
          return
        end
        call $area
        return
      end
      i31.get_s
      f64.convert_i32_s
      return
    end
    f64.const 0)

  ;; Five things of five kinds, measured one after the other: 12 for the
  ;; rectangle, 3.14… for the circle, 7 for the integer, 0 for null and -1 for
  ;; the array itself.
  (func $tour (export "tour") (result f64)
    (local $things (ref null $things))
    (local $index i32)
    (local $sum f64)
    i32.const 5
    array.new_default $things
    local.set $things
    local.get $things
    i32.const 0
    f64.const 3
    f64.const 4
    call $rectangle
    array.set $things
    local.get $things
    i32.const 1
    f64.const 1
    call $circle
    array.set $things
    local.get $things
    i32.const 2
    i32.const 7
    ref.i31              ;; no object: the reference is the number
    array.set $things
    local.get $things
    i32.const 4
    local.get $things    ;; an array may refer to itself
    array.set $things
    loop $next
      local.get $things
      local.get $index
      array.get $things
      call $measure
      local.get $sum
      f64.add
      local.set $sum
      local.get $index
      i32.const 1
      i32.add
      local.tee $index
      i32.const 5
      i32.lt_u
      br_if $next
    end
    local.get $sum)

  ;; A rectangle is no circle: the cast traps.
  (func $wrong_cast (export "wrong_cast") (result f64)
    f64.const 3
    f64.const 4
    call $rectangle
    ref.cast (ref $circle)
    struct.get $circle $radius))
