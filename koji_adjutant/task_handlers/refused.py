"""Methods of the stock daemon and its plugins that are not done here, and why.

docs/reference.md has the same table.
"""

from __future__ import annotations

from collections.abc import Mapping

_IMAGES = "it needs mounts and loop devices"
_VIRTUAL = "it needs a virtual machine"
_DEAD = "its tool (livecd-tools, appliance-tools) has no upstream any more"
_PLUGIN = "the stock plugin is built on parts of the stock daemon"
_MAVEN = "there is no Maven environment here"

REFUSED: Mapping[str, str] = {
    "image": _VIRTUAL,
    "createImage": _VIRTUAL,
    "indirectionimage": _VIRTUAL,
    "livemedia": _IMAGES,
    "createLiveMedia": _IMAGES,
    "livecd": _DEAD,
    "createLiveCD": _DEAD,
    "appliance": _DEAD,
    "createAppliance": _DEAD,
    "kiwiBuild": _PLUGIN,
    "createKiwiImage": _PLUGIN,
    "dudBuild": _PLUGIN,
    "createDudIso": _PLUGIN,
    "maven": _MAVEN,
    "buildMaven": _MAVEN,
    "chainmaven": _MAVEN,
}
"""A reason, by method. A plugin of the operator's that has the method does it all the same."""


def refusal(method: str) -> str | None:
    """Return a sentence for the hub, or None for a method that nothing is known of."""
    reason = REFUSED.get(method)
    return reason and f"{method} is not done by Koji-Adjutant, since {reason}: keep a stock builder for it"
