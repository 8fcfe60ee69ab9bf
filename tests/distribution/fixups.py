"""What Debian's maintainer scripts would have left on disk, packed as files; none of them is ever run."""

from __future__ import annotations

from collections.abc import Callable

from tests.distribution.payload import Payload

# Links that update-alternatives makes, by package: link -> target.
_LINKS = {
    "bash": {"usr/bin/sh": "bash"},
    "debianutils": {"usr/bin/which": "which.debianutils"},
    "g++": {"usr/bin/c++": "g++"},
    "gcc": {"usr/bin/c89": "c89-gcc", "usr/bin/c99": "c99-gcc", "usr/bin/cc": "gcc"},
    "mawk": {"usr/bin/awk": "mawk", "usr/bin/nawk": "mawk"},
    "xz-utils": {
        "usr/bin/lzma": "xz",
        "usr/bin/unlzma": "unxz",
        "usr/bin/lzcat": "xzcat",
    },
}

_PAM = {
    "auth": "auth required pam_unix.so nullok\n",
    "account": "account required pam_unix.so\n",
    "password": "password required pam_unix.so yescrypt\n",
    "session": "session required pam_unix.so\n",
    "session-noninteractive": "session required pam_unix.so\n",
}


def apply(name: str, payload: Payload) -> None:
    """Complete the payload of package ``name``."""
    for link, target in _LINKS.get(name, {}).items():
        payload.add_link(link, target)
    fixup = _FIXUPS.get(name)
    if fixup is not None:
        fixup(payload)


def _base_files(payload: Payload) -> None:
    _copy(payload, "usr/share/base-files/profile", "etc/profile")


def _libc_bin(payload: Payload) -> None:
    _copy(payload, "usr/share/libc-bin/nsswitch.conf", "etc/nsswitch.conf")


def _copy(payload: Payload, template: str, name: str) -> None:
    payload.add_file(name, payload.path(template).read_bytes(), mark="%config(noreplace) ")


def _ca_certificates(payload: Payload) -> None:
    """update-ca-certificates: the bundle that OpenSSL, GnuTLS, curl and git read."""
    certificates = sorted(name for name in payload.entries if name.endswith(".crt"))
    bundle = "".join(payload.path(name).read_text("ascii") for name in certificates)
    payload.add_file("etc/ssl/certs/ca-certificates.crt", bundle, mark="%config(noreplace) ")


def _pam(payload: Payload) -> None:
    """pam-auth-update."""
    for part, content in _PAM.items():
        payload.add_file(f"etc/pam.d/common-{part}", content, mark="%config(noreplace) ")


_FIXUPS: dict[str, Callable[[Payload], None]] = {
    "base-files": _base_files,
    "ca-certificates": _ca_certificates,
    "libc-bin": _libc_bin,
    "libpam-runtime": _pam,
}
