/* Symbolic links below argv[1]: made, read, followed, moved and removed. */
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

/* C libraries have different texts for one of the errors that links bring. */
static void said(const char *what, long answer) {
  printf("%s: %s\n", what, answer >= 0 ? "ok" : errno == ELOOP ? "a loop of links" : strerror(errno));
}

static void kind(const char *name) {
  struct stat own, behind;
  printf("%s: ", name);
  if (lstat(at(name), &own)) {
    printf("%s\n", strerror(errno));
    return;
  }
  printf("%s", S_ISLNK(own.st_mode) ? "link" : S_ISDIR(own.st_mode) ? "folder" : "file");
  if (S_ISLNK(own.st_mode)) {
    char text[100];
    ssize_t length = readlink(at(name), text, sizeof text);
    printf(" of %lld bytes to [%.*s]", (long long)own.st_size, (int)length, text);
    if (stat(at(name), &behind)) {
      printf(", %s", errno == ELOOP ? "a loop of links" : strerror(errno));
    } else {
      printf(", a %s", S_ISDIR(behind.st_mode) ? "folder" : "file");
    }
  }
  printf("\n");
}

static void show(const char *name) {
  char text[100];
  int file = open(at(name), O_RDONLY);
  ssize_t length = file < 0 ? -1 : read(file, text, sizeof text);
  if (length < 0) {
    said(name, -1);
  } else {
    printf("%s holds [%.*s]\n", name, (int)length, text);
  }
  if (file >= 0) close(file);
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : ".";
  mkdir(at("real"), 0755);
  FILE *file = fopen(at("real/file.txt"), "w");
  fputs("behind the link", file);
  fclose(file);

  said("a link to a file", symlink("real/file.txt", at("to_file")));
  said("a link to a folder", symlink("real", at("to_folder")));
  said("a link to a link", symlink("to_file", at("to_link")));
  said("a link to its parent's file", symlink("../to_file", at("real/up")));
  said("a link to nothing", symlink("nothing", at("dangling")));
  said("a link to itself", symlink("itself", at("itself")));
  said("a link onto a file", symlink("x", at("real/file.txt")));
  kind("to_file");
  kind("to_folder");
  kind("to_link");
  kind("real/up");
  kind("dangling");
  kind("itself");
  kind("real");

  show("to_file");
  show("to_link");
  show("to_folder/file.txt");
  show("to_folder/up");
  show("dangling");
  show("itself");
  said("open a link with O_NOFOLLOW", open(at("to_file"), O_RDONLY | O_NOFOLLOW));
  said("open a file with O_NOFOLLOW", open(at("real/file.txt"), O_RDONLY | O_NOFOLLOW));
  said("open a link exclusively", open(at("dangling"), O_CREAT | O_EXCL | O_WRONLY, 0644));

  char text[4] = "....";
  printf("readlink cut to %ld bytes", (long)readlink(at("to_folder"), text, 2));
  printf(" [%.4s]\n", text);
  said("readlink of a file", readlink(at("real/file.txt"), text, sizeof text));
  said("readlink of nothing", readlink(at("nothing"), text, sizeof text));

  said("create through a link", open(at("dangling"), O_CREAT | O_WRONLY, 0644));
  kind("dangling");
  kind("nothing");
  said("rename a link", rename(at("to_link"), at("real/moved")));
  kind("real/moved");
  said("rmdir a link to a folder", rmdir(at("to_folder")));
  said("unlink a link to a folder", unlink(at("to_folder")));
  kind("real");
  said("unlink a link to a file", unlink(at("to_file")));
  kind("real/file.txt");
  return 0;
}
