"""kojid's command line (builder/kojid, ``get_options``), as overrides for the configuration."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


def parse(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the options that were given, named as in ``KojidOptions``; None where the file decides.

    ``configFile`` is always there. Prints help or a usage error and exits, as argparse does.
    """
    return vars(command_line().parse_args(arguments))


def command_line() -> argparse.ArgumentParser:
    """Return a parser with every option of the stock kojid."""
    parser = argparse.ArgumentParser(
        prog="kojid", description="Koji build daemon that runs every task in podman containers."
    )
    add = parser.add_argument
    config = "/etc/kojid/kojid.conf"
    add("-c", "--config", dest="configFile", metavar="FILE", default=config, help=f"instead of {config}")
    add("--user", help="user to log in as")
    add("--password", help="password to log in with")
    add("-f", "--fg", dest="daemon", action="store_false", default=True, help="run in foreground")
    add("--force-lock", action="store_true", help="take the exclusive session away from another worker")
    add("-v", "--verbose", action="store_true", help="show verbose output")
    add("-d", "--debug", action="store_true", help="show debug output")
    add("--debug-task", action="store_true", help="debug output of the tasks")
    add("--debug-xmlrpc", action="store_true", help="debug output of the hub calls")
    add("--debug-mock", action="store_true", help=argparse.SUPPRESS)
    # "single" would have koji's library run the task in the daemon's own process
    add("--single", dest="single_task", action="store_true", help="do one task, and stop")
    add("--skip-main", action="store_true", help="log in and stop there")
    add("--maxjobs", type=int, help="most tasks at a time")
    add("--minspace", type=int, metavar="MB", help="free space that a new task needs")
    add("--sleeptime", type=int, metavar="SECONDS", help="time between two looks at the hub")
    add("--admin-emails", metavar="EMAILS", help="comma-separated addresses that errors are mailed to")
    add("--topdir", help="where the hub's files are mounted")
    add("--topurl", help="where the hub's files are served")
    add("--workdir", help="directory for the tasks' work")
    add("--chroot-tmpdir", help=argparse.SUPPRESS)
    add("--pluginpath", help="directories with plugins, separated by colons")
    add("--plugin", action="append", help="load this plugin (may be repeated)")
    add("--mockdir", help=argparse.SUPPRESS)
    add("--mockuser", help=argparse.SUPPRESS)
    add("-s", "--server", help="URL of the hub")
    add("--pkgurl", help=argparse.SUPPRESS)
    return parser
