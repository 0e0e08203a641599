/* Sorts the lines of argv[1], and of stdin after them; writes them to argv[2], or to stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **lines;
static size_t count, room;

static void take(FILE *file) {
  char *line = NULL;
  size_t size = 0;
  ssize_t length;
  while ((length = getline(&line, &size, file)) > 0) {
    if (line[length - 1] == '\n') line[length - 1] = 0;
    if (count == room) {
      room = room ? room * 2 : 16;
      lines = realloc(lines, room * sizeof *lines);
    }
    lines[count++] = strdup(line);
  }
  free(line);
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv) {
  FILE *in = argc > 1 ? fopen(argv[1], "r") : NULL;
  if (argc > 1 && !in) {
    perror("sort");
    return 2;
  }
  if (in) {
    take(in);
    fclose(in);
  }
  take(stdin);
  qsort(lines, count, sizeof *lines, by_text);
  FILE *out = argc > 2 ? fopen(argv[2], "w") : stdout;
  if (!out) {
    perror("sort");
    return 2;
  }
  for (size_t index = 0; index < count; index++) fprintf(out, "%s\n", lines[index]);
  if (out != stdout) fclose(out);
  fprintf(stderr, "%zu lines\n", count);
  return 0;
}
