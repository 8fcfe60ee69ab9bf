"""The file system below all packages: top-level directories and links, users and groups.

Ids are Debian's (base-passwd), so that owners in the .debs mean the same here.  Gid 135 stays free for the
builder's `mock` group.
"""

from __future__ import annotations

# Modes of the directories that no other package owns, parents first.
DIRECTORIES = {
    "boot": 0o755,
    "dev": 0o755,
    "etc": 0o755,
    "etc/profile.d": 0o755,
    "etc/skel": 0o755,
    "home": 0o755,
    "media": 0o755,
    "mnt": 0o755,
    "opt": 0o755,
    "proc": 0o555,
    "root": 0o700,
    "run": 0o755,
    "run/lock": 0o1777,
    "srv": 0o755,
    "sys": 0o555,
    "tmp": 0o1777,
    "usr": 0o755,
    "usr/bin": 0o755,
    "usr/include": 0o755,
    "usr/lib": 0o755,
    "usr/lib64": 0o755,
    "usr/local": 0o755,
    "usr/local/bin": 0o755,
    "usr/sbin": 0o755,
    "usr/share": 0o755,
    "usr/src": 0o755,
    "var": 0o755,
    "var/cache": 0o755,
    "var/lib": 0o755,
    "var/log": 0o755,
    "var/mail": 0o755,
    "var/spool": 0o755,
    "var/tmp": 0o1777,
}

LINKS = {
    "bin": "usr/bin",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "sbin": "usr/sbin",
    "var/lock": "../run/lock",
    "var/run": "../run",
}

_USERS = """\
root:0:root:/root:/bin/bash
daemon:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:2:bin:/bin:/usr/sbin/nologin
sys:3:sys:/dev:/usr/sbin/nologin
mail:8:mail:/var/mail:/usr/sbin/nologin
nobody:65534:nobody:/nonexistent:/usr/sbin/nologin
"""

_GROUPS = {
    "root": 0,
    "daemon": 1,
    "bin": 2,
    "sys": 3,
    "adm": 4,
    "tty": 5,
    "disk": 6,
    "mail": 8,
    "kmem": 15,
    "cdrom": 24,
    "shadow": 42,
    "utmp": 43,
    "video": 44,
    "staff": 50,
    "users": 100,
    "nogroup": 65534,
}


def account_files() -> dict[str, tuple[str, int, str]]:
    """Name -> (content, mode, group) of the account files; no account has a password."""
    passwd, shadow = [], []
    for line in _USERS.splitlines():
        user, uid, gecos, home, shell = line.split(":")
        gid = _GROUPS["nogroup"] if user == "nobody" else int(uid)
        passwd.append(f"{user}:x:{uid}:{gid}:{gecos}:{home}:{shell}\n")
        shadow.append(f"{user}:*:19000:0:99999:7:::\n")
    group = [f"{name}:x:{gid}:\n" for name, gid in _GROUPS.items()]
    gshadow = [f"{name}:*::\n" for name in _GROUPS]
    return {
        "etc/passwd": ("".join(passwd), 0o644, "root"),
        "etc/group": ("".join(group), 0o644, "root"),
        "etc/shadow": ("".join(shadow), 0o600, "root"),
        "etc/gshadow": ("".join(gshadow), 0o600, "root"),
    }
