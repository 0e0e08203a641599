/* The arguments, byte by byte, so that no terminal's or printf's idea of text comes between. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  /* The program's own name, without its folder and without the ending that only one side has. */
  const char *slash = strrchr(argv[0], '/');
  const char *name = slash ? slash + 1 : argv[0];
  const char *ending = strstr(name, ".wasm");
  printf("%.*s, %d arguments\n", (int)(ending ? ending - name : (long)strlen(name)), name, argc - 1);
  for (int index = 1; index < argc; index++) {
    printf("%d: [%s]", index, argv[index]);
    for (const char *at = argv[index]; *at; at++) printf(" %02x", (unsigned char)*at);
    printf("\n");
  }
  printf("argv[argc] is %s\n", argv[argc] ? "something" : "null");
  return 0;
}
