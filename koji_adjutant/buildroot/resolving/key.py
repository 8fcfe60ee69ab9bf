"""What makes two roots the same root, and two questions to the resolver the same question."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from koji_adjutant.buildroot.specification.arch import resolver_arch
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.specification.plan import Plan, Wanted

FORMAT = 7
"""Raised when roots are made, or asked for, differently, so that what is older is not found."""


def layer_key(parent: str | None, plan: Plan, config: BuildrootConfig, tool_image_digest: str) -> str:
    """Make the store's key for what ``plan`` makes of ``parent`` (None: of nothing): equal keys, equal roots.

    Made from the packages themselves, by their checksums, and from what else shapes a root: the arch that it
    is for and the tool image that installs. Neither the tag, the repo id, nor where packages came from
    matters, nor what else is in the repositories.
    """
    return _hash(
        {
            "parent": parent,
            "install": sorted(package.checksum for package in plan.install),
            "erase": sorted(plan.erase),
            "arch": [config.arch, config.target_arch, resolver_arch(config)],
            "tool_image": tool_image_digest,
        }
    )


def question_key(
    parent: str | None, wanted: Wanted, metadata: str, config: BuildrootConfig, tool_image_digest: str
) -> str:
    """Make the key of the answer to: what does it take to have ``wanted`` in the root ``parent``?

    ``parent`` is that root's key, ``metadata`` the key of the repositories' contents.
    """
    options = asdict(config.package_manager)
    del options["proxy"]
    return _hash(
        {
            "parent": parent,
            "wanted": asdict(wanted),
            "metadata": metadata,
            "arch": [config.arch, config.target_arch, resolver_arch(config)],
            "options": options,
            "tool_image": tool_image_digest,
        }
    )


def _hash(description: dict[str, Any]) -> str:
    text = json.dumps({"format": FORMAT, **description}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
