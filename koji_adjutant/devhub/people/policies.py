"""The hub's policies, as an unconfigured real hub has them.

A rule is (test, action); the first whose test holds decides. ``has_perm`` looks at the user that the policy
data names (``user_id``), which for a builder's question is the owner of the task.
"""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.people.hosts import require_host

ADMIN_ONLY = (("admin", "allow"), (None, "deny Only admin can do this via default policy"))

BUILD_OWNER = "is_build_owner"
"""The test that is no permission: the build is the user's own."""

POLICIES: dict[str, tuple[tuple[str | None, str], ...]] = {
    "build_rpm": ((None, "allow"),),
    "build_from_srpm": ADMIN_ONLY,
    "build_from_repo_id": ADMIN_ONLY,
    "build_from_scm": ADMIN_ONLY,
    "package_list": (
        ("admin", "allow"),
        ("tag", "allow"),
        (None, "deny Only admin/tag can do this via default policy"),
    ),
    "volume": ((None, "DEFAULT"),),
    "priority": ((None, "stay"),),
    "cg_import": ((None, "allow"),),
    "draft_promotion": (
        ("draft-promoter", "allow"),
        (BUILD_OWNER, "allow"),
        (None, "deny Only draft-promoter and build owner can do this via default policy"),
    ),
}
"""Name -> rules; a rule's test is a permission that the user must have, None: always."""


def _apply(call: Call, name: str, data: dict[str, Any]) -> str | None:
    user_id = data.get("user_id", call.session.user_id)
    if user_id is not None and not isinstance(user_id, int):
        user_id = users.get_user(call, user_id, strict=True)["id"]
    perms = users.user_perms(call, user_id)
    for needed, action in POLICIES[name]:
        if needed is None or needed in perms or (needed == BUILD_OWNER and _owns(call, user_id, data)):
            return action
    return None


def _owns(call: Call, user_id: int | None, data: dict[str, Any]) -> bool:
    owner = call.db.value("SELECT owner FROM build WHERE id = ?", (data["build"],))
    return owner is not None and owner == user_id


def check_policy(
    call: Call, name: str, data: dict[str, Any], *, default: str = "deny", force: bool = False
) -> tuple[bool, str]:
    """Ask the policy of that name; one that does not exist allows, as on a real hub. Returns (allowed,
    reason). Where no rule holds ``default`` decides; ``force`` lets an admin pass."""
    if name not in POLICIES:
        return True, "missing policy"
    action, _, reason = (_apply(call, name, data) or f"{default} not covered by policy").partition(" ")
    if action == "allow":
        return True, reason
    if action != "deny":
        reason = "error in policy"
    if force and users.has_perm(call, "admin"):
        return True, "overriden by force"
    return False, reason


def assert_policy(
    call: Call, name: str, data: dict[str, Any], *, default: str = "deny", force: bool = False
) -> None:
    """Raise ActionNotAllowed if the policy says no; parameters as of ``check_policy``."""
    allowed, reason = check_policy(call, name, data, default=default, force=force)
    if not allowed:
        raise koji.ActionNotAllowed(f"policy violation ({name})" + (f": {reason}" if reason else ""))


@exported("evalPolicy")
def eval_policy(call: Call, name: str, data: dict[str, Any]) -> str | None:
    """Find the action that a policy gives, or None if no rule holds. Raises GenericError if there is no such
    policy."""
    if name not in POLICIES:
        raise koji.GenericError(f"no such policy: {name}")
    return _apply(call, name, data)


@exported("host.evalPolicy")
def host_eval_policy(call: Call, name: str, data: dict[str, Any]) -> str | None:
    """Find the action that a policy gives, for a builder."""
    require_host(call)
    return eval_policy(call, name, data)


@exported("host.checkPolicy")
def host_check_policy(
    call: Call, name: str, data: dict[str, Any], default: str = "deny", strict: bool = False
) -> tuple[bool, str]:
    """Ask a policy for a builder. Returns (allowed, reason); ``strict``: ActionNotAllowed instead of a no."""
    require_host(call)
    if strict:
        assert_policy(call, name, data, default=default)
    return check_policy(call, name, data, default=default)


@exported("host.assertPolicy")
def host_assert_policy(call: Call, name: str, data: dict[str, Any], default: str = "deny") -> None:
    """Raise ActionNotAllowed if the policy says no, for a builder."""
    require_host(call)
    assert_policy(call, name, data, default=default)
