"""Task methods whose work is done in containers: a recipe does it, here the hub gets kojid's calls."""

from collections.abc import Mapping

from koji_adjutant.task_adapters.buildarch import BuildArchTask
from koji_adjutant.task_adapters.buildsrpm_scm import BuildSRPMFromSCMTask
from koji_adjutant.task_adapters.container_task import ContainerTask
from koji_adjutant.task_adapters.createdistrepo import CreateDistRepoTask
from koji_adjutant.task_adapters.createrepo import CreaterepoTask
from koji_adjutant.task_adapters.rebuild_srpm import RebuildSRPMTask
from koji_adjutant.task_adapters.runroot import RunRootTask
from koji_adjutant.task_adapters.save_failed_tree import SaveFailedTreeTask
from koji_adjutant.task_adapters.wrapper_rpm import WrapperRPMTask

ADAPTERS = (
    BuildArchTask,
    BuildSRPMFromSCMTask,
    RebuildSRPMTask,
    WrapperRPMTask,
    CreaterepoTask,
    CreateDistRepoTask,
)

PLUGINS: Mapping[str, type[ContainerTask]] = {"runroot": RunRootTask, "save_failed_tree": SaveFailedTreeTask}
"""Task methods that a stock builder has from plugins: on where kojid.conf names the plugin."""
