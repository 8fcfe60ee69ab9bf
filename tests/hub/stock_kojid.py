"""The main loop of a stock kojid, as far as koji's library has it, for a plugin to be loaded into.

    python -m tests.hub.stock_kojid -c kojid.conf -f --force-lock -v

koji's own TaskManager, PluginTracker and options without anything of ours; the daemon is ours only as to
reading the file. It has none of kojid's own task handlers, and always behaves as those options say.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from types import SimpleNamespace

import koji
import koji.tasks
from koji.daemon import TaskManager
from koji.plugin import PluginTracker

from koji_adjutant import config


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("-c", dest="configuration", required=True)
    for option in ("-f", "--force-lock", "-v"):
        parser.add_argument(option, action="store_true")
    options = SimpleNamespace(**vars(config.load(parser.parse_args().configuration, {}).kojid))
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
