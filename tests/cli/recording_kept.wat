;; RUN: replay tests/recordings/version-1.stepwell
;; RUN: replay tests/recordings/version-1.stepwell --to 400
;; RUN: diff tests/recordings/version-1.stepwell tests/recordings/version-1.stepwell
;; A recording that was written by an older program.
