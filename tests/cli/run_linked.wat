;; RUN: run assets/examples/greeter/lib.wat assets/examples/greeter/main.wat --invoke greet
(module)
