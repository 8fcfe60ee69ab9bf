"""A headless Chromium, told what to do through two pipes (its DevTools protocol)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LONG = 120
PROGRAMS = ("chromium", "chromium-headless", "chromium-browser", "headless_shell")
FLAGS = (
    "--headless",
    "--no-sandbox",  # as root; it only sees pages of ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def find_chromium() -> str | None:
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Page:
    """One tab. ``complaints``: errors that came up, and scripts that the page's policy kept from running."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self._loaded: set[str] = set()
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def call(self, method: str, **params: Any) -> Any:
        message = self._ask(method, params)
        assert "error" not in message, message
        return message["result"]

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        request = {"id": self._number, "method": method, "params": params}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._write, json.dumps(request).encode() + b"\0")
        while (message := self._next()).get("id") != self._number:
            self._note(message)
        return message

    def open(self, url: str) -> None:
        """Until this very document, not the one before it, has loaded."""
        navigation = self.call("Page.navigate", url=url)
        assert "errorText" not in navigation, navigation
        while navigation["loaderId"] not in self._loaded:
            self._note(self._next())

    def leave(self) -> None:
        """To an empty page, so that nothing asks the server any more."""
        self.open("about:blank")

    def evaluate(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait for it to be true. While one page takes another's place, asking fails: it is asked again."""
        deadline = time.monotonic() + LONG
        question = {"expression": expression, "returnByValue": True}
        while True:
            message = self._ask("Runtime.evaluate", question)
            answer = message.get("result", {})
            if "exceptionDetails" not in answer and answer.get("result", {}).get("value"):
                return
            assert time.monotonic() < deadline, (expression, message)
            time.sleep(0.02)

    def text(self, selector: str = "main") -> str:
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def resize(self, width: int) -> None:
        """To that many pixels; a narrow one is a phone."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=9)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = os.read(self._read, 1 << 16)
            assert piece, "chromium has ended"
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message.get("method") == "Page.lifecycleEvent" and params["name"] == "load":
            self._loaded.add(params["loaderId"])
        if message.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        if message.get("method") in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
            self.complaints.append(str(params))


@contextmanager
def open_page(program: str) -> Iterator[Page]:
    """A browser of its own, gone at the end."""
    to_read, to_write = os.pipe(), os.pipe()

    def three_and_four() -> None:
        os.dup2(to_write[0], 3)
        os.dup2(to_read[1], 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=three_and_four,  # noqa: PLW1509 - before any other thread could matter to it
            pass_fds=(3, 4),
        )
        os.close(to_write[0])
        os.close(to_read[1])
        try:
            yield Page(to_read[0], to_write[1])
        finally:
            os.close(to_write[1])
            process.terminate()
            process.wait()
            os.close(to_read[0])
