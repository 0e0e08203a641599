/* Where a program without a working directory believes to be: everything begins at a preopened
 * folder. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void where(void) {
  char path[1000];
  printf("%s\n", getcwd(path, sizeof path) ? path : strerror(errno));
}

static void show(const char *path) {
  char text[100] = "";
  FILE *file = fopen(path, "r");
  if (!file || !fgets(text, sizeof text, file)) {
    printf("%s: %s\n", path, strerror(errno));
  } else {
    printf("%s: %s\n", path, text);
  }
  if (file) fclose(file);
}

int main(int argc, char **argv) {
  where();
  show("letter.txt");
  printf("chdir: %s\n", chdir(argc > 1 ? argv[1] : "inner") ? strerror(errno) : "ok");
  where();
  show("letter.txt");
  show("./letter.txt");
  show("missing.txt");
  printf("chdir to a file: %s\n", chdir("letter.txt") ? strerror(errno) : "ok");
  printf("chdir to nothing: %s\n", chdir("nothing") ? strerror(errno) : "ok");
  where();
  return 0;
}
