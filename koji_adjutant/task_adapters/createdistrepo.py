"""The ``createdistrepo`` task: one arch of a dist repo, with links where the hub puts packages."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import koji
from koji.tasks import RefuseTask

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.dist_repo import DistRepoRequest, create_dist_repo, package_directories, place_of
from koji_adjutant.builds.multilib import PARTNERS, MultilibRequest, multilib_packages
from koji_adjutant.errors import RepoContentError
from koji_adjutant.hub.arguments import Arch
from koji_adjutant.hub.rows import RepoRow, TagReference
from koji_adjutant.hub.tasks import CreateDistRepoOptions
from koji_adjutant.task_adapters.container_task import ContainerTask
from koji_adjutant.task_adapters.dist_rpms import (
    DistRpm,
    missing_files_report,
    missing_signatures_report,
    nvra,
    select_rpms,
    write_signed_copies,
)


class CreateDistRepoTask(ContainerTask):
    """``createdistrepo(tag, repo_id, arch, keys, opts)`` -> None; all that the hub needs is uploaded.

    ``repo_manifest`` lists what of it goes into the repository, ``kojipkgs`` says which packages do.
    """

    Methods = ["createdistrepo"]  # noqa: RUF012
    _taskWeight = 1.5  # noqa: N815

    def handler(
        self, tag: TagReference, repo_id: int, arch: Arch, keys: Sequence[str], opts: CreateDistRepoOptions
    ) -> None:
        repo = self.session.repoInfo(repo_id, strict=True)
        if repo["state"] != koji.REPO_INIT:
            raise koji.GenericError(f"Repo {repo['id']} not in INIT state (got {repo['state']})")
        self._refuse_without_topdir(repo)
        delta_against = self._delta_directories(opts.get("delta") or [], arch)
        old = self._old_repo(tag, arch)
        skip_stat = opts.get("createrepo_skip_stat")
        with self.open_workspace(repo["tag_name"], arch, repo_id=repo["id"]) as workspace:
            packages = self._packages(workspace, tag, arch, keys, opts)
            if (multilib := opts.get("multilib")) and arch in PARTNERS:
                self._add_multilib(workspace, packages, repo, arch, multilib)
            debug = frozenset(
                file
                for file, row in packages.items()
                if opts.get("split_debuginfo") and koji.is_debuginfo(row["name"])
            )
            for file in debug:
                packages[file]["_subrepo"] = "debug"
            request = DistRepoRequest(
                topdir=Path(self.options.topdir),
                packages={file: Path(row["_pkgpath"]) for file, row in packages.items()},
                groupdata=_directory(repo) / "groups" / "comps.xml",
                debug=debug,
                old=old,
                skip_stat=self.options.distrepo_skip_stat if skip_stat is None else skip_stat,
                delta_against=delta_against,
                zck=bool(opts.get("zck")),
                zck_dict_dir=_absolute(opts.get("zck_dict_dir")),
            )
            with self.live_logs.following():
                made = create_dist_repo(workspace, request)
            (made / "kojipkgs").write_text(json.dumps(packages))
            self.run_callbacks(
                "postCreateDistRepo",
                tag=tag,
                repodir=str(made),
                repo_id=repo_id,
                arch=arch,
                keys=keys,
                opts=opts,
            )
            self._upload(workspace, made)

    def _refuse_without_topdir(self, repo: RepoRow) -> None:
        """Refuse the task without the hub's files: another host may have them mounted."""
        if _directory(repo).is_dir():
            return
        repos = Path(self.options.topdir) / "repos-dist"
        if not repos.is_dir():
            raise RefuseTask(f"No access to repos dir {repos}")
        raise koji.GenericError(f"Repo directory missing: {_directory(repo)}")

    def _delta_directories(self, repo_ids: Sequence[int], arch: str) -> list[Path]:
        """Return where older dist repos have the packages that deltas are made against."""
        directories = []
        for repo_id in repo_ids:
            repo = self.session.repoInfo(repo_id, strict=True)
            if not repo["dist"]:
                raise koji.GenericError("Base repo for deltas must also be a dist repo")
            path = _directory(repo)
            if not path.exists():
                raise koji.GenericError(f"Base drpm repo missing: {path}")
            directories += package_directories(path / arch)
        return directories

    def _old_repo(self, tag: TagReference, arch: str) -> Path | None:
        """Return the same arch of the tag's last dist repo, for its metadata."""
        repo = self.session.getRepo(tag, dist=True, state=koji.REPO_READY)
        if not repo or not self.options.createrepo_update:
            return None
        path = _directory(repo) / arch
        if not path.is_dir():
            self.logger.warning("old repodata is missing: %s", path / "repodata")
            return None
        return path

    def _packages(
        self,
        workspace: Workspace,
        tag: TagReference,
        arch: str,
        keys: Sequence[str],
        opts: CreateDistRepoOptions,
    ) -> dict[str, DistRpm]:
        """Return what goes into the repository: the hub's rows by file name, with ``_pkgpath``."""
        selection = select_rpms(self.session, tag, arch, keys, opts)
        if opts.get("write_signed_rpms"):
            written = write_signed_copies(self.session, selection.rows.values())
            if written:
                self._report(workspace, "written_signed_rpms.log", written)
        packages: dict[str, DistRpm] = {}
        missing = []
        for row in selection.rows.values():
            if row["sigkey"] is None and opts["skip_missing_signatures"]:
                continue
            path = selection.path(row)
            if path.exists():
                packages[path.name] = row | {"_pkgpath": str(path)}
            else:
                missing.append(path)
        if missing:
            self._report(workspace, "missing_files.log", missing_files_report(missing))
            raise RepoContentError(
                "Packages missing from the filesystem. See missing_files.log.\n"
                f"{_first_of([path.name for path in sorted(missing)])} not there: "
                "signed copies are written by `koji write-signed-rpm` or the option --write-signed-rpms"
            )
        if selection.unsigned:
            skipped = opts["skip_missing_signatures"]
            report = missing_signatures_report(selection, keys, skipped=bool(skipped))
            self._report(workspace, "missing_signatures.log", report)
            if not skipped and not opts["allow_missing_signatures"]:
                raise RepoContentError(
                    "Unsigned packages found. See missing_signatures.log.\n"
                    f"{_first_of([nvra(row) for row in selection.unsigned])} not signed with "
                    f"{' or '.join(keys) or 'any key'}"
                )
        return packages

    def _report(self, workspace: Workspace, name: str, text: str) -> None:
        (workspace.resultdir / name).write_text(text)
        self.live_logs.flush()

    def _add_multilib(
        self, workspace: Workspace, packages: dict[str, DistRpm], repo: RepoRow, arch: str, config: str
    ) -> None:
        """Add what the 32-bit repository, which is in its place already, has for this arch."""
        partner_arch = PARTNERS[arch]
        partner = _directory(repo) / koji.canonArch(partner_arch)
        if not (partner / "kojipkgs").is_file():
            raise koji.GenericError(f"The multilib arch ({partner_arch}) must be included")
        offered: dict[str, DistRpm] = json.loads((partner / "kojipkgs").read_text())
        request = MultilibRequest(
            topdir=Path(self.options.topdir),
            arch=arch,
            packages={file: Path(row["_pkgpath"]) for file, row in packages.items()},
            config=_uploaded(config),
            partner=partner,
            partner_arch=partner_arch,
            offered=frozenset(offered),
        )
        try:
            with self.live_logs.following():
                needed = multilib_packages(workspace, request)
        finally:
            dnf_conf = workspace.resultdir / f"dnf.conf-koji-{arch}"
            if dnf_conf.is_file():
                self.session.uploadWrapper(str(dnf_conf), self.getUploadDir())
        for file in needed:
            if file in packages:  # noarch ones are in both
                continue
            packages[file] = offered[file] | {"_pkgpath": str(partner / place_of(file)), "_multilib": True}

    def _upload(self, workspace: Workspace, repo: Path) -> None:
        """Upload all but the links to packages, and the list of it."""
        manifest = []
        for relative in sorted(_files(repo)):
            directory = os.path.normpath(f"{self.getUploadDir()}/{relative.parent}")
            self.session.uploadWrapper(str(repo / relative), directory, relative.name)
            self.recorder.uploaded((repo / relative).stat().st_size)
            manifest.append(str(relative))
        path = workspace.workdir / "repo_manifest"
        path.write_text(json.dumps(manifest, indent=4))
        self.session.uploadWrapper(str(path), self.getUploadDir())


def _directory(repo: RepoRow) -> Path:
    return Path(koji.pathinfo.distrepo(repo["id"], repo["tag_name"]))


def _files(directory: Path) -> Iterator[Path]:
    """Yield the regular files below a directory, relative to it."""
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(directory)


def _first_of(names: Sequence[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{names[0]} and {len(names) - 1} more are"


def _absolute(directory: str | None) -> Path | None:
    return Path(os.path.normpath(directory)) if directory else None


def _uploaded(path: str) -> Path:
    """Return a file that the client has uploaded; nothing else of this host is to be read."""
    work = Path(koji.pathinfo.work())
    file = work / path
    if not file.resolve().is_relative_to(work.resolve()) or not file.is_file():
        raise koji.GenericError(f"The multilib configuration is no uploaded file: {path}")
    return file
