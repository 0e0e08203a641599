;; RUN: run assets/examples/recursion.wat --invoke is_even_tail 1000000
