/* Whether stdin can be waited for; with the argument `pipe`, that it has no positions. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "pipe") == 0) {
    int refused = lseek(0, 0, SEEK_CUR) < 0 && errno == ESPIPE;
    printf("lseek is %s\n", refused ? "refused" : "not refused as it should be");
  }
  struct pollfd polled = {.fd = 0, .events = POLLIN};
  int ready = poll(&polled, 1, 10000);
  printf("poll: %d, readable: %d\n", ready, (polled.revents & POLLIN) != 0);
  char text[100];
  printf("read: %ld\n", (long)read(0, text, sizeof text));
  return 0;
}
