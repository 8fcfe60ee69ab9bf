/* Makes harmless system calls and prints of each how it ended: "name ok", or "name ENOSYS". */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALL(name, ...) said(name, syscall(__VA_ARGS__))

static void said(const char *name, long result) {
    printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "ok");
    fflush(stdout);
}

/* clone, as fork does it, with a flag more */
static void cloned(const char *name, unsigned long flag) {
    long child = syscall(SYS_clone, flag | SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        _exit(0);
    said(name, child);
    if (child > 0)
        waitpid(child, NULL, 0);
}

#ifdef __x86_64__
/* what a 32-bit program does */
static void socketcall(const char *name, unsigned family) {
    unsigned *arguments = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_32BIT | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int result;
    arguments[0] = family;
    arguments[1] = SOCK_STREAM;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(102), "b"(1), "c"((unsigned)(unsigned long)arguments)
                     : "memory", "r8", "r9", "r10", "r11");
    errno = -result;
    said(name, result);
}
#endif

int main(void) {
    CALL("personality-question", SYS_personality, 0xffffffff);
    CALL("personality-no-randomize", SYS_personality, ADDR_NO_RANDOMIZE);
    CALL("personality-no-randomize-32", SYS_personality, ADDR_NO_RANDOMIZE | PER_LINUX32);
    CALL("personality-zero-page", SYS_personality, MMAP_PAGE_ZERO);
    CALL("personality-none", SYS_personality, 0);
    CALL("kcmp", SYS_kcmp, getpid(), getpid(), 0, 0, 0);
    cloned("clone", 0);
    cloned("clone-user", CLONE_NEWUSER);
    cloned("clone-net", CLONE_NEWNET);
    CALL("clone3", SYS_clone3, 0, 0);
    CALL("unshare-fs", SYS_unshare, CLONE_FS);
    CALL("unshare-mounts", SYS_unshare, CLONE_NEWNS);
    CALL("setns", SYS_setns, -1, 0);
    CALL("mount", SYS_mount, 0, 0, 0, 0, 0);
    CALL("umount2", SYS_umount2, 0, 0);
    CALL("fsopen", SYS_fsopen, 0, 0);
    CALL("keyctl", SYS_keyctl, 0, -3, 0);
    CALL("add_key", SYS_add_key, 0, 0, 0, 0, 0);
    CALL("request_key", SYS_request_key, 0, 0, 0, 0);
    CALL("memfd_create", SYS_memfd_create, "x", 0);
    CALL("memfd_secret", SYS_memfd_secret, 0);
    CALL("io_uring_setup", SYS_io_uring_setup, 1, 0);
    CALL("userfaultfd", SYS_userfaultfd, 1);
    CALL("bpf", SYS_bpf, 0, 0, 0);
    CALL("perf_event_open", SYS_perf_event_open, 0, 0, -1, 0, 0);
    CALL("syslog", SYS_syslog, 10, 0, 0);
    CALL("socket-unix", SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    CALL("socket-inet", SYS_socket, AF_INET, SOCK_STREAM, 0);
    CALL("socket-inet6", SYS_socket, AF_INET6, SOCK_STREAM, 0);
    CALL("socket-netlink", SYS_socket, AF_NETLINK, SOCK_RAW, 0);
    CALL("socket-audit", SYS_socket, AF_NETLINK, SOCK_RAW, 9);
    CALL("socket-vsock", SYS_socket, 40, SOCK_STREAM, 0);
    CALL("socket-vsock-disguised", SYS_socket, 40 | 1L << 32, SOCK_STREAM, 0);
#ifdef __x86_64__
    socketcall("socketcall-unix", AF_UNIX);
    socketcall("socketcall-vsock", 40);
#endif
    CALL("unshare-user", SYS_unshare, CLONE_NEWUSER);
    return 0;
}
