/* What the three standard files are: a terminal, a pipe, a file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
  const char *names[] = {"stdin", "stdout", "stderr"};
  for (int file = 0; file < 3; file++) {
    printf("%s: %s\n", names[file], isatty(file) ? "terminal" : "no terminal");
  }
  struct stat info;
  printf("fstat of stdout: %s\n", fstat(1, &info) ? strerror(errno) : "ok");
  errno = 0;
  int none = isatty(77);
  printf("isatty of no file: %d, %s\n", none, strerror(errno));
  return 0;
}
