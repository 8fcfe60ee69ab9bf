from __future__ import annotations

import pytest

from koji_adjutant.monitoring.web.ansi import LINE_MAX, Renderer


def lines(*pieces: bytes, **options: object) -> list[str]:
    renderer = Renderer(**options)  # type: ignore[arg-type]
    return [str(line) for piece in pieces for line in renderer.feed(piece)] + list(map(str, renderer.end()))


def content(data: bytes) -> str:
    (line,) = lines(data)
    return line.removeprefix('<span class="line" id="b0">').removesuffix("\n</span>")


@pytest.mark.parametrize(
    ("data", "html"),
    [
        (b"plain", "plain"),
        (b"\x1b[31mred\x1b[0m not", '<span class="c1">red</span> not'),
        (b"\x1b[1;92mboth\x1b[22mgreen", '<span class="bold c10">both</span><span class="c10">green</span>'),
        (b"\x1b[38;5;4mblue", '<span class="c4">blue</span>'),
        (b"\x1b[38;2;255;0;0mtrue\x1b[m", "true"),
        (b"\x1b[38;5mcut short", "cut short"),
        (b"\x1b[38:5:3mcolons", '<span class="c3">colons</span>'),
        (b"\x1b[38:2::1:2:31mtrue", "true"),
        (b"\x1b[" + b"9" * 5000 + b"mno number", "no number"),
        (b"\x1b[48;5;9mground", "ground"),
        (b"\x1b[4:3mcurly\x1b[24mnot", '<span class="underline">curly</span>not'),
        (b"\x1b[2J\x1b[Hcleared", "cleared"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"10%\r50%\r100%\r", "100%"),
        (b"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        (b"\x1b[31m<b onclick='x'>\x1b[0m", '<span class="c1">&lt;b onclick=&#39;x&#39;&gt;</span>'),
        (b"bell\x07 null\0", r"bell\x07 null\x00"),
        ("\u202eright to left".encode(), r"\u202eright to left"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_a_line(data: bytes, html: str) -> None:
    assert content(data) == html


def test_colours_go_on_and_lines_have_their_offsets() -> None:
    assert lines(b"\x1b[32mone\ntw", b"o\nthree") == [
        '<span class="line" id="b0"><span class="c2">one</span>\n</span>',
        '<span class="line" id="b9"><span class="c2">two</span>\n</span>',
        '<span class="line" id="b13"><span class="c2">three</span>\n</span>',
    ]
    assert lines(b"x\n", offset=100) == ['<span class="line" id="b100">x\n</span>']


def test_decisive_lines_are_marked() -> None:
    found = lines(b"fine\n  \x1b[31merror: no\x1b[0m\n", marked=["error: no"])
    assert ["decisive" in line for line in found] == [False, True]


def test_a_line_without_end_fills_no_memory() -> None:
    renderer = Renderer()
    shown = [line for _ in range(100) for line in renderer.feed(b"x" * LINE_MAX)]
    assert len(shown) >= 49
    assert max(map(len, shown)) < LINE_MAX + 100
