/* Lists a folder and all below it, sorted, with the sizes of files: argv[1] is the folder. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static long files, folders;
static long long bytes;

static int hidden(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int walk(const char *path, int depth) {
  DIR *folder = opendir(path);
  if (!folder) {
    fprintf(stderr, "opendir: %s\n", strerror(errno));
    return 1;
  }
  char **names = NULL;
  size_t count = 0;
  struct dirent *entry;
  while ((entry = readdir(folder))) {
    if (hidden(entry->d_name)) continue;
    names = realloc(names, (count + 1) * sizeof *names);
    names[count++] = strdup(entry->d_name);
  }
  closedir(folder);
  qsort(names, count, sizeof *names, by_name);
  int failed = 0;
  for (size_t index = 0; index < count; index++) {
    char below[2000];
    snprintf(below, sizeof below, "%s/%s", path, names[index]);
    struct stat info;
    if (lstat(below, &info)) {
      fprintf(stderr, "lstat: %s\n", strerror(errno));
      failed = 1;
    } else if (S_ISDIR(info.st_mode)) {
      folders++;
      printf("%*s%s/\n", depth * 2, "", names[index]);
      failed |= walk(below, depth + 1);
    } else {
      files++;
      bytes += info.st_size;
      printf("%*s%s %lld%s\n", depth * 2, "", names[index], (long long)info.st_size,
             S_ISREG(info.st_mode) ? "" : S_ISLNK(info.st_mode) ? " link" : " other");
    }
    free(names[index]);
  }
  free(names);
  return failed;
}

int main(int argc, char **argv) {
  int failed = walk(argc > 1 ? argv[1] : ".", 0);
  printf("%ld files of %lld bytes in %ld folders\n", files, bytes, folders);
  return failed;
}
