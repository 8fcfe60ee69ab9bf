"""The daemon, a drop-in for the stock kojid: the same command line, configuration, signals and exit codes."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

import koji
import koji.util
import requests

from koji_adjutant import config
from koji_adjutant.config import KojidOptions, Settings
from koji_adjutant.config.site_defaults import name_what_is_not_heeded
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.podman_service import ask_how_services_ended
from koji_adjutant.daemon import arguments, login, loop
from koji_adjutant.daemon.idle_work import IdleWork
from koji_adjutant.daemon.log_format import keep_passwords_out
from koji_adjutant.daemon.monitoring import monitoring
from koji_adjutant.daemon.prewarm import make_ready
from koji_adjutant.daemon.reproducer import reproduce_next
from koji_adjutant.daemon.service_manager import ServiceManager
from koji_adjutant.daemon.tidier import Tidier, forget_the_dead, tidy
from koji_adjutant.daemon.tool_image import ToolImage
from koji_adjutant.daemon.wakeup import Wakeup
from koji_adjutant.daemon.worker import Worker
from koji_adjutant.errors import AdjutantError, ConfigError, HubError
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.monitoring.events import Journal
from koji_adjutant.provenance.evidence import signer_of

logger = logging.getLogger("koji_adjutant.kojid")

LOGGERS = ("koji", "koji_adjutant")


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the daemon. Exits with 0 after a stop, 1 when the hub or the engine cannot be used, 2 for usage."""
    started_in = Path.cwd()
    service = ServiceManager(os.environ)
    try:
        given = arguments.parse(argv)
        settings = config.load(given["configFile"], os.environ, given)
        outcome = start(settings, service)
    except AdjutantError as error:
        logger.error("%s", error)
        sys.stderr.write(f"kojid: {error}\n")
        sys.exit(error.exit_code if isinstance(error, ConfigError) else 1)
    if outcome is loop.Outcome.RESTART:
        os.chdir(started_in)
        service.hand_over()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
    sys.exit(1 if outcome is loop.Outcome.SESSION_LOST else 0)


def start(settings: Settings, service: ServiceManager) -> loop.Outcome:
    """Log in, detach if asked to, and work until something ends it. AdjutantError if it cannot start."""
    options = settings.kojid
    if settings.adjutant.provenance and settings.adjutant.provenance_key:
        signer_of(settings.adjutant.provenance_key)
    if options.topdir:
        koji.BASEDIR = koji.pathinfo.topdir = options.topdir
    _set_up_logging(options)
    for name in ("pkgurl", "debug_mock"):
        if getattr(options, name):
            logger.warning("The %s option is obsolete", name.replace("_", "-"))
    name_what_is_not_heeded(settings.adjutant.site_defaults)
    for directory in (Path(options.workdir), settings.adjutant.state_dir, settings.adjutant.log_dir):
        _make(directory)
    session = login.open_session(options)
    if options.daemon:
        koji.daemonize()
    elif options.skip_main:
        return loop.Outcome.STOPPED
    else:
        for name in LOGGERS:
            koji.add_stderr_logger(name)
            keep_passwords_out(name)
    try:
        return work(options, session, service)
    finally:
        # Without this the exclusive session outlives us, and a restart would need --force-lock.
        with contextlib.suppress(requests.exceptions.RequestException, koji.GenericError):
            session.logout()


def work(options: KojidOptions, session: HubSession, service: ServiceManager) -> loop.Outcome:
    """Do what kojid's main does, with an engine at hand."""
    logger.info("Starting up")
    koji.util.setup_rlimits(vars(options), logger)
    wakeup = Wakeup()
    try:
        worker = Worker(options, session, wakeup)
    except koji.AuthError as problem:
        raise HubError(
            f"The user that logged in at {options.server} is not a build host: {problem}."
        ) from problem
    worker.register_handlers()
    with (
        open_engine(options.adjutant) as worker.containers,
        monitoring(options) as watched,
    ):
        worker.journal = watched.journal
        worker.remove_containers()
        forget_the_dead(options)
        worker.tidier = Tidier(partial(tidy, options))
        worker.tool_image = ToolImage(options.adjutant)
        if options.adjutant.prewarm or options.adjutant.reproduce:
            in_idle_time = partial(work_in_idle_time, options, watched.journal)
            worker.idle_work = IdleWork(in_idle_time, Path(options.workdir), options.sleeptime)

        def tend() -> None:
            ask_how_services_ended()
            watched.tend(idle=not worker.pids)
            worker.tidy()
            worker.work_in_idle_time()
            service.status(worker.summary())

        service.ready()
        try:
            outcome = loop.run(worker, options.sleeptime, tend)
        finally:
            service.stopping()
            worker.stop_side_processes()
        if outcome is loop.Outcome.RESTART:
            loop.prepare_restart(worker)
        else:
            loop.shut_down(worker)
    return outcome


def work_in_idle_time(options: KojidOptions, journal: Journal) -> None:
    """Make roots ready first: a build may wait for them."""
    if options.adjutant.prewarm:
        make_ready(options, journal)
    if options.adjutant.reproduce:
        reproduce_next(options, journal)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        raise ConfigError(f"The directory {directory} cannot be made: {problem}.") from problem


def _set_up_logging(options: KojidOptions) -> None:
    """Log as kojid does: warnings and worse to the log file; -v and -d show more."""
    level = logging.DEBUG if options.debug else logging.INFO if options.verbose else logging.WARNING
    if options.log_level and not (options.debug or options.verbose):
        level = logging.getLevelNamesMapping().get(options.log_level, -1)
        if level < 0:
            raise ConfigError(f"Invalid log level: {options.log_level}")
    for name in LOGGERS:
        koji.add_file_logger(name, str(options.adjutant.log_file))
        if options.admin_emails:
            koji.add_mail_logger(name, options.admin_emails)
        keep_passwords_out(name)
        logging.getLogger(name).setLevel(level)
    # whatever the level is: the lines with which containers can be started by hand
    logging.getLogger("koji_adjutant.container").setLevel(min(level, logging.INFO))
    if options.debug_task:
        logging.getLogger("koji.build.BaseTaskHandler").setLevel(logging.DEBUG)


if __name__ == "__main__":
    main()
