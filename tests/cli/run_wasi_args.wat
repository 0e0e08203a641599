;; RUN: run assets/examples/wasi_args.wat --env COLOR=blue --env EMPTY= -- one --two -3
(module)
