"""The ``newRepo`` task: a new repository of a tag, one createrepo subtask an arch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import koji
from koji.tasks import RefuseTask

from koji_adjutant.hub.arguments import Flag
from koji_adjutant.hub.rows import RepoRow, TagReference, TagRow
from koji_adjutant.task_handlers.coordinating import CoordinatingTask
from koji_adjutant.task_handlers.repo_clone import RepoOfTag, arch_is_same, repos_are_alike, upload_repodata


class NewRepoTask(CoordinatingTask):
    """``newRepo(tag, event, src, debuginfo, separate_src, opts)`` -> (repo id, event id).

    ``src``, ``debuginfo`` and ``separate_src`` are older hubs' way to give ``opts``.
    """

    Methods = ["newRepo"]  # noqa: RUF012
    _taskWeight = 0.1  # noqa: N815

    def handler(
        self,
        tag: TagReference,
        event: int | None = None,
        src: Flag = None,
        debuginfo: Flag = None,
        separate_src: Flag = None,
        opts: Mapping[str, object] | None = None,
    ) -> tuple[int, int]:
        info = self.session.getTag(tag, strict=True, event=event)
        legacy = {"src": src, "debuginfo": debuginfo, "separate_src": separate_src}
        legacy = {name: bool(value) for name, value in legacy.items() if value is not None}
        if legacy and opts is not None:
            raise koji.ParameterError("opts parameter cannot be combined with legacy options")
        self._refuse_without_topdir()
        then = {} if event is None else {"event": event}
        repo_id, event_id = self.session.host.repoInit(
            info["id"], opts=legacy or opts, task_id=self.id, **then
        )
        new = RepoOfTag(repo_id, info["id"], event_id, Path(koji.pathinfo.repo(repo_id, info["name"])))
        if not new.path.is_dir():
            raise koji.GenericError(f"Repo directory missing: {new.path}")
        arches = sorted(
            entry.name
            for entry in new.path.iterdir()
            if entry.name != "groups" and (entry / "pkglist").is_file()
        )
        old_row, old = self._old_repo(info)
        clonable = (
            old is not None and self.options.copy_old_repodata and repos_are_alike(self.session, old, new)
        )
        data: dict[str, Sequence[object]] = {}
        cloned: list[str] = []
        subtasks: dict[str, int] = {}
        for arch in arches:
            if clonable and old is not None and arch_is_same(old.path, new.path, arch):
                copied = self._clone(old, arch)
                if copied:
                    data[arch] = copied
                    cloned.append(arch)
                    continue
            subtasks[arch] = self.subtask(
                method="createrepo",
                arglist=[repo_id, arch, old_row],
                label=arch,
                parent=self.id,
                arch="noarch",
            )
        if subtasks:
            results = self.wait(list(subtasks.values()), all=True, failany=True)
            data |= {arch: results[task_id] for arch, task_id in subtasks.items()}
        updates: dict[str, Mapping[str, object]] = {}
        if cloned and old is not None:
            updates["repo_json_updates"] = {"cloned_from_repo_id": old.id, "cloned_archs": cloned}
        self.session.host.repoDone(repo_id, data, **updates)
        return repo_id, event_id

    def _clone(self, old: RepoOfTag, arch: str) -> list[object] | None:
        """Upload an old repository's metadata.

        Returns what to report of it to the hub; None if it has just gone away.
        """
        # a directory for each arch: all have a repomd.xml
        place = f"{self.getUploadDir()}/{arch}"
        try:
            return [place, upload_repodata(self.session, old.path / arch / "repodata", place)]
        except OSError as error:
            self.logger.warning("repo %s cannot be copied for %s: %s", old.id, arch, error)
            return None

    def _refuse_without_topdir(self) -> None:
        """Refuse the task without the hub's files: another host may have them mounted."""
        repos = Path(self.options.topdir) / "repos"
        if not repos.is_dir():
            raise RefuseTask(f"No access to repos dir {repos}")

    def _old_repo(self, tag: TagRow) -> tuple[RepoRow | None, RepoOfTag | None]:
        """Find a repository to recycle metadata from: the tag's, a hinted tag's, the nearest parent's."""
        if not self.options.createrepo_update:
            return None, None
        for name, tag_id in self._candidates(tag):
            row = self.session.getRepo(tag_id)
            if row:
                row["tag_id"] = tag_id
                path = Path(koji.pathinfo.repo(row["id"], name or self._name(tag_id)))
                return row, RepoOfTag(row["id"], tag_id, row["create_event"], path)
        return None, None

    def _name(self, tag_id: int) -> str:
        tag = self.session.getTag(tag_id)
        assert tag is not None  # noqa: S101 - its repo was found just now
        return tag["name"]

    def _candidates(self, tag: TagRow) -> Iterator[tuple[str | None, int]]:
        """Yield (name, id) of the tags to look at; a parent's name is asked for only when it is the one."""
        yield tag["name"], tag["id"]
        hint = tag["extra"].get("repo.oldrepo_hint", [])
        for hinted in hint if isinstance(hint, list) else [hint]:
            found = self.session.getTag(hinted, strict=False)
            if found:
                yield found["name"], found["id"]
            else:
                self.logger.warning("oldrepo_hint refers to invalid tag: %s", hinted)
        for link in sorted(
            self.session.getFullInheritance(tag["id"]), key=lambda link: int(link["currdepth"])
        ):
            yield None, link["parent_id"]
