"""The ``createrepo`` task: the metadata of one arch of a new repository."""

from __future__ import annotations

from pathlib import Path

import koji
from koji.tasks import RefuseTask

from koji_adjutant.builds.repo import CreateRepoRequest, MergeRepo, create_repo
from koji_adjutant.hub.arguments import Arch
from koji_adjutant.hub.rows import OldRepo, RepoRow
from koji_adjutant.task_adapters.container_task import ContainerTask


class CreaterepoTask(ContainerTask):
    """``createrepo(repo_id, arch, oldrepo)`` -> [upload path, [files]].

    ``oldrepo`` is the row of a repository to recycle metadata from, or None.
    """

    Methods = ["createrepo"]  # noqa: RUF012
    _taskWeight = 1.5  # noqa: N815
    main_log = "createrepo.log"

    def handler(self, repo_id: int, arch: Arch, oldrepo: OldRepo | None) -> list[object]:
        repo = self.session.repoInfo(repo_id, strict=True)
        if repo["state"] != koji.REPO_INIT:
            raise koji.GenericError(f"Repo {repo['id']} not in INIT state (got {repo['state']})")
        directory = self._repo_directory(repo, arch)
        old_repodata = self._old_repodata(oldrepo, arch, directory)
        external = self.session.getExternalRepoList(repo["tag_id"], event=repo["create_event"])
        request = CreateRepoRequest(
            topdir=Path(self.options.topdir),
            repodir=directory,
            repo_id=repo["id"],
            arch=arch,
            groupdata=directory.parent / "groups" / "comps.xml",
            old_repodata=old_repodata,
            skip_stat=self.options.createrepo_skip_stat,
            databases=self.options.adjutant.createrepo_databases,
            external_repos=[MergeRepo(row["url"], row["merge_mode"], row["arches"]) for row in external],
        )
        with self.open_workspace(repo["tag_name"], arch, repo_id=repo["id"]) as workspace:
            with self.live_logs.following():
                files = create_repo(workspace, request)
            tag = self.session.getTag(repo["tag_id"], event=repo["create_event"], strict=True)
            self.run_callbacks(
                "postCreateRepo",
                tag=tag["name"],
                repodir=str(workspace.workdir / "repo"),
                repo_id=repo["id"],
                arch=arch,
            )
            for file in files:
                self.session.uploadWrapper(str(file), self.getUploadDir(), file.name)
        return [self.getUploadDir(), [file.name for file in files]]

    def _repo_directory(self, repo: RepoRow, arch: str) -> Path:
        """Return where the hub put the arch's package list.

        Raises RefuseTask if its files are not mounted here.
        """
        directory = Path(koji.pathinfo.repo(repo["id"], repo["tag_name"])) / arch
        if directory.is_dir():
            return directory
        repos = Path(self.options.topdir) / "repos"
        if not repos.is_dir():
            raise RefuseTask(f"No access to repos dir {repos}")
        raise koji.GenericError(f"Repo directory missing: {directory}")

    def _old_repodata(self, oldrepo: OldRepo | None, arch: str, directory: Path) -> Path | None:
        """Return an older repository's metadata, if it is worth anything for this one."""
        if not (oldrepo and self.options.createrepo_update and (directory / "pkglist").stat().st_size):
            return None
        row = self.session.repoInfo(oldrepo["id"], strict=True)  # of another tag, maybe
        repodata = Path(koji.pathinfo.repo(row["id"], row["tag_name"])) / arch / "repodata"
        if not repodata.is_dir():
            self.logger.warning("old repodata is missing: %s", repodata)
            return None
        return repodata
