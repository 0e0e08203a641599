;; RUN: trace assets/examples/attribution/b.wat assets/examples/attribution/a.wat --stub-imports zero --invoke main
