/* Ends with the code of its argument, by one of the ways there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void last(void) { puts("the last word"); }

int main(int argc, char **argv) {
  if (argc < 3) return 99;
  int code = atoi(argv[1]);
  atexit(last);
  printf("ends with %d\n", code);
  if (strcmp(argv[2], "exit") == 0) exit(code);
  if (strcmp(argv[2], "_exit") == 0) {
    fflush(stdout);
    _exit(code); /* without the last word */
  }
  return code;
}
