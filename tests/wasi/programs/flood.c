/* Writes until its reader is gone, then says why it stops. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifndef __wasi__ /* where there are no signals */
#include <signal.h>
#endif

int main(void) {
#ifndef __wasi__
  signal(SIGPIPE, SIG_IGN);
#endif
  static char zeros[4096];
  for (long count = 0; count < 100000; count++) {
    if (write(1, zeros, sizeof zeros) < 0) {
      fprintf(stderr, "%s\n", strerror(errno));
      return 7;
    }
  }
  fprintf(stderr, "nobody went away\n");
  return 1;
}
