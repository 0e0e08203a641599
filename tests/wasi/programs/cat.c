/* Copies stdin to stdout by reads and writes of the system, which may take less than they are given. */
#include <stdio.h>
#include <unistd.h>

int main(void) {
  static char buffer[5000]; /* no power of two: the last piece is a part of one */
  long total = 0;
  for (;;) {
    ssize_t length = read(0, buffer, sizeof buffer);
    if (length < 0) {
      perror("read");
      return 1;
    }
    if (length == 0) break;
    for (ssize_t at = 0; at < length;) {
      ssize_t written = write(1, buffer + at, length - at);
      if (written < 0) {
        perror("write");
        return 1;
      }
      at += written;
    }
    total += length;
  }
  fprintf(stderr, "%ld bytes\n", total);
  return 0;
}
