/* Memory grows while a program runs: a hundred pieces, each checked, then one of 48 MB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  unsigned char *pieces[100];
  long sum = 0;
  for (int index = 0; index < 100; index++) {
    size_t size = 1000 + index * 997;
    pieces[index] = malloc(size);
    if (!pieces[index]) return 1;
    memset(pieces[index], index, size);
  }
  for (int index = 0; index < 100; index++) {
    sum += pieces[index][0] + pieces[index][999 + index * 997];
    if (index % 2) free(pieces[index]);
  }
  printf("sum %ld\n", sum);
  size_t large = 48u << 20;
  unsigned char *piece = calloc(large, 1);
  if (!piece) return 1;
  piece[0] = piece[large - 1] = 1;
  printf("first, middle, last: %d %d %d\n", piece[0], piece[large / 2], piece[large - 1]);
  return 0;
}
