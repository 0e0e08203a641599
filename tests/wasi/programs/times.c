/* Times of files below argv[1]: set, read back, moved on by a write. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char path[1000];

static void said(const char *what, long answer) {
  printf("%s: %s\n", what, answer < 0 ? strerror(errno) : "ok");
}

static void times(const char *what) {
  struct stat info;
  stat(path, &info);
  printf("%s: read %lld.%09ld, written %lld.%09ld\n", what, (long long)info.st_atim.tv_sec,
         (long)info.st_atim.tv_nsec, (long long)info.st_mtim.tv_sec, (long)info.st_mtim.tv_nsec);
}

int main(int argc, char **argv) {
  snprintf(path, sizeof path, "%s/dated.txt", argc > 1 ? argv[1] : ".");
  int file = open(path, O_CREAT | O_RDWR, 0644);
  struct stat info;
  fstat(file, &info);
  time_t now = time(NULL);
  printf("new: %s\n", info.st_mtime > now - 60 && info.st_mtime < now + 60 ? "now" : "another time");

  struct timespec both[2] = {{1000000000, 250000000}, {1234567890, 123456000}};
  said("futimens", futimens(file, both));
  times("set");
  both[1].tv_sec = 1;
  said("utimensat", utimensat(AT_FDCWD, path, both, 0));
  times("by name");
  said("now", futimens(file, NULL));
  fstat(file, &info);
  printf("%s\n", info.st_mtime > now - 60 && info.st_mtime < now + 60 ? "now" : "another time");

  both[0] = both[1] = (struct timespec){1000, 0};
  said("futimens", futimens(file, both));
  said("write", write(file, "x", 1));
  fstat(file, &info);
  printf("a write %s it\n", info.st_mtime == 1000 ? "does not change" : "changes");
  close(file);
  return 0;
}
