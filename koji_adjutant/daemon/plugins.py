"""Builder plugins: those of kojid.conf's pluginpath, unchanged, and the stock ones that we do ourselves."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from koji.daemon import TaskManager
from koji.plugin import PluginTracker

from koji_adjutant.config.moving import file_of_plugin, registers_callbacks
from koji_adjutant.errors import ConfigError
from koji_adjutant.task_adapters import PLUGINS
from koji_adjutant.text import innermost_reason

logger = logging.getLogger(__name__)


def load_plugins(manager: TaskManager, names: Sequence[str], path: Sequence[str]) -> list[str]:
    """Register what the plugins have: task handlers, and callbacks.

    The stock plugins ``runroot`` and ``save_failed_tree`` run mock; what they do is done by our adapters, and
    no file of theirs is loaded. Returns a sentence for each that is left out: those that only have tasks, and
    need parts of the stock kojid for them. The hub learns which methods this worker has, and gives such tasks
    to others. ConfigError for any other plugin that is not there or cannot be loaded: what it would have
    forbidden, or told somebody, nobody knows.
    """
    tracker = PluginTracker(path=list(path))
    left_out = []
    for name in names:
        logger.info("Loading plugin: %s", name)
        if name in PLUGINS:
            handler = PLUGINS[name]
            manager.findHandlers({handler.__name__: handler})
            continue
        file = file_of_plugin(name, path)
        if file is None:
            raise ConfigError(
                f"There is no plugin {name} in {':'.join(path)}: check plugin and pluginpath in kojid.conf."
            )
        try:
            manager.scanPlugin(tracker.load(name))
        except Exception as problem:
            # libraries raise a bare ImportError for what has its reason further down
            reason = str(problem) or innermost_reason(problem)
            if "__main__" not in reason or registers_callbacks(file.read_text(errors="replace")):
                raise ConfigError(
                    f"The plugin {name} cannot be loaded: {reason}; take it out of the plugin option."
                ) from problem
            left_out.append(
                f"The plugin {name} needs parts of the stock kojid, which run mock: "
                "its tasks are left to other builders"
            )
            logger.warning(left_out[-1])
    return left_out
