/* What a push does with a queue once all is copied, as fast as one would write it in C: removes each
 * entry and its root, flushes the queue, and replaces a small file durably.
 *
 * usage: remove QUEUE AUTO
 *
 * All of AUTO is taken for roots of the queue. The file is QUEUE/.push/remove.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(int outcome, const char *what) {
    if (outcome < 0) {
        perror(what);
        exit(1);
    }
}

static void empty(int directory) {
    int own = dup(directory);
    DIR *entries = fdopendir(own);
    struct dirent *entry;
    must(entries ? 0 : -1, "fdopendir");
    while ((entry = readdir(entries)))
        if (entry->d_name[0] != '.')
            must(unlinkat(directory, entry->d_name, 0), entry->d_name);
    closedir(entries);
}

static void replace_file(int queue) {
    int state = openat(queue, ".push", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(state, ".push");
    int file = openat(state, "remove.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(file, "remove.new");
    must(write(file, "done\n", 5), "write");
    must(fsync(file), "fsync");
    must(renameat(state, "remove.new", state, "remove"), "renameat");
    must(fsync(state), "fsync");
}

int main(int count, char **arguments) {
    if (count != 3)
        return 2;
    int queue = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int automatic = open(arguments[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(queue, arguments[1]);
    must(automatic, arguments[2]);
    empty(queue);
    empty(automatic);
    must(fsync(queue), "fsync");
    replace_file(queue);
    return 0;
}
