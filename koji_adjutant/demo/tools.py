"""The tool image, made if this machine has none."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.demo.report import Report
from koji_adjutant.images.build import ensure_tool_image


def provide_tool_image(state_dir: Path, reference: str, report: Report) -> None:
    """Make the tool image from the host's packages, unless it is there."""
    with report.step("Tool image"), open_engine(AdjutantOptions(state_dir=state_dir)) as manager:
        image, made = ensure_tool_image(manager, state_dir, report.output, reference=reference, refresh=False)
        report.output(f"{image.reference} was {'made just now' if made else 'there already'}")
