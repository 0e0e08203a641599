;; RUN: inspect assets/examples/host_imports.wat
