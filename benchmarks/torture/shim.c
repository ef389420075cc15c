/* Preloaded between a program and its C library: a change of a file below one folder fails, kills the process, or is
   written down, at the n-th such change. The disk of a child can also be made so small.

   torture_arm(folder, action, at, sticky, log) begins to count in this process and in what it forks. `action`: 0 counts
   only, 1 kills with SIGKILL before the change is made, another number is the errno that the change fails with; `sticky`
   makes all later changes fail too. ENOSPC is given only by what takes space. With `budget` of torture_shrink(bytes) the
   writes after so many bytes get ENOSPC. `log` names a file that is told of every change with its bytes, in their order.
   SQLite reaches the disk through pwrite64 and fdatasync, Python through write, fsync, rename and unlinkat. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[4096];
static size_t folder_length;
static long action, at, count, budget = -1, spent, asked_for;
static int armed, sticky, log_to = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int inside;

void torture_arm(const char *where, long what, long when, long again, const char *log) {
    strncpy(folder, where, sizeof folder - 1);
    folder_length = strlen(folder);
    action = what; at = when; sticky = (int)again; count = 0;
    if (log[0]) log_to = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    armed = 1;
}

void torture_shrink(long bytes) { budget = bytes; spent = 0; }

long torture_count(void) { return count; }
long torture_written(void) { return asked_for; }

static int is_watched(const char *path) {
    return armed && !inside && path && strncmp(path, folder, folder_length) == 0;
}

static const char *path_of(int fd, char *into) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, into, 4095);
    into[length < 0 ? 0 : length] = 0;
    return into;
}

static const char *path_at(int fd, const char *path, char *into) {
    if (!path || path[0] == '/') return path;
    char base[4096];
    if (fd == AT_FDCWD) { if (!getcwd(base, sizeof base)) base[0] = 0; }
    else path_of(fd, base);
    snprintf(into, 8191, "%s/%s", base, path);
    return into;
}

/* One record of the log: a line of text, then `size` bytes. */
static void tell(const char *what, const char *path, const char *other, long place, const void *data, size_t size) {
    if (log_to < 0) return;
    char line[9000];
    int length = snprintf(line, sizeof line, "%s\t%ld\t%zu\t%s\t%s\n", what, place, data ? size : 0, path, other ? other : "");
    syscall(SYS_write, log_to, line, (size_t)length);
    if (data && size) syscall(SYS_write, log_to, data, size);
}

/* Whether this change may be made; else errno says why not. */
static int may(int takes_space, size_t size) {
    int allowed = 1;
    pthread_mutex_lock(&lock);
    count++;
    if (action && (count == at || (sticky && count > at))) {
        if (action == 1) kill(getpid(), SIGKILL);
        if (action != ENOSPC || takes_space) { errno = (int)action; allowed = 0; }
    }
    asked_for += (long)size;
    if (allowed && takes_space && budget >= 0) {
        spent += (long)size;
        if (spent > budget) { errno = ENOSPC; allowed = 0; }
    }
    pthread_mutex_unlock(&lock);
    return allowed;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static long place_of(int fd) {
    if (fcntl(fd, F_GETFL) & O_APPEND) { struct stat found; fstat(fd, &found); return (long)found.st_size; }
    return (long)lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    char path[4096];
    if (!armed || inside || !is_watched(path_of(fd, path))) return real(fd, data, size);
    if (!may(1, size)) return -1;
    long place = place_of(fd);
    ssize_t done = real(fd, data, size);
    if (done > 0) tell("write", path, 0, place, data, (size_t)done);
    return done;
}

static ssize_t written_at(ssize_t (*real)(int, const void *, size_t, off64_t), int fd, const void *data, size_t size, off64_t place) {
    char path[4096];
    if (!armed || inside || !is_watched(path_of(fd, path))) return real(fd, data, size, place);
    if (!may(1, size)) return -1;
    ssize_t done = real(fd, data, size, place);
    if (done > 0) tell("write", path, 0, (long)place, data, (size_t)done);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t place) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return written_at(real, fd, data, size, place);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t place) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return written_at(real, fd, data, size, place);
}

static int synced(int (*real)(int), int fd) {
    char path[4096];
    if (!armed || inside || !is_watched(path_of(fd, path))) return real(fd);
    if (!may(0, 0)) return -1;
    int done = real(fd);
    if (!done) tell("fsync", path, 0, 0, 0, 0);
    return done;
}

int fsync(int fd) { REAL(int, "fsync", int); return synced(real, fd); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); return synced(real, fd); }

static int cut(int (*real)(int, off64_t), int fd, off64_t size) {
    char path[4096];
    if (!armed || inside || !is_watched(path_of(fd, path))) return real(fd, size);
    struct stat before;
    long more = fstat(fd, &before) ? 0 : (long)size - (long)before.st_size;
    if (!may(more > 0, more > 0 ? (size_t)more : 0)) return -1;
    int done = real(fd, size);
    if (!done) tell("truncate", path, 0, (long)size, 0, 0);
    return done;
}

int ftruncate64(int fd, off64_t size) { REAL(int, "ftruncate64", int, off64_t); return cut(real, fd, size); }
int ftruncate(int fd, off_t size) { REAL(int, "ftruncate64", int, off64_t); return cut(real, fd, size); }

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    char first[8192], second[8192];
    const char *old = path_at(from_fd, from, first), *new = path_at(to_fd, to, second);
    if (!is_watched(new)) return real(from_fd, from, to_fd, to);
    if (!may(1, 0)) return -1;
    int done = real(from_fd, from, to_fd, to);
    if (!done) tell("rename", old, new, 0, 0, 0);
    return done;
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int fd, const char *name, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    char whole[8192];
    const char *path = path_at(fd, name, whole);
    if (!is_watched(path)) return real(fd, name, flags);
    if (!may(0, 0)) return -1;
    int done = real(fd, name, flags);
    if (!done) tell("unlink", path, 0, 0, 0, 0);
    return done;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int fd, const char *name, mode_t mode) {
    REAL(int, "mkdirat", int, const char *, mode_t);
    char whole[8192];
    const char *path = path_at(fd, name, whole);
    if (!is_watched(path)) return real(fd, name, mode);
    struct stat found;
    if (!stat(path, &found)) return real(fd, name, mode);
    if (!may(1, 0)) return -1;
    int done = real(fd, name, mode);
    if (!done) tell("mkdir", path, 0, 0, 0, 0);
    return done;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* Opening is a change if it makes or empties a file. */
static int opened(int (*real)(int, const char *, int, ...), int fd, const char *name, int flags, mode_t mode) {
    char whole[8192];
    const char *path = armed && (flags & (O_CREAT | O_TRUNC)) ? path_at(fd, name, whole) : 0;
    struct stat found;
    int is_new = path && is_watched(path) && stat(path, &found) != 0;
    int empties = path && is_watched(path) && !is_new && (flags & O_TRUNC) && found.st_size > 0;
    if (!is_new && !empties) return real(fd, name, flags, mode);
    if (!may(is_new, 0)) return -1;
    int got = real(fd, name, flags, mode);
    if (got >= 0) tell(is_new ? "create" : "empty", path, 0, 0, 0, 0);
    return got;
}

#define MODE mode_t mode = 0; if (flags & O_CREAT) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
#define OPENAT REAL(int, "openat64", int, const char *, int, ...)

int open(const char *path, int flags, ...) { MODE OPENAT; return opened(real, AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE OPENAT; return opened(real, AT_FDCWD, path, flags, mode); }
int openat(int fd, const char *path, int flags, ...) { MODE OPENAT; return opened(real, fd, path, flags, mode); }
int openat64(int fd, const char *path, int flags, ...) { MODE OPENAT; return opened(real, fd, path, flags, mode); }

/* What would reach the disk past us: Python falls back to plain reading and writing. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
    (void)in; (void)from; (void)out; (void)to; (void)size; (void)flags;
    errno = ENOSYS;
    return -1;
}
