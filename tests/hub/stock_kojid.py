"""The main loop of a stock kojid, as far as koji's library has it, for a plugin to be loaded into.

    python -m tests.hub.stock_kojid kojid.conf

koji's own TaskManager, PluginTracker and options without anything of ours; the daemon is ours only as to
reading the file.
"""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import koji
import koji.tasks
from koji.daemon import TaskManager
from koji.plugin import PluginTracker

from koji_adjutant import config


def main() -> None:
    options = SimpleNamespace(**vars(config.load(sys.argv[1], {}).kojid))
    del options.adjutant, options.worker_id
    koji.pathinfo.topdir = options.topdir
    koji.add_stderr_logger("koji")
    session = koji.ClientSession(options.server, koji.grab_session_options(options))
    session.login()
    session.exclusiveSession(force=True)
    manager = TaskManager(options, session)
    manager.findHandlers(vars(koji.tasks))
    tracker = PluginTracker(path=options.pluginpath.split(":"))
    for name in options.plugin:
        manager.scanPlugin(tracker.load(name))
    try:
        while True:
            manager.updateBuildroots(nolocal=True)
            manager.updateTasks()
            if not manager.getNextTask():
                time.sleep(options.sleeptime)
    except (SystemExit, koji.tasks.ServerExit):
        manager.shutdown()
        session.logout()


if __name__ == "__main__":
    main()
