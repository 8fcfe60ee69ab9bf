"""The worker's configuration: the [kojid] and [adjutant] sections of kojid.conf, read once at start."""

from koji_adjutant.config.adjutant import AdjutantOptions
from koji_adjutant.config.kojid import KojidOptions
from koji_adjutant.config.loading import Settings, load, load_adjutant

__all__ = ["AdjutantOptions", "KojidOptions", "Settings", "load", "load_adjutant"]
