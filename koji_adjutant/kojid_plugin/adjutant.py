"""What a stock kojid loads for ``plugin = adjutant``: koji registers the task handlers found here."""

from koji_adjutant.kojid_plugin.adapters import plugged_adapters

globals().update({adapter.__name__: adapter for adapter in plugged_adapters()})
