/* Folders below argv[1]: made, nested, moved, removed, and every mistake with them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
  printf("%s: %s\n", what, answer < 0 ? strerror(errno) : "ok");
}

static void touch(const char *name) {
  FILE *file = fopen(at(name), "w");
  if (!file) {
    said(name, -1);
    return;
  }
  fputs(name, file);
  fclose(file);
}

/* Not every system has entries for a folder and its parent. */
static int own(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void count(const char *name) {
  DIR *opened = opendir(at(name));
  if (!opened) {
    said(name, -1);
    return;
  }
  int entries = 0;
  struct dirent *entry;
  while ((entry = readdir(opened))) entries += own(entry);
  int first = entries;
  rewinddir(opened);
  entries = 0;
  while ((entry = readdir(opened))) entries += own(entry);
  closedir(opened);
  printf("%s: %d entries%s\n", name, entries, entries == first ? "" : ", other than before");
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : ".";
  said("mkdir one", mkdir(at("one"), 0755));
  said("mkdir one/two", mkdir(at("one/two"), 0755));
  said("mkdir one/two/three", mkdir(at("one/two/three/"), 0755));
  touch("one/a.txt");
  touch("one/two/b.txt");
  touch("one/two/three/c.txt");
  count("one");
  count("one/two/three");
  count("one/two/..");
  count("./one/./two");

  said("mkdir of an existing one", mkdir(at("one"), 0755));
  said("mkdir where a file is", mkdir(at("one/a.txt"), 0755));
  said("mkdir below nothing", mkdir(at("four/five"), 0755));
  said("mkdir below a file", mkdir(at("one/a.txt/five"), 0755));
  said("rmdir of one that is not empty", rmdir(at("one/two")));
  said("rmdir of a file", rmdir(at("one/a.txt")));
  said("rmdir of nothing", rmdir(at("four")));
  said("unlink of a folder", unlink(at("one/two")));
  said("opendir of a file", opendir(at("one/a.txt")) ? 0 : -1);
  said("opendir of nothing", opendir(at("four")) ? 0 : -1);
  char byte;
  int opened = open(at("one"), O_RDONLY | O_DIRECTORY);
  printf("read of a folder: %s\n", read(opened, &byte, 1) < 0 ? "refused" : "ok");
  close(opened);

  said("rename a folder", rename(at("one/two"), at("moved")));
  count("one");
  count("moved");
  count("moved/three");
  said("rename a folder into itself", rename(at("moved"), at("moved/three/four")));
  said("rename a folder onto a file", rename(at("moved"), at("one/a.txt")));
  said("rename a file onto a folder", rename(at("one/a.txt"), at("moved")));
  said("rename onto a folder that is not empty", rename(at("one"), at("moved")));
  mkdir(at("empty"), 0755);
  said("rename onto an empty folder", rename(at("moved"), at("empty")));
  count("empty");
  said("rename onto itself", rename(at("empty"), at("empty")));

  /* By an open folder. */
  int base = open(at("empty"), O_RDONLY | O_DIRECTORY);
  said("open a folder", base);
  said("mkdirat", mkdirat(base, "six", 0755));
  int fd = openat(base, "six/seven.txt", O_CREAT | O_WRONLY, 0644);
  said("openat", fd);
  said("write", write(fd, "seven", 5));
  close(fd);
  struct stat info;
  said("fstatat", fstatat(base, "six/seven.txt", &info, 0));
  printf("%lld bytes\n", (long long)info.st_size);
  said("renameat", renameat(base, "six/seven.txt", base, "eight.txt"));
  said("unlinkat of a folder", unlinkat(base, "six", AT_REMOVEDIR));
  said("openat of nothing", openat(base, "six/seven.txt", O_RDONLY));
  close(base);
  said("unlinkat below a closed folder", unlinkat(base, "eight.txt", 0));

  said("unlink", unlink(at("one/a.txt")));
  said("rmdir", rmdir(at("one")));
  return 0;
}
