"""A stock kojid's plugin: its container tasks are done by our adapters, everything else stays as it is.

``adjutant.py`` is what kojid loads, with ``plugin = adjutant`` and this directory in ``pluginpath``.
"""
