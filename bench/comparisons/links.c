/* The links that queueing makes, as fast as one would write it in C:
 *
 *   QUEUE/<name>        -> the store path
 *   AUTO/<32 letters>   -> QUEUE/<name>
 *
 * usage: links [--fsync] [--look] QUEUE AUTO [PATH...]
 *
 * Without a PATH they are read from standard input, one a line. With --fsync both directories are
 * flushed once, at the end. With --look it is seen first whether the path is there. In place of Nix's
 * hash, the name in AUTO is the path's own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int queue, automatic, look;
static char entry[4096];
static size_t entry_directory;

static void must(int outcome, const char *what) {
    if (outcome < 0) {
        perror(what);
        exit(1);
    }
}

static void make_links(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash || strlen(slash + 1) < 32 || entry_directory + strlen(slash) > sizeof entry) {
        fprintf(stderr, "links: %s: not a store path\n", path);
        exit(1);
    }
    const char *name = slash + 1;
    struct stat found;
    if (look)
        must(lstat(path, &found), path);
    must(symlinkat(path, queue, name), "symlinkat");
    strcpy(entry + entry_directory, name);
    char hash[33];
    memcpy(hash, name, 32);
    hash[32] = 0;
    must(symlinkat(entry, automatic, hash), "symlinkat");
}

int main(int count, char **arguments) {
    char **next = arguments + 1, **end = arguments + count;
    int flush = next < end && !strcmp(*next, "--fsync");
    next += flush;
    look = next < end && !strcmp(*next, "--look");
    next += look;
    if (end - next < 2 || strlen(next[0]) + 2 > sizeof entry)
        return 2;
    entry_directory = strlen(next[0]) + 1;
    memcpy(entry, next[0], entry_directory - 1);
    entry[entry_directory - 1] = '/';
    must(queue = open(*next++, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open");
    must(automatic = open(*next++, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open");
    if (next < end) {
        while (next < end)
            make_links(*next++);
    } else {
        char *line = NULL;
        size_t size = 0;
        ssize_t length;
        while ((length = getline(&line, &size, stdin)) > 0) {
            if (line[length - 1] == '\n')
                line[length - 1] = 0;
            make_links(line);
        }
    }
    if (flush) {
        must(fsync(queue), "fsync");
        must(fsync(automatic), "fsync");
    }
    return 0;
}
