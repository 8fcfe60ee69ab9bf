"""From an engine's own words to a sentence that says what to do."""

from __future__ import annotations

from koji_adjutant.container.installing import to_install

HINTS = (
    (
        ("cgroups in hybrid mode",),
        f"crun cannot work with this host's hybrid cgroups: {to_install('runc')} and set "
        '`runtime = "runc"` under [engine] in the engine\'s containers.conf',
    ),
    (
        ("it must be mounted at the root",),
        f"this crun is too old to install packages with: {to_install('runc')}, or crun 1.21 or newer",
    ),
    (
        ("setrlimit", "setting rlimit", "RLIMIT_"),
        "the engine may not raise resource limits on this host: set `default_ulimits` under [containers] in "
        "its containers.conf to what `ulimit -Hn` and `ulimit -Hu` show, or leave podman_socket unset so "
        "that a private service with fitting limits is started",
    ),
    (
        ("opening seccomp profile", "loading seccomp profile"),
        "the engine reads that file itself: `podman_socket` must be of an engine on this machine, whose user "
        "may read what is below state_dir",
    ),
    (
        ("cgroup", "controller"),
        "the host's control groups do not give the engine what a limit needs: leave out memory_limit, "
        "cpu_limit and pids_limit, or set `cgroup_manager` in its containers.conf",
    ),
    (
        ("netavark", "iptables", "nftables", "CNI", "failed to find plugin"),
        "the engine's bridge network does not work here: "
        f"{to_install('netavark', 'aardvark-dns', 'nftables')} (iptables for podman 4), "
        "or set network_mode = host",
    ),
    (
        ("no space left on device",),
        "the disk that holds the engine's storage is full: free some space there",
    ),
)


def explain(message: str) -> str:
    """Add to the engine's message what to do about it, where that is known."""
    message = message.strip().rstrip(".")
    for words, hint in HINTS:
        if any(word.lower() in message.lower() for word in words):
            return f"{message}; {hint}"
    return message
