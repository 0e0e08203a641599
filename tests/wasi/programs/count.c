/* Lines, words and bytes of each file, or of stdin where none is named. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int count(FILE *file, const char *name) {
  long lines = 0, words = 0, bytes = 0;
  int letter, inside = 0;
  while ((letter = getc(file)) != EOF) {
    bytes++;
    lines += letter == '\n';
    int blank = isspace(letter);
    words += !blank && !inside;
    inside = !blank;
  }
  printf("%7ld %7ld %7ld %s\n", lines, words, bytes, name);
  return ferror(file);
}

int main(int argc, char **argv) {
  int failed = 0;
  if (argc < 2) failed = count(stdin, "-");
  for (int index = 1; index < argc; index++) {
    const char *slash = strrchr(argv[index], '/');
    const char *name = slash ? slash + 1 : argv[index];
    FILE *file = strcmp(name, "-") ? fopen(argv[index], "r") : stdin;
    if (!file) {
      fprintf(stderr, "%s: %s\n", name, strerror(errno));
      failed = 1;
      continue;
    }
    failed |= count(file, name);
    if (file != stdin) fclose(file);
  }
  return failed;
}
