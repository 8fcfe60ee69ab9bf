"""A hub that plays back what a real hub answered to a stock builder, and insists on the same calls.

``stock_builder.jsonl`` holds, for some tasks, what a stock kojid's task process called, without uploads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.config import KojidOptions
from koji_adjutant.hub.rows import ChunkReceipt
from koji_adjutant.task_adapters import ADAPTERS
from koji_adjutant.task_handlers import HANDLERS

RECORD = Path(__file__).with_name("stock_builder.jsonl")
END = ("host.closeTask", "host.failTask")


@dataclass
class Replay:
    """One task's hub session. ``calls`` are all that were made, ``uploads`` where files were uploaded to."""

    info: Mapping[str, Any]
    expected: list[dict[str, Any]]
    end: dict[str, Any]
    uploads: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, Sequence[Any], Mapping[str, Any]]] = field(default_factory=list)
    sinfo: Mapping[str, Any] = field(default_factory=dict)
    opts: dict[str, Any] = field(default_factory=lambda: {"use_fast_upload": True})

    @classmethod
    def of_task(cls, task_id: int) -> Replay:
        rows = [json.loads(line) for line in RECORD.read_text().splitlines()]
        info, *calls = [row for row in rows if row["task"] == task_id]
        return cls(info["info"], calls[:-1], calls[-1])

    def answer_to(self, method: str) -> Any:
        """What the hub will answer to the next call of ``method``."""
        return next(call["result"] for call in self.expected if call["method"] == method)

    def uploadWrapper(self, localfile: str, path: str, name: str | None = None, **_: Any) -> None:  # noqa: N802
        self.uploads[name or Path(localfile).name] = path
        self.calls.append(("uploadWrapper", (name or Path(localfile).name,), {}))

    def rawUpload(self, chunk: bytes, offset: int, path: str, name: str, overwrite: bool) -> ChunkReceipt:  # noqa: ARG002, N802
        assert overwrite
        self.uploads[name] = path
        if not name.endswith(".log"):  # those grow, and go up at any moment
            self.calls.append(("uploadWrapper", (name,), {}))
        digest = koji.util.adler32_constructor(chunk).hexdigest()
        return {"hexdigest": digest}

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        self.calls.append((method, args, dict(kwargs)))
        if method == "getTaskInfo" and kwargs.get("request") and self.expected[0]["method"] != method:
            return self.info  # BaseTaskHandler.find_arch asks since 1.36
        if method == "getBuildConfig" and not kwargs and self.expected[0]["method"] != method:
            return {"name": args[0], "extra": {}}  # the image policy, which a stock builder has not
        assert self.expected, f"the stock builder is done, and here comes {method}{args}{kwargs}"
        call = self.expected.pop(0)
        if kwargs.get("method") == "waitrepo" and "label" not in call["kwargs"]:
            kwargs.pop("label", None)  # koji's library gives it one since 1.36, the record is of 1.35
        ours = json.loads(json.dumps({"method": method, "args": args, "kwargs": kwargs}))
        theirs = {key: call[key] for key in ours}
        assert ours == theirs, f"ours: {ours}\ntheirs: {theirs}"
        if "fault" in call:
            _, code, message = call["fault"]
            raise koji.convertFault(koji.xmlrpcplus.Fault(code, message))
        return call["result"]

    def __getattr__(self, name: str) -> _Method:
        return _Method(self.call, name)


def play(task_id: int, options: KojidOptions) -> tuple[Any, Replay]:
    """What our handler of the recorded task returns, and the session it was run with."""
    hub = Replay.of_task(task_id)
    handlers = {method: handler for handler in (*HANDLERS, *ADAPTERS) for method in handler.Methods}
    handler = handlers[hub.info["method"]](task_id, hub.info["method"], hub.info["request"], hub, options)
    return handler.run(), hub


def recorded_listings(task_id: int) -> Callable[[], Any]:
    """What was reported about the recorded task's buildroot, one listing after the other."""
    calls = Replay.of_task(task_id).expected
    listings = [call["args"][1] for call in calls if call["method"].endswith("BuildRootList")]
    return lambda: listings.pop(0)


@dataclass
class _Method:
    call: Callable[..., Any]
    name: str

    def __getattr__(self, name: str) -> _Method:
        return _Method(self.call, f"{self.name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(self.name, *args, **kwargs)
