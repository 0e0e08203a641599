/* Both outputs in turn: a reader of both sees the lines in this order. */
#include <stdio.h>

int main(void) {
  for (int line = 1; line <= 3; line++) {
    printf("line %d to stdout\n", line);
    fflush(stdout);
    fprintf(stderr, "line %d to stderr\n", line);
  }
  printf("no newline at the end");
  return 0;
}
