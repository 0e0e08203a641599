<!DOCTYPE html>
<!-- ;; RUN lines of this kind of file stand on their own line:
;; RUN: run %s
-->
