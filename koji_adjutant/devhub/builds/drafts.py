"""Draft builds: any number of one N-V-R, until one of them is promoted to be the build of that name.

A draft's release ends in ``,draft_<build id>``; its packages are named as the promoted build's will be.
"""

from __future__ import annotations

import time
from typing import Any

import koji
import koji.util

from koji_adjutant.devhub.builds import builds
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.people import policies, sessions


@exported("promoteBuild")
def promote_build(call: Call, build: Any, force: bool = False) -> Any:
    """Make a complete draft the build of its name. Returns the build. Its files move, and as on a real hub's
    default volume, no link stays where they were."""
    sessions.assert_login(call)
    draft = builds.get_build(call, build, strict=True)
    release = _target_release(call, draft)
    data = {"build": draft["id"], "target_release": release, "user_id": call.session.user_id}
    policies.assert_policy(call, "draft_promotion", data, force=force)
    values = {
        "draft": False,
        "release": release,
        "promoter": call.session.user_id,
        "promotion_time": time.time(),
    }
    call.db.update("build", values, {"id": draft["id"]})
    call.db.update("rpminfo", {"draft": False}, {"build_id": draft["id"]})
    promoted = builds.get_build(call, draft["id"], strict=True)
    koji.util.safer_move(call.paths.build(draft), call.paths.build(promoted))
    return promoted


def _target_release(call: Call, draft: dict[str, Any]) -> str:
    """Work out the release that a draft will have when promoted. Raises GenericError if it is no complete
    draft, or a build has that name already."""
    refused = f"Cannot promote build {draft['nvr']}. Reason: {{}}"
    if not draft["draft"]:
        raise koji.GenericError(refused.format("Not a draft build"))
    if draft["state"] != builds.COMPLETE:
        state = koji.BUILD_STATES[draft["state"]]
        raise koji.GenericError(refused.format(f"state ({state}) is not COMPLETE."))
    release: str = koji.parse_target_release(draft["release"])
    target = {"name": draft["name"], "version": draft["version"], "release": release}
    existing = builds.get_build(call, target)
    if existing:
        reason = f"Target build exists: {existing['nvr']}(#{existing['id']})"
        raise koji.GenericError(refused.format(reason))
    return release
