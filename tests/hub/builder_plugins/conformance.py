"""A builder plugin as others write them: a task method, and callbacks that note how they were called."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from koji.plugin import callback
from koji.tasks import BaseTaskHandler


class PluggedTask(BaseTaskHandler):  # type: ignore[misc]
    Methods = ["conformancePlugged"]  # noqa: RUF012

    def handler(self, word: str, times: int = 1) -> str:
        return f"{self.options.vendor} says " + word * times


@callback("preSCMCheckout", "postSCMCheckout", "postCreateRepo", "postCreateDistRepo")  # type: ignore[untyped-decorator]
def note(kind: str, **known: Any) -> None:
    line = {"kind": kind, "known": sorted(known), "method": known["taskinfo"]["method"]}
    if kind == "postSCMCheckout" and known["scminfo"]["scmtype"].startswith("GIT"):
        # what the stock plugin scmpolicy asks git
        command = ["git", "branch", "-r", "--contains", "HEAD"]
        line["branches"] = subprocess.check_output(command, cwd=known["srcdir"], text=True).split()
    with Path(__file__).with_suffix(".calls").open("a") as calls:
        calls.write(json.dumps(line) + "\n")
