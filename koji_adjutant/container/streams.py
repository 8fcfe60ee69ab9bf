"""The engine's multiplexed output streams, taken apart frame by frame.

A frame is one byte of stream number (1 stdout, 2 stderr), three bytes of nothing, the payload's length as
four bytes big-endian, and the payload (the format of Docker's attach, which libpod shares).
"""

from __future__ import annotations

from collections.abc import Callable

from koji_adjutant.container.interface import LogSink

HEADER_SIZE = 8
STDERR = 2


def pump(read: Callable[[int], bytes], stdout: LogSink, stderr: LogSink) -> None:
    """Write each frame to its sink as it comes; ``read(n)`` returns n bytes, fewer only at the end.

    A frame that the engine cut short is written as far as it came.
    """
    while len(header := read(HEADER_SIZE)) == HEADER_SIZE:
        payload = read(int.from_bytes(header[4:], "big"))
        sink = stderr if header[0] == STDERR else stdout
        sink.write(payload)
