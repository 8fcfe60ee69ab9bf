"""Recipes that do nothing but leave logs and results where the real ones leave them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from koji_adjutant.buildroot.build_container import Privileges
from koji_adjutant.buildroot.installed.packages import InstalledPackage
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repo import CreateRepoRequest
from koji_adjutant.builds.rpms import RpmBuild
from koji_adjutant.builds.scm_srpm import ScmHooks, ScmSrpm
from koji_adjutant.builds.spec import SpecRules
from koji_adjutant.builds.wrapper_srpm import WrapperSrpm, Wrapping
from koji_adjutant.container.interface import EngineInfo, Image
from koji_adjutant.errors import ImageError
from koji_adjutant.images import proofs
from koji_adjutant.images.proof import Proof
from koji_adjutant.rpm.header import Tag
from koji_adjutant.scm.checkout import CheckoutOptions
from koji_adjutant.scm.source import ScmSource
from koji_adjutant.task_adapters import (
    buildroot_task,
    buildsrpm_scm,
    container_task,
    createrepo,
    rebuild_srpm,
    runroot,
    save_failed_tree,
    task_buildroot,
    wrapper_rpm,
)
from tests.support.locks import example
from tests.support.rpm_headers import write_rpm, write_srpm

LOGS = ("build.log", "root.log")
FILES = ("koji.repo", "macros.koji", "buildroot-init.sh")
ORIGIN = {"PACKAGER": "Koji", "VENDOR": "Koji", "DISTRIBUTION": "Koji"}


class FakeEngine:
    """A manager that has every image but ``missing``, each as good as ``prove`` says, and nothing else."""

    missing = "localhost/missing:1"
    poor = "localhost/poor:1"

    def prove(self, image: str) -> Proof:
        return Proof(["it cannot run git"] if image == f"id-of-{self.poor.replace('/', '-')}" else [])

    def ensure_image_available(self, reference: str, _policy: str) -> Image:
        if reference == self.missing:
            raise ImageError(f"the image {reference} is not in podman's storage: make it")
        digests = () if reference.startswith("localhost/") else (f"{reference}@sha256:0",)
        return Image(reference, f"id-of-{reference.replace('/', '-')}", "sha256:0", "x86_64", {}, digests)

    def check(self) -> EngineInfo:
        return EngineInfo("podman", "5.4.2", "crun", False, "amd64", frozenset())


class FakeRoot:
    def __init__(self, workspace: Workspace, config: BuildrootConfig) -> None:
        self.workspace = workspace
        self.config = config

    def installed_packages(self) -> list[InstalledPackage]:
        return [InstalledPackage("bash", "5.2", "1", None, "x86_64", "abc", 1, 2)]

    def install(self, _packages: Sequence[str]) -> None:
        pass

    def lock(self) -> Lock:
        return example()


class Recipes:
    """What the recipes will do, for a test to change before it runs a task.

    ``failures`` are, by recipe, what it raises; ``left_by`` are errors that ended buildroots in use.
    """

    def __init__(self) -> None:
        self.failures: dict[str, Exception] = {}
        self.listings: Callable[[], list[Any]] = list
        self.packages = {"hello-1.0-1": ["hello-1.0-1.x86_64.rpm"]}
        self.source_tags: dict[str, str] = dict(ORIGIN)
        self.srpm = "hello-1.0-1.src.rpm"
        self.source = {"url": "", "source": ""}
        self.repodata = ["repomd.xml"]
        self.seen: dict[str, Any] = {}
        self.open_roots = 0
        self.left_by: list[type[BaseException]] = []

    def _fail(self, recipe: str) -> None:
        if recipe in self.failures:
            raise self.failures[recipe]

    @contextmanager
    def open_engine(self, *_: Any, **__: Any) -> Iterator[FakeEngine]:
        self._fail("open_engine")
        yield FakeEngine()

    @contextmanager
    def open_buildroot(
        self,
        workspace: Workspace,
        config: BuildrootConfig,
        _privileges: Privileges | None = None,
    ) -> Iterator[FakeRoot]:
        with (workspace.resultdir / "root.log").open("a") as log:
            log.write("installing\n")
        for name in FILES:
            (workspace.resultdir / name).write_text("content\n")
        self._fail("open_buildroot")
        self.seen |= {"config": config, "workspace": workspace}
        self.open_roots += 1
        try:
            yield FakeRoot(workspace, config)
        except BaseException as error:
            self.left_by.append(type(error))
            raise
        finally:
            self.open_roots -= 1

    def build_rpms(self, root: FakeRoot, _srpm: Path, *, arch: str, usual_seconds: float) -> RpmBuild:
        results = root.workspace.resultdir
        (results / "build.log").write_text("compiling\n")
        self._fail("build_rpms")
        rpms = tuple(write_rpm(results / name, {Tag.NAME: "hello"}) for name in self._rpms())
        self.seen |= {"arch": arch, "usual_seconds": usual_seconds}
        return RpmBuild(rpms, self._srpm(results))

    def _rpms(self) -> list[str]:
        return [name for names in self.packages.values() for name in names]

    def _srpm(self, results: Path) -> Path:
        name, version, release = self.srpm.removesuffix(".src.rpm").rsplit("-", 2)
        return write_srpm(results / self.srpm, name, version, release, **self.source_tags)

    def rebuild_srpm(self, root: FakeRoot, _srpm: Path) -> Path:
        self._fail("rebuild_srpm")
        return self._srpm(root.workspace.resultdir)

    def srpm_from_scm(
        self,
        root: FakeRoot,
        source: ScmSource,
        rules: SpecRules,
        hooks: ScmHooks,
        checkout: CheckoutOptions,  # noqa: ARG002
    ) -> ScmSrpm:
        hooks.before_checkout()
        (root.workspace.resultdir / "checkout.log").write_text("cloning\n")
        self._fail("srpm_from_scm")
        hooks.after_checkout(root.workspace.workdir)
        self.seen |= {"source": source, "rules": rules}
        return ScmSrpm(self._srpm(root.workspace.resultdir), self.source)

    def srpm_from_template(
        self,
        root: FakeRoot,
        _source: ScmSource,
        _wrapping: Wrapping,
        *,
        hooks: ScmHooks,
        rendered: Callable[[Path], None],
        **_: Any,
    ) -> WrapperSrpm:
        hooks.before_checkout()
        spec = root.workspace.workdir / "hello.spec"
        spec.write_text("Name: hello\n")
        hooks.after_checkout(root.workspace.workdir)
        rendered(spec)
        return WrapperSrpm(self._srpm(root.workspace.resultdir), self.source)

    def run_command(self, root: FakeRoot, _command: str | Sequence[str], *, skip_setarch: bool) -> int:  # noqa: ARG002
        (root.workspace.resultdir / "runroot.log").write_text("running\n")
        return 0

    def copy_out(self, _root: FakeRoot, _path: PurePosixPath, destination: Path) -> bool:
        destination.write_text("content\n")
        return True

    def save_tree(self, workspace: Workspace, _kept: Any, **_: Any) -> list[Path]:
        tree = workspace.workdir / "broot-11.tar.gz"
        tree.write_text("files\n")
        return [tree]

    def create_repo(self, workspace: Workspace, request: CreateRepoRequest) -> list[Path]:
        with (workspace.resultdir / "createrepo.log").open("a") as log:
            log.write("reading\n")
        self._fail("create_repo")
        self.seen["request"] = request
        repodata = workspace.workdir / "repo" / "repodata"
        repodata.mkdir(parents=True)
        files = [repodata / name for name in self.repodata]
        for file in files:
            file.write_text("data")
        return files


def install(monkeypatch: pytest.MonkeyPatch) -> Recipes:
    """In place of the real ones, in every adapter."""
    fake = Recipes()
    monkeypatch.setattr(buildroot_task, "open_buildroot", fake.open_buildroot)
    monkeypatch.setattr(container_task, "open_engine", fake.open_engine)
    monkeypatch.setattr(proofs, "prove", FakeEngine.prove)
    monkeypatch.setattr(buildroot_task, "build_rpms", fake.build_rpms)
    monkeypatch.setattr(rebuild_srpm, "rebuild_srpm", fake.rebuild_srpm)
    monkeypatch.setattr(buildsrpm_scm, "srpm_from_scm", fake.srpm_from_scm)
    monkeypatch.setattr(wrapper_rpm, "srpm_from_template", fake.srpm_from_template)
    monkeypatch.setattr(createrepo, "create_repo", fake.create_repo)
    monkeypatch.setattr(runroot, "run_command", fake.run_command)
    monkeypatch.setattr(runroot, "copy_out", fake.copy_out)
    monkeypatch.setattr(save_failed_tree, "save_tree", fake.save_tree)
    monkeypatch.setattr(task_buildroot, "buildroot_list", lambda *_, **__: fake.listings())
    return fake
