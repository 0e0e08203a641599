/* Reads and writes at places of their own and of several pieces, in the folder argv[1]. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static void said(const char *what, long answer) {
  if (answer < 0) {
    printf("%s: %s\n", what, strerror(errno));
  } else {
    printf("%s: %ld\n", what, answer);
  }
}

/* Writes or reads all pieces: the system may stop after any of them. */
static long all(ssize_t (*how)(int, const struct iovec *, int), int file, struct iovec *pieces, int count) {
  long total = 0;
  while (count > 0) {
    ssize_t length = how(file, pieces, count);
    if (length < 0) return length;
    if (length == 0 && pieces->iov_len > 0) break;
    total += length;
    while (count > 0 && (size_t)length >= pieces->iov_len) {
      length -= pieces->iov_len;
      pieces++;
      count--;
    }
    if (count > 0) {
      pieces->iov_base = (char *)pieces->iov_base + length;
      pieces->iov_len -= length;
    }
  }
  return total;
}

int main(int argc, char **argv) {
  char path[1000];
  snprintf(path, sizeof path, "%s/places.bin", argc > 1 ? argv[1] : ".");
  int file = open(path, O_CREAT | O_RDWR, 0644);
  struct iovec pieces[4] = {{"abc", 3}, {"", 0}, {"defgh", 5}, {"ij", 2}};
  said("writev", all(writev, file, pieces, 4));
  said("at", lseek(file, 0, SEEK_CUR));
  said("pwrite", pwrite(file, "XY", 2, 4));
  said("pwrite beyond the end", pwrite(file, "Z", 1, 12));
  said("still at", lseek(file, 0, SEEK_CUR));
  char text[20] = "....................";
  said("pread", pread(file, text, 6, 2));
  printf("[%.20s]\n", text);
  said("pread beyond the end", pread(file, text, 6, 100));
  lseek(file, 0, SEEK_SET);
  char one[2], two[4], three[30];
  struct iovec rooms[3] = {{one, 2}, {two, 4}, {three, 30}};
  said("readv", all(readv, file, rooms, 3));
  printf("[%.2s] [%.4s] [%.4s]\n", one, two, three);
  rooms[0].iov_len = 2;
  said("readv at the end", readv(file, rooms, 1));

  /* Positions of 64 bits: a file that is mostly hole. */
  said("far away", lseek(file, 5000000000LL, SEEK_SET) == 5000000000LL);
  said("write", write(file, "far", 3));
  said("as far", lseek(file, 0, SEEK_END) == 5000000003LL);
  said("pread", pread(file, text, 10, 4999999998LL));
  printf("%d %d [%.3s]\n", text[0], text[1], text + 2);
  said("cut", ftruncate(file, 13));
  said("posix_fadvise", posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL));

  /* Two openings have two positions. */
  int other = open(path, O_RDONLY);
  said("read", read(other, text, 3));
  said("its place", lseek(other, 0, SEEK_CUR));
  said("the place of the first", lseek(file, 0, SEEK_CUR) == 5000000003LL);
  said("F_SETFL", fcntl(file, F_SETFL, O_APPEND));
  said("F_GETFL", (fcntl(file, F_GETFL) & O_APPEND) != 0);
  said("lseek", lseek(file, 0, SEEK_SET));
  said("write appends", write(file, "END", 3));
  said("read", read(other, text, 20));
  printf("[%.10s] %d [%.3s]\n", text, text[9] == 'Z', text + 10);
  return 0;
}
