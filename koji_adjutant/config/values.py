"""Turning the text of an option into its value; every reader raises ValueError with what it expected."""

from __future__ import annotations

import configparser
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from koji_adjutant.container.interface import VolumeMount

T = TypeVar("T")

INTEGER_MAX = 2**31 - 1
"""What system calls take for seconds, and more than anybody has jobs or megabytes."""

_MACRO = re.compile(r"(%[A-Za-z_]\w{2,}(?:\([^)]*\))?)\s+(\S.*)", re.ASCII)
SET_FOR_EACH_BUILDROOT = ("%_topdir", "%_host_cpu", "%_host")
"""Macros that no configuration of a builder can change, with kojid neither."""

_MEMORY_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def optional(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a reader that takes an empty text as None."""
    return lambda text: read(text) if text else None


def without(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a reader that takes ``none``, too, and an empty text for the same."""
    return lambda text: None if text in ("", "none") else read(text)


def automatic(read: Callable[[str], T]) -> Callable[[str], T | Literal["auto"]]:
    """Return a reader that takes ``auto``, too."""
    return lambda text: "auto" if text == "auto" else read(text)


def integer(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ValueError("must be a valid integer") from None
    if abs(number) > INTEGER_MAX:
        raise ValueError(f"must be a valid integer of up to {INTEGER_MAX}")
    return number


def integer_from_zero(text: str) -> int:
    number = integer(text)
    if number < 0:
        raise ValueError("must be 0 or greater")
    return number


def integer_from_one(text: str) -> int:
    number = integer(text)
    if number < 1:
        raise ValueError("must be greater than 0")
    return number


def positive_number(text: str) -> float:
    number = _number(text)
    if not 0 < number < float("inf"):
        raise ValueError("must be greater than 0")
    return number


def number_from_zero(text: str) -> float:
    number = _number(text)
    if not 0 <= number < float("inf"):
        raise ValueError("must be 0 or greater")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("must be a number") from None


def boolean(text: str) -> bool:
    """Read the spellings that configparser's getboolean takes, which kojid uses."""
    try:
        return configparser.ConfigParser.BOOLEAN_STATES[text.lower()]
    except KeyError:
        raise ValueError("must be true or false") from None


def memory(text: str) -> int:
    """Return bytes from ``512M``, ``4G``, ``8GiB`` or a plain number."""
    match = re.fullmatch(r"(\d+)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    if match is None or int(match[1]) == 0:
        raise ValueError("must be a size like 512M or 4G")
    return int(match[1]) * _MEMORY_UNITS[match[2]]


class Address(NamedTuple):
    """Where a server listens; ``str`` is ``host:port``, as it is configured."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def address(text: str) -> Address:
    """Read ``host:port``, with an IPv6 address in brackets."""
    host, colon, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not (colon and host and port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError("must be an address like 127.0.0.1:8080")
    if ":" in host and not bracketed:
        raise ValueError("must have its IPv6 address in brackets, like [::1]:8080")
    return Address(host.strip("[]"), int(port))


def absolute_path(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def choice(text: str, alternatives: object) -> Any:
    """Return ``text`` if it is one of the values of ``alternatives``, a Literal type."""
    known = get_args(alternatives)
    if text not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return text


def pairs(text: str) -> dict[str, str]:
    """Read ``a=1,b=2`` or ``a=1 b=2``."""
    found = {}
    for item in re.split(r"[\s,]+", text.strip()):
        if not item:
            continue
        key, equals, value = item.partition("=")
        if not (key and equals):
            raise ValueError(f"must be key=value pairs, and {item!r} is none")
        found[key] = value
    return found


def lines(text: str) -> list[str]:
    """Return what stands on the lines that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class Lines(dict[str, str]):
    """Names and values that are written one a line, with ``between`` in the middle."""

    def __init__(self, between: str) -> None:
        super().__init__()
        self.between = between

    def __str__(self) -> str:
        return "\n".join(f"{name}{self.between}{value}" for name, value in self.items())


def macros(text: str) -> Lines:
    """Read rpm macros as ~/.rpmmacros has them, ``%name value``, one a line; names keep their %."""
    found = Lines(" ")
    for line in lines(text):
        match = _MACRO.fullmatch(line)
        if match is None:
            raise ValueError(f"must have macros like %name value, one a line, and {line!r} is none")
        if match[1] in SET_FOR_EACH_BUILDROOT:
            raise ValueError(f"cannot set {match[1]}, which is made for each buildroot")
        found[match[1]] = match[2]
    return found


def variables(text: str) -> Lines:
    """Read ``NAME=value``, one a line."""
    found = Lines("=")
    for line in lines(text):
        name, equals, value = line.partition("=")
        if not (equals and name.isidentifier()):
            raise ValueError(f"must have variables like NAME=value, one a line, and {line!r} is none")
        if name == "HOME":
            raise ValueError("cannot set HOME, which is made for each buildroot")
        found[name] = value
    return found


def volume_mounts(text: str) -> tuple[VolumeMount, ...]:
    """Read ``src:dst[:mode[:label]]``, several separated by spaces or commas; mode is ro (default) or rw."""
    return tuple(volume_mount(item, mode="ro") for item in re.split(r"[\s,]+", text.strip()) if item)


def volume_mount(item: str, *, mode: Literal["ro", "rw"]) -> VolumeMount:
    """Read ``src:dst[:mode[:label]]``; ``mode`` is that of one which names none."""
    given, label = str(mode), ""
    match item.split(":"):
        case [source, target]:
            pass
        case [source, target, given]:
            pass
        case [source, target, given, label]:
            pass
        case _:
            raise ValueError(f"must be src:dst:mode:label, and {item!r} is not")
    if not (Path(source).is_absolute() and PurePosixPath(target).is_absolute()):
        raise ValueError(f"must have absolute paths, and {item!r} has not")
    if given not in ("ro", "rw"):
        raise ValueError(f"must have the mode ro or rw, and {item!r} has {given!r}")
    if label not in ("", "z", "Z"):
        raise ValueError(f"must have the SELinux label z, Z or none, and {item!r} has {label!r}")
    return VolumeMount(Path(source), PurePosixPath(target), given == "ro", label)  # type: ignore[arg-type]
