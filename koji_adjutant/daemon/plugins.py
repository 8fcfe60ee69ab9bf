"""Builder plugins: those of kojid.conf's pluginpath, unchanged, and the stock ones that we do ourselves."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from koji.daemon import TaskManager
from koji.plugin import PluginTracker

from koji_adjutant.errors import ConfigError
from koji_adjutant.task_adapters import PLUGINS
from koji_adjutant.text import innermost_reason

logger = logging.getLogger(__name__)


def load_plugins(manager: TaskManager, names: Sequence[str], path: Sequence[str]) -> None:
    """Register what the plugins have: task handlers, and callbacks.

    The stock plugins ``runroot`` and ``save_failed_tree`` run mock; what they do is done by our adapters, and
    no file of theirs is loaded. ConfigError for a plugin that is not there or cannot be loaded.
    """
    tracker = PluginTracker(path=list(path))
    for name in names:
        logger.info("Loading plugin: %s", name)
        if name in PLUGINS:
            handler = PLUGINS[name]
            manager.findHandlers({handler.__name__: handler})
            continue
        try:
            plugin = tracker.load(name)
        except AttributeError:  # koji's way to say that there is no such file
            raise ConfigError(
                f"There is no plugin {name} in {':'.join(path)}: check plugin and pluginpath in kojid.conf."
            ) from None
        except Exception as problem:
            hint = (
                " (it needs parts of the stock kojid, which run mock)" if "__main__" in str(problem) else ""
            )
            # libraries raise a bare ImportError for what has its reason further down
            reason = str(problem) or innermost_reason(problem)
            raise ConfigError(
                f"The plugin {name} cannot be loaded: {reason}{hint}; take it out of the plugin option."
            ) from problem
        manager.scanPlugin(plugin)
