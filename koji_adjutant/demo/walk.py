"""The demo's steps, in order: from an empty hub to a program that was built, tagged, installed and run."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import koji

from koji_adjutant.demo.errors import DemoError
from koji_adjutant.demo.farm import Farm
from koji_adjutant.demo.stage import BUILD_TAG, PACKAGE, TAG
from koji_adjutant.demo.trial import install_and_run


@dataclass
class Walk:
    """One run of the demo; ``package`` is the directory with the sources to build."""

    farm: Farm
    package: Path
    tool_image: str

    def set_up(self) -> str:
        """Start hub, worker and repo, ready for ``koji build``. Returns the commit that can be built."""
        farm, step = self.farm, self.farm.report.step
        with step("Start a hub (devhub)"):
            farm.start_hub()
        with step("Serve the distribution and a git repository"):
            commit = farm.serve_sources(self.package)
        with step("Set up host, tags, target, groups and external repo"):
            farm.configure_hub()
        with step("Start the worker"):
            farm.start_worker()
        with step("Regenerate the build tag's repo (newRepo, createrepo)"):
            farm.client.run("regen-repo", "--wait", BUILD_TAG)
        return commit

    def build(self, commit: str) -> None:
        """Go from ``koji build`` to installed RPMs."""
        farm, step = self.farm, self.farm.report.step
        source = f"{farm.stage.git_url}#{commit}"
        with step("Build from git to tagged RPMs"):
            task_id = _task_id(farm.client.run("build", "--nowait", TAG, source))
            farm.client.run("watch-task", str(task_id))
        nvr = self._built()
        with step("Wait for a new repo that has the package"):
            farm.client.run("wait-repo", "--request", "--build", nvr, BUILD_TAG)
        with step("Download the RPMs"):
            farm.client.run("download-build", "--debuginfo", nvr, cwd=farm.stage.downloads)
        with step("Install the RPM from the new repo into a fresh container and run the program"):
            said = install_and_run(farm.stage, self.tool_image, farm.architecture)
            farm.report.output(said)
        self._state_facts(nvr, task_id, said)

    def _built(self) -> str:
        """Return the NVR that is tagged now. Raises DemoError if none is."""
        session = koji.ClientSession(self.farm.stage.hub_url)
        tagged = session.getLatestBuilds(TAG, package=PACKAGE)
        if not tagged:
            raise DemoError(
                f"the build of {PACKAGE} ended but it is not tagged {TAG}",
                self.farm.stage.logs / "worker.log",
            )
        nvr: str = tagged[0]["nvr"]
        return nvr

    def _state_facts(self, nvr: str, task_id: int, said: str) -> None:
        stage, report = self.farm.stage, self.farm.report
        logs = Path(koji.PathInfo(topdir=str(stage.topdir)).build_logs(koji.parse_NVR(nvr)))
        installed = logs / self.farm.architecture / "installed_pkgs.log"
        report.fact("Built and tagged", f"{nvr} in {TAG} (task {task_id}); it says: {said}")
        report.fact("Packages in the buildroot", len(installed.read_text().splitlines()))
        report.fact("RPMs", stage.downloads)
        report.fact("Logs of the build", logs)
        report.fact("Logs of hub and worker", stage.logs)

    def write_record(self, file: Path) -> None:
        """Write steps and seconds as JSON, for those who measure."""
        file.write_text(json.dumps({"steps": self.farm.report.steps}, indent=1) + "\n")

    def explain_how_to_play(self, commit: str) -> None:
        """Say what to type now that everything runs."""
        stage, console = self.farm.stage, self.farm.report.console
        client = shlex.join(self.farm.client.command_line)
        lines = (
            f"Hub:     {stage.hub_url}",
            f"Files:   {stage.files_url}",
            f"Watch:   {stage.dashboard_url}",
            f"Worker:  {stage.worker_config}, log {stage.logs / 'worker.log'}",
            f"Client:  alias demo-koji={shlex.quote(client)}",
            f"Try:     demo-koji build {TAG} '{stage.git_url}#{commit}'",
            "         demo-koji list-tasks; demo-koji watch-logs TASK; demo-koji list-hosts",
            "Stop:    make demo-down",
        )
        console.print()
        for line in lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def _task_id(lines: list[str]) -> int:
    """Return the id that ``koji build`` prints as ``Created task: N``."""
    for line in lines:
        if found := re.fullmatch(r"Created task: (\d+)", line.strip()):
            return int(found[1])
    raise DemoError(f"koji build named no task; it said: {' / '.join(lines)}")
