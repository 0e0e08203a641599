/* Aborts: a signal natively, a trap under WASI. What was written before is there. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  puts("before");
  fflush(stdout);
  abort();
}
