"""waitrepo: the koji library's, looking more often."""

from __future__ import annotations

import koji.tasks
import koji.util


class WaitrepoTask(koji.tasks.WaitrepoTask):  # type: ignore[misc]
    """Waits for a repo as the library's handler does, but looks as often as ``koji wait-repo`` does.

    The library's handler looks once a minute (``PAUSE``), so a build that waits for a repo of eight seconds
    waits for sixty. Each look is one cheap call (``repo.checkRequest``).
    """

    PAUSE = koji.util.RepoWatcher.PAUSE
