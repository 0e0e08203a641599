/* Tries to get out of the folder that it was given, in every way that a path has. Beside that folder
 * lies outside.txt; links of the names below were put into it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int escaped;

static void denied(const char *what, const char *path, long answer) {
  if (answer >= 0) escaped++;
  printf("%s %s: %s\n", what, path, answer >= 0 ? "ESCAPED" : "denied");
}

int main(void) {
  const char *paths[] = {
      "../outside.txt",        "inner/../../outside.txt", "./.././outside.txt", "/outside.txt",
      "/etc/passwd",           "link_to_outside",         "link_to_parent/outside.txt",
      "absolute_link",         "inner/link_up/outside.txt",
      "../data/../outside.txt",
  };
  for (size_t index = 0; index < sizeof paths / sizeof *paths; index++) {
    const char *path = paths[index];
    struct stat info;
    char text[10];
    denied("open", path, open(path, O_RDONLY));
    denied("open for writing", path, open(path, O_WRONLY | O_APPEND));
    denied("stat", path, stat(path, &info));
    denied("truncate", path, truncate(path, 0));
    if (!strstr(path, "link")) { /* these would do something to the link itself, which is fine */
      denied("link", path, link(path, "stolen.txt"));
      denied("unlink", path, unlink(path));
      denied("rename", path, rename(path, "stolen.txt"));
      denied("readlink", path, readlink(path, text, sizeof text));
    }
  }
  const char *new[] = {"../new.txt", "link_to_parent/new.txt", "dangling_outside"};
  for (size_t index = 0; index < sizeof new / sizeof *new; index++) {
    denied("create", new[index], open(new[index], O_CREAT | O_WRONLY, 0644));
    if (index < 2) {
      denied("mkdir", new[index], mkdir(new[index], 0755));
      denied("rename to", new[index], rename("own.txt", new[index]));
      denied("link to", new[index], link("own.txt", new[index]));
      denied("symlink at", new[index], symlink("own.txt", new[index]));
    }
  }
  const char *folders[] = {"..", "/", "link_to_parent", "inner/../..", "/etc"};
  for (size_t index = 0; index < sizeof folders / sizeof *folders; index++) {
    /* "/" is the given folder for some C libraries: what counts is what can be seen there. */
    DIR *folder = opendir(folders[index]);
    int outside = 0;
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
      outside |= strcmp(entry->d_name, "outside.txt") == 0 || strcmp(entry->d_name, "passwd") == 0;
    }
    denied("list", folders[index], outside ? 0 : -1);
  }
  denied("a link to an absolute path", "/etc", symlink("/etc", "new_absolute_link"));
  printf("own file: %s\n", open("inner/../own.txt", O_RDONLY) >= 0 ? "ok" : strerror(errno));
  printf("escaped %d times\n", escaped);
  return escaped > 0;
}
