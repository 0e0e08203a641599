/* A file's life in the folder argv[1]: created, written, appended to, read back, cut, moved and
 * removed; what is left is compared, too. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder;

static const char *at(const char *name) {
  static char paths[4][1000];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void said(const char *what, long answer) {
  if (answer < 0) {
    printf("%s: %s\n", what, strerror(errno));
  } else {
    printf("%s: ok\n", what);
  }
}

static void show(const char *name) {
  FILE *file = fopen(at(name), "rb");
  if (!file) {
    printf("%s: %s\n", name, strerror(errno));
    return;
  }
  char text[200];
  size_t length = fread(text, 1, sizeof text - 1, file);
  printf("%s holds %zu bytes: ", name, length);
  for (size_t index = 0; index < length; index++) {
    if (text[index] >= ' ') {
      putchar(text[index]);
    } else {
      printf("\\%02x", text[index]);
    }
  }
  printf("\n");
  fclose(file);
}

static void size(const char *name) {
  struct stat info;
  if (stat(at(name), &info)) {
    printf("stat %s: %s\n", name, strerror(errno));
  } else {
    printf("%s: %lld bytes, %s, %d links\n", name, (long long)info.st_size,
           S_ISREG(info.st_mode) ? "file" : S_ISDIR(info.st_mode) ? "folder" : "other",
           (int)info.st_nlink);
  }
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : ".";

  /* By the C library. */
  FILE *file = fopen(at("notes.txt"), "w");
  if (!file) {
    perror("notes.txt");
    return 1;
  }
  fprintf(file, "first line\nsecond line\n%d %.3f %s\n", 42, 3.14159, "text");
  fclose(file);
  show("notes.txt");
  file = fopen(at("notes.txt"), "a");
  fputs("appended", file);
  printf("after appending at %ld\n", ftell(file));
  fclose(file);
  file = fopen(at("notes.txt"), "r+");
  fseek(file, 6, SEEK_SET);
  fputs("LINE", file);
  fseek(file, -8, SEEK_END);
  char word[20] = "";
  fgets(word, sizeof word, file);
  printf("the end is [%s], at the end: %d\n", word, feof(file) != 0);
  rewind(file);
  fgets(word, sizeof word, file);
  printf("the beginning is [%s]\n", word);
  fclose(file);
  size("notes.txt");
  said("fopen of the existing one with x", fopen(at("notes.txt"), "wx") ? 0 : -1);

  /* By the system. */
  int fd = open(at("data.bin"), O_CREAT | O_EXCL | O_RDWR, 0644);
  said("open data.bin", fd);
  said("a second time with O_EXCL", open(at("data.bin"), O_CREAT | O_EXCL | O_RDWR, 0644));
  printf("written %ld\n", (long)write(fd, "0123456789", 10));
  printf("back to %lld\n", (long long)lseek(fd, -4, SEEK_CUR));
  printf("written %ld\n", (long)write(fd, "ab", 2));
  said("lseek before the beginning", lseek(fd, -1, SEEK_SET));
  printf("at %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
  printf("beyond the end at %lld\n", (long long)lseek(fd, 4, SEEK_END));
  printf("written %ld\n", (long)write(fd, "z", 1));
  lseek(fd, 0, SEEK_SET);
  char bytes[64];
  printf("read %ld of 64\n", (long)read(fd, bytes, sizeof bytes));
  printf("and then %ld\n", (long)read(fd, bytes, sizeof bytes));
  printf("and none: %ld\n", (long)read(fd, bytes, 0));
  said("ftruncate to 5", ftruncate(fd, 5));
  size("data.bin");
  printf("still at %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
  said("ftruncate to 8", ftruncate(fd, 8));
  said("fsync", fsync(fd));
  said("fdatasync", fdatasync(fd));
  struct stat info;
  said("fstat", fstat(fd, &info));
  printf("%lld bytes\n", (long long)info.st_size);
  said("close", close(fd));
  said("close again", close(fd));
  said("write to a closed file", write(fd, "x", 1));
  show("data.bin");
  said("truncate by name", truncate(at("data.bin"), 3));
  show("data.bin");

  /* O_APPEND writes to the end wherever it stands; O_TRUNC empties. */
  fd = open(at("data.bin"), O_WRONLY | O_APPEND);
  lseek(fd, 0, SEEK_SET);
  said("append", write(fd, "+end", 4));
  said("read from a file open for writing", read(fd, bytes, 1));
  close(fd);
  fd = open(at("data.bin"), O_RDONLY);
  said("write to a file open for reading", write(fd, "x", 1));
  int flags = fcntl(fd, F_GETFL);
  printf("flags: %s\n", (flags & O_ACCMODE) == O_RDONLY ? "read only" : "other");
  close(fd);
  show("data.bin");
  close(open(at("empty.bin"), O_CREAT | O_WRONLY, 0644));
  size("empty.bin");
  close(open(at("notes.txt"), O_WRONLY | O_TRUNC));
  size("notes.txt");

  /* Renaming replaces; a file that is gone stays open. */
  said("rename data.bin", rename(at("data.bin"), at("moved.bin")));
  size("data.bin");
  said("rename onto another", rename(at("moved.bin"), at("empty.bin")));
  show("empty.bin");
  said("rename what is not there", rename(at("data.bin"), at("other.bin")));
  said("link", link(at("empty.bin"), at("linked.bin")));
  size("linked.bin");
  said("link onto an existing one", link(at("empty.bin"), at("linked.bin")));
  fd = open(at("empty.bin"), O_RDONLY);
  said("unlink an open file", unlink(at("empty.bin")));
  printf("still readable: %ld bytes\n", (long)read(fd, bytes, sizeof bytes));
  close(fd);
  size("linked.bin");
  said("remove", remove(at("notes.txt")));
  said("remove again", remove(at("notes.txt")));

  /* Mistakes. */
  said("open what is not there", open(at("missing.txt"), O_RDONLY));
  said("open in a folder that is not there", open(at("missing/file.txt"), O_CREAT | O_WRONLY, 0644));
  said("open below a file", open(at("linked.bin/file.txt"), O_RDONLY));
  said("open a file as a folder", open(at("linked.bin"), O_RDONLY | O_DIRECTORY));
  said("open a folder for writing", open(folder, O_WRONLY));
  said("access of a file", access(at("linked.bin"), R_OK | W_OK));
  said("access of what is not there", access(at("missing.txt"), F_OK));
  said("stat of what is not there", stat(at("missing.txt"), &info));
  errno = 0;
  if (!fopen(at("missing.txt"), "r")) perror("fopen of what is not there");
  return 0;
}
