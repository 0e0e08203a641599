/* Reads a large file by lines: how many, the longest, and a checksum of all of it. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  FILE *file = argc > 1 ? fopen(argv[1], "r") : stdin;
  if (!file) {
    fprintf(stderr, "%s\n", strerror(errno));
    return 1;
  }
  static char line[4096];
  long count = 0;
  size_t longest = 0;
  uint64_t sum = 0xcbf29ce484222325;
  while (fgets(line, sizeof line, file)) {
    count++;
    size_t length = strlen(line);
    if (length > longest) longest = length;
    for (size_t index = 0; index < length; index++) sum = (sum ^ (unsigned char)line[index]) * 0x100000001b3;
  }
  printf("%ld lines, longest %zu, checksum %016llx\n", count, longest, (unsigned long long)sum);
  return 0;
}
