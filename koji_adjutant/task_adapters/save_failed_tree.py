"""The ``saveFailedTree`` task of the stock plugin: the buildroot of a failed task, to be looked at."""

from __future__ import annotations

import koji

from koji_adjutant.builds.saved_tree import save_tree
from koji_adjutant.config.save_failed_tree import SaveFailedTreeConfig
from koji_adjutant.hub.arguments import Flag
from koji_adjutant.task_adapters.container_task import ContainerTask


class SaveFailedTreeTask(ContainerTask):
    """``saveFailedTree(buildroot_id, full)`` -> None; uploads ``broot-<id>.tar.gz``.

    Its names are those of a mock buildroot's files. With ``full`` also ``broot-<id>.oci.tar``, for
    ``podman load``.
    """

    Methods = ["saveFailedTree"]  # noqa: RUF012
    _taskWeight = 3.0  # noqa: N815
    main_log = "save_tree.log"

    def handler(self, buildrootID: int, full: Flag = False) -> None:  # noqa: N803  (the stock plugin's name)
        config = SaveFailedTreeConfig.read(self.adjutant.plugin_config_dir / "save_failed_tree.conf")
        info = self.session.getBuildroot(buildrootID)
        if info is None:
            raise koji.GenericError(f"Nonexistent buildroot: {buildrootID}")
        if info["host_id"] != self.session.host.getHost()["id"]:
            raise koji.GenericError("Task is run on wrong builder")
        name = f"{info['tag_name']}-{info['id']}-{info['repo_id']}"
        with (
            self.failed_roots().open(name) as kept,
            self.open_workspace(info["tag_name"], info["arch"], repo_id=info["repo_id"]) as workspace,
        ):
            with self.live_logs.following():
                files = save_tree(
                    workspace,
                    kept,
                    number=buildrootID,
                    prefix=f"{self.options.mockdir}/{name}/root",
                    filters=config.path_filters,
                    full=bool(full),
                )
            for file in files:
                self.uploadFile(str(file), volume=config.volume)
