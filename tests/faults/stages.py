"""The stages of tasks at which something may be killed: how a task gets there, and is held there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.faults.gates import Gate, waiting
from tests.faults.stand import IN_BASE, IN_LAYER, Stand
from tests.hub.builder import ARCH
from tests.hub.names import unique
from tests.support.holding_hub import HubCall
from tests.support.waiting import until

LINES = 200_000
"""What a build prints, a number each: more than fits in one upload."""
NUMBERED = "\n".join(map(str, range(1, LINES + 1)))
AT_GATE = waiting("/builddir")
SPEC = """\
%global debug_package %{{nil}}
{early}
Name: {name}
Version: 1
Release: 1
Summary: Is built while something is killed
License: MIT
{requires}
%description
%{{summary}}.
%build
{build}
%install
mkdir -p %{{buildroot}}/usr/share
head -c 3000000 /dev/urandom > %{{buildroot}}/usr/share/{name}
%files
/usr/share/{name}
"""
MAKEFILE = "sources:\n\t{sources}\n"


@dataclass(frozen=True)
class Held:
    """A task, held at a stage: its process is the one that is killed.

    ``whole`` is the task that must end well for all to be well, its parent perhaps; ``numbered``: its
    build.log has NUMBERED.
    """

    task: int
    gate: Gate
    whole: int
    numbered: bool = False


Stage = Callable[[Stand], Held]


def spec(name: str, *, early: str = "", requires: str = "", build: str = "") -> str:
    """Return the spec file of a package that needs no sources."""
    return SPEC.format(name=name, early=early, requires=requires, build=build)


# A source package is made of a checkout


def checking_out(stand: Stand) -> Held:
    """The container that checks out runs."""
    gate = stand.tool_gate("checkout.py")
    return _source_package_task(stand, gate)


def fetching_sources(stand: Stand) -> Held:
    """The source command runs in the buildroot."""
    return _source_package_task(stand, sources=AT_GATE)


def making_a_source_package(stand: Stand) -> Held:
    """``rpmbuild -bs`` reads the spec."""
    return _source_package_task(stand, early=f"%global held %({AT_GATE}; echo held)")


def uploading_a_source_package(stand: Stand) -> Held:
    """The hub gets the result."""
    gate = stand.hub.hold(lambda call: is_upload(call, ".src.rpm"))
    return _source_package_task(stand, gate)


def _source_package_task(
    stand: Stand, gate: Gate | None = None, *, early: str = "", sources: str = "true"
) -> Held:
    name = unique("kill")
    files = {f"{name}.spec": spec(name, early=early), "Makefile": MAKEFILE.format(sources=sources)}
    url = stand.farm.publish(name, files)
    options = {"repo_id": stand.repo}
    task = stand.farm.worker_task("buildSRPMFromSCM", url, stand.farm.build_tag, options)
    return Held(task, gate or stand.build_gate(task), task)


# Packages are built


def resolving(stand: Stand) -> Held:
    """The resolver runs, on metadata that is being put into the store."""
    stand.repo  # noqa: B018 - before the metadata goes
    stand.forget_metadata()
    gate = stand.tool_gate("resolve.py")
    # nobody has asked for this before
    return _build_task(
        stand, gate, requires=f"BuildRequires: {IN_LAYER} >= 0.{unique('1').replace('-', '.')}"
    )


def downloading(stand: Stand) -> Held:
    """A package is on its way into the cache."""
    stand.forget(IN_LAYER)
    gate = stand.packages.hold(f"/{IN_LAYER}-1-1.noarch.rpm")
    return _build_task(stand, gate, requires=f"BuildRequires: {IN_LAYER}")


def installing_a_layer(stand: Stand) -> Held:
    """A package's script runs, in the layer of BuildRequires that is being made."""
    stand.forget_roots(IN_LAYER)
    return _build_task(stand, stand.install_gate(), requires=f"BuildRequires: {IN_LAYER}")


def installing_a_base(stand: Stand) -> Held:
    """A package's script runs, in the base root that is being made."""
    tag = stand.small_tag
    stand.forget_roots(IN_BASE)
    task = int(stand.farm.admin.runroot(tag, ARCH, ["true"]))
    return Held(task, stand.install_gate(), task)


def building(stand: Stand) -> Held:
    """%build runs."""
    return _build_task(stand, build=AT_GATE)


def uploading_a_log(stand: Stand) -> Held:
    """%build runs, and the hub gets the next part of its log."""
    gate = stand.hub.hold(lambda call: is_upload(call, "build.log") and call.named["offset"] != "0")
    held = _build_task(stand, build=f"seq {LINES}\n{AT_GATE}", numbered=True)
    return replace(held, gate=_Both(gate, held.gate))


def uploading_packages(stand: Stand) -> Held:
    """The hub has got a part of a package, and gets the next one."""
    gate = stand.hub.hold(
        lambda call: is_upload(call, f".{ARCH}.rpm") and call.named["offset"] != "0", answered=True
    )
    return _build_task(stand, gate, build=f"seq {LINES}", numbered=True)


def reporting_the_buildroot(stand: Stand) -> Held:
    """The hub has heard what the buildroot consists of, the task has not heard that."""
    gate = stand.hub.hold(lambda call: call.method == "host.setBuildRootList", answered=True)
    return _build_task(stand, gate)


def giving_back(stand: Stand) -> Held:
    """podman's service is gone, and the task is about to be given back."""
    building_ = building(stand)
    until(building_.gate.reached, f"task {building_.task} builds")
    gate = stand.hub.hold(
        lambda call: call.method == "host.freeTasks" and call.arguments == ([building_.task],)
    )
    stand.victims.kill(stand.victims.service())
    return Held(building_.task, _Both(gate, building_.gate), building_.task)


def ending(stand: Stand) -> Held:
    """The hub is about to get the result."""
    return _ending(stand, answered=False)


def ended(stand: Stand) -> Held:
    """The hub has the result, the task has not heard that."""
    return _ending(stand, answered=True)


def _ending(stand: Stand, *, answered: bool) -> Held:
    gate = stand.hub.hold(lambda call: call.method == "host.closeTask", answered=answered)
    return _build_task(stand, gate)


def tidying_up(stand: Stand) -> Held:
    """The hub has the result, and the task's process says good-bye before it tidies up."""
    task = _build_task(stand).task
    gate = stand.hub.hold(
        lambda call: call.method == "logout" and call.session in stand.hub.sessions("host.closeTask", task)
    )
    return Held(task, gate, task)


def _build_task(
    stand: Stand, gate: Gate | None = None, *, requires: str = "", build: str = "", numbered: bool = False
) -> Held:
    name = unique("kill")
    task = stand.build_arch(stand.source_package(name, spec(name, requires=requires, build=build)))
    gate = gate or stand.build_gate(task)
    # what is required waits while it is installed, whatever the task has been held for before
    return Held(task, _Both(gate, stand.install_gate()) if requires else gate, task, numbered)


# Other tasks


def running_a_command(stand: Stand) -> Held:
    """A runroot task's command runs."""
    task = int(stand.farm.admin.runroot(stand.farm.build_tag, ARCH, ["sh", "-c", AT_GATE]))
    return Held(task, stand.build_gate(task), task)


def merging_repositories(stand: Stand) -> Held:
    """createrepo_c has run, and mergerepo_c reads an external repository."""
    parent, gate = _new_repo(stand)
    return Held(_child(stand, parent), gate, parent)


def waiting_for_a_repository(stand: Stand) -> Held:
    """A newRepo task waits for its subtask, in which mergerepo_c runs."""
    parent, gate = _new_repo(stand)
    return Held(parent, gate, parent)


def _new_repo(stand: Stand) -> tuple[int, Gate]:
    gate = stand.packages.hold("/repodata/repomd.xml")
    return stand.farm.worker_task("newRepo", stand.new_tag()), gate


def waiting_for_packages(stand: Stand) -> Held:
    """A build task waits for its subtask, in which %build runs."""
    name = unique("kill")
    files = {f"{name}.spec": spec(name, build=AT_GATE), "Makefile": MAKEFILE.format(sources="true")}
    task = stand.farm.build(stand.farm.publish(name, files))
    return Held(task, stand.build_gate(_child(stand, task)), task)


def _child(stand: Stand, parent: int) -> int:
    """Return the subtask for the arch, which there is after a while."""

    def made() -> bool:
        return ARCH in stand.farm.children(parent) or stand.farm.is_finished(parent)

    until(made, f"the subtask of {parent}\n{stand.farm.log_tail()}")
    assert not stand.farm.is_finished(parent), stand.farm.failure(parent)
    return int(stand.farm.children(parent)[ARCH]["id"])


class _Both:
    """The first gate is where the task is held, the second one is opened with it."""

    def __init__(self, first: Gate, second: Gate) -> None:
        self._gates = (first, second)

    def reached(self) -> bool:
        return self._gates[0].reached()

    def open(self) -> None:
        for gate in self._gates:
            gate.open()


def is_upload(call: HubCall, ending: str) -> bool:
    """Return whether the hub gets a part of a file whose name ends like this."""
    return call.method == "rawUpload" and str(call.named["filename"]).endswith(ending)


STAGES: Mapping[str, Stage] = {
    stage.__name__.replace("_", "-"): stage
    for stage in (
        checking_out,
        fetching_sources,
        making_a_source_package,
        uploading_a_source_package,
        resolving,
        downloading,
        installing_a_layer,
        installing_a_base,
        building,
        uploading_a_log,
        uploading_packages,
        reporting_the_buildroot,
        giving_back,
        ending,
        ended,
        tidying_up,
        running_a_command,
        merging_repositories,
        waiting_for_a_repository,
        waiting_for_packages,
    )
}
