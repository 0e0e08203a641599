/* A conversation: each question has to be seen before its answer is given. */
#include <stdio.h>
#include <string.h>

int main(void) {
  char name[100];
  for (int round = 1; round <= 2; round++) {
    printf("name %d?\n", round);
    fflush(stdout);
    if (!fgets(name, sizeof name, stdin)) {
      puts("no answer");
      return 1;
    }
    name[strcspn(name, "\n")] = 0;
    printf("Hello, %s!\n", name);
  }
  return 0;
}
