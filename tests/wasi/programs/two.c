/* Files go from one folder to another: argv[1] and argv[2], two that were given. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void said(const char *what, long answer) {
  printf("%s: %s\n", what, answer < 0 ? strerror(errno) : "ok");
}

int main(int argc, char **argv) {
  if (argc < 3) return 99;
  char from[1000], to[1000];
  snprintf(from, sizeof from, "%s/letter.txt", argv[1]);
  snprintf(to, sizeof to, "%s/letter.txt", argv[2]);
  FILE *in = fopen(from, "r"), *out = fopen(to, "w");
  if (!in || !out) {
    perror("fopen");
    return 1;
  }
  int letter;
  while ((letter = getc(in)) != EOF) putc(letter, out);
  fclose(in);
  fclose(out);
  struct stat info;
  said("stat of the copy", stat(to, &info));
  printf("%lld bytes\n", (long long)info.st_size);
  snprintf(to, sizeof to, "%s/moved.txt", argv[2]);
  said("rename across", rename(from, to));
  said("stat of the first", stat(from, &info));
  said("stat of the moved one", stat(to, &info));
  said("link back", link(to, from));
  snprintf(to, sizeof to, "%s/../letter.txt", argv[2]);
  return 0;
}
