"""Task methods that only coordinate: they run on the host and make subtasks."""

from koji_adjutant.task_handlers.build import BuildTask
from koji_adjutant.task_handlers.build_notification import BuildNotificationTask
from koji_adjutant.task_handlers.chainbuild import ChainBuildTask
from koji_adjutant.task_handlers.distrepo import DistRepoTask
from koji_adjutant.task_handlers.newrepo import NewRepoTask
from koji_adjutant.task_handlers.tag_notification import TagNotificationTask
from koji_adjutant.task_handlers.tagbuild import TagBuildTask
from koji_adjutant.task_handlers.waitrepo import WaitrepoTask

HANDLERS = (
    BuildTask,
    ChainBuildTask,
    TagBuildTask,
    NewRepoTask,
    DistRepoTask,
    WaitrepoTask,
    BuildNotificationTask,
    TagNotificationTask,
)
