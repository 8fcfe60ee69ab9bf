"""Which image a task gets: the policy in a tag's extra, and what is taken where there is none."""

from __future__ import annotations

from koji_adjutant.policy.lookup import PolicyLookup
from koji_adjutant.policy.resolver import Choice, PolicyResolver

__all__ = ["Choice", "PolicyLookup", "PolicyResolver"]
