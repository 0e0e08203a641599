/* The whole environment, in its order: nothing of the host's own is in it. */
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

int main(int argc, char **argv) {
  int count = 0;
  for (char **variable = environ; variable && *variable; variable++, count++) puts(*variable);
  printf("%d variables\n", count);
  for (int index = 1; index < argc; index++) {
    const char *value = getenv(argv[index]);
    if (value) {
      printf("%s is [%s]\n", argv[index], value);
    } else {
      printf("%s is not there\n", argv[index]);
    }
  }
  setenv("ADDED", "while running", 1);
  unsetenv("NAME");
  printf("ADDED is [%s], NAME is %s\n", getenv("ADDED"), getenv("NAME") ? "there" : "gone");
  return 0;
}
