;; RUN: run assets/icons/stepwell.png
