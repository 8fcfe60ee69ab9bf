"""What a terminal gets to see of hostile bytes."""

from __future__ import annotations

import io

import pytest

from koji_adjutant.cli.terminal import TerminalWriter


def written(*pieces: bytes) -> bytes:
    terminal = io.BytesIO()
    writer = TerminalWriter(terminal)
    for piece in pieces:
        writer.write(piece)
    writer.end()
    return terminal.getvalue().removesuffix(b"\x1b[0m")


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"plain\ttext\r\n", b"plain\ttext\r\n"),
        (b"\x1b[1;31mred\x1b[m", b"\x1b[1;31mred\x1b[m"),
        (b"\x1b[2J\x1b[H", b"^[[2J^[[H"),
        (b"\x1b]52;c;AAAA\x07", b"^[]52;c;AAAA^G"),
        (b"\x00\x08\x7f", b"^@^H^?"),
        ("caf\u00e9 \u009b31m".encode(), "caf\u00e9 \\x9b31m".encode()),
        (b"\xff\xfe", b"\xff\xfe"),
        (b"\x1b[" + b"1" * 50 + b"m", b"^[[" + b"1" * 50 + b"m"),
        (b"the end \x1b", b"the end ^["),
    ],
)
def test_what_is_shown(data: bytes, shown: bytes) -> None:
    assert written(data) == shown
    # wherever the log was cut into pieces
    assert written(*(data[at : at + 1] for at in range(len(data)))) == shown
