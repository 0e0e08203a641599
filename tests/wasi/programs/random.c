/* Random bytes: all of them are written, and no two calls give the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  unsigned char first[256] = {0}, second[256] = {0};
  if (getentropy(first, sizeof first) || getentropy(second, sizeof second)) {
    perror("getentropy");
    return 1;
  }
  printf("two calls %s\n", memcmp(first, second, sizeof first) ? "differ" : "are the same");
  int seen[256] = {0}, different = 0;
  for (int index = 0; index < 256; index++) different += !seen[first[index]]++;
  /* 256 bytes have about 162 different values; outside of these bounds lies one of 10^20 tries. */
  printf("%s\n", different > 100 && different < 220 ? "well spread" : "badly spread");
  printf("no bytes: %d\n", getentropy(first, 0));
  return 0;
}
