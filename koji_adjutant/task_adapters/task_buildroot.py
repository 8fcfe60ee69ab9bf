"""A buildroot as the hub knows it: its record, from birth to EXPIRED, reported in kojid's order."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import koji
from koji.tasks import RefuseTask

from koji_adjutant.buildroot.cache.recent import RecentRoot, RecentRoots
from koji_adjutant.buildroot.installed.origins import ExternalRepo, RepoFiles, buildroot_list
from koji_adjutant.buildroot.installed.packages import InstalledPackage
from koji_adjutant.buildroot.specification.config import BuildrootConfig, for_tag, name_of
from koji_adjutant.config import KojidOptions
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import RepoRow, TagReference
from koji_adjutant.hub.tag_config import tag_options
from koji_adjutant.task_adapters.host_access import channel_of, with_host_access

logger = logging.getLogger(__name__)

SIGNING = "mock.plugin_conf.sign_enable"
"""A tag's extra: mock's sign plugin runs a command of the host on what was built."""


class TaskBuildroot:
    """One buildroot record of the hub, and the configuration that goes with it.

    Made by ``new``. A buildroot is INIT until ``report`` and ``building`` were called, in this order, and
    EXPIRED when ``expired_in_the_end`` is left.
    """

    def __init__(
        self, session: HubSession, options: KojidOptions, record: int, repo: RepoRow, config: BuildrootConfig
    ) -> None:
        self.id = record
        self.config = config
        # as kojid's BuildRoot calls them: plugins get this object
        self.name = config.name
        self.tag_id = repo["tag_id"]
        self.tag_name = repo["tag_name"]
        self.repoid = repo["id"]
        self.event_id = repo["create_event"]
        self.br_arch = config.arch
        self._host = session.host
        self._session = session
        self._options = options
        self._repo = repo

    @classmethod
    def new(
        cls,
        session: HubSession,
        options: KojidOptions,
        *,
        task_id: int,
        tag: TagReference,
        arch: str,
        repo_id: int,
        group: str = "build",
        network: bool = False,
        host_access: bool = True,
    ) -> TaskBuildroot:
        """Have the hub make a record for a buildroot of ``tag`` with ``repo_id``'s contents.

        koji.BuildrootError for what kojid checks: no repo id, no such tag, a repo of another tag, or one
        that is neither ready nor expired; and for what the tag's extra cannot mean. RefuseTask for a tag
        whose builds only a stock builder can do, or where this host lacks what they get of it
        (``host_access``: build_mounts and build_devices).
        """
        if not repo_id:
            raise koji.BuildrootError("A repo id must be provided")
        repo = session.repoInfo(repo_id, strict=True)
        tag_config = session.getBuildConfig(tag, event=repo["create_event"])
        if not tag_config:
            raise koji.BuildrootError(f"Could not get config info for tag: {tag}")
        if tag_config["id"] != repo["tag_id"]:
            raise koji.BuildrootError(f"tag/repo mismatch: {tag_config['name']} vs {repo['tag_name']}")
        state = koji.REPO_STATES[repo["state"]]
        if state == "EXPIRED":
            logger.info("Requested repo (%d) is no longer current", repo["id"])
        elif state != "READY":
            raise koji.BuildrootError(f"Requested repo ({repo['id']}) is {state}")
        if tag_config["extra"].get(SIGNING):
            raise RefuseTask(f"tag {tag_config['name']} has mock sign packages ({SIGNING}): not done here")
        config = for_tag(
            tag_config,
            repo["id"],
            arch,
            group,
            buildroot_id=0,
            options=tag_options(options),
            network=network,
        )
        if host_access:
            channel = channel_of(session, task_id)
            config = with_host_access(config, options.adjutant, tag_config["name"], channel)
        record = session.host.newBuildRoot(repo["id"], koji.canonArch(arch), task_id=task_id)
        if record is None:
            raise koji.BuildrootError("failed to get a buildroot id")
        config = replace(config, name=name_of(tag_config["name"], record, repo["id"]))
        if options.adjutant.prewarm:
            recent = RecentRoots(options.adjutant.state_dir / "recent", options.server or "")
            recent.note(RecentRoot(tag_config["name"], arch, group))
        return cls(session, options, record, repo, config)

    def report(self, packages: Sequence[InstalledPackage]) -> None:
        """Report what the buildroot was made of."""
        self._host.setBuildRootList(self.id, self._listing(packages))

    def building(self) -> None:
        self._host.setBuildRootState(self.id, "BUILDING")

    def report_again(self, packages: Sequence[InstalledPackage]) -> None:
        """Report what the buildroot consists of after the build. The hub adds what is new."""
        self._host.updateBuildRootList(self.id, self._listing(packages))

    @contextmanager
    def expired_in_the_end(self) -> Iterator[None]:
        """Expire the record when the block ends, well or not.

        Not when the task is stopped: the worker then expires what the hub still shows (updateBuildroots).
        """
        try:
            yield
        except Exception:
            try:
                self._expire()
            except Exception:
                logger.exception("Buildroot %d could not be expired; the worker will", self.id)
            raise
        self._expire()

    def _expire(self) -> None:
        self._host.setBuildRootState(self.id, "EXPIRED")

    def _listing(self, packages: Sequence[InstalledPackage]) -> Sequence[Mapping[str, object]]:
        external = self._session.getExternalRepoList(self._repo["tag_id"], event=self._repo["create_event"])
        return buildroot_list(
            packages,
            repo=RepoFiles(self._repo_location()),
            repo_id=self._repo["id"],
            external_repos=[
                ExternalRepo(row["external_repo_id"], row["external_repo_name"], row["url"])
                for row in external
            ],
            arch=self.config.arch,
        )

    def _repo_location(self) -> str:
        top = self._options.topurl or self._options.topdir
        return f"{top}/repos/{self._repo['tag_name']}/{self._repo['id']}/{self.config.arch}"
