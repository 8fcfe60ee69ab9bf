"""Users, groups of users, permissions."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import passwords

NORMAL, HOST, GROUP = (koji.USERTYPES[name] for name in ("NORMAL", "HOST", "GROUP"))


def user_perms(call: Call, user_id: int | None) -> dict[str, list[str | None]]:
    """Collect a user's permissions: name -> where it is from (None: granted directly, else the group's
    name)."""
    perms: dict[str, list[str | None]] = {}
    for row in call.db.all(
        "SELECT permissions.name AS name, NULL AS source FROM user_perms"
        " JOIN permissions ON permissions.id = perm_id WHERE user_perms.active = 1 AND user_id = ?"
        " UNION ALL SELECT permissions.name, users.name FROM user_groups"
        " JOIN user_perms ON user_perms.user_id = group_id AND user_perms.active = 1"
        " JOIN permissions ON permissions.id = perm_id JOIN users ON users.id = group_id"
        " WHERE user_groups.active = 1 AND user_groups.user_id = ?",
        (user_id, user_id),
    ):
        perms.setdefault(row["name"], []).append(row["source"])
    return perms


def has_perm(call: Call, name: str) -> bool:
    """Check whether the caller has exactly this permission; being an admin does not count."""
    return call.session.logged_in and name in user_perms(call, call.session.user_id)


def assert_perm(call: Call, name: str) -> None:
    """Raise ActionNotAllowed unless the caller has the permission or is an admin."""
    if has_perm(call, name) or has_perm(call, "admin"):
        return
    who = f"logged in as {call.session.user_name}" if call.session.logged_in else "user not logged in"
    raise koji.ActionNotAllowed(f"{name} permission required ({who})")


@exported("getUser", "userInfo")
def get_user(
    call: Call, user_info: Any = None, strict: bool = False, krb_princs: bool = True, groups: bool = False
) -> Any:
    """Find a user by id, name, principal or dictionary (without an argument: the caller), as ``{id, name,
    status, usertype, krb_principals}``. Returns None if there is none; ``strict`` raises GenericError
    instead."""
    if user_info is None:
        user_info = call.session.user_id
        if user_info is None:
            raise koji.GenericError("No user provided")
    query = Select("users").columns("users.id", "users.name", "status", "usertype")
    _match_user(query, user_info)
    user = query.one(call.db)
    if user is None:
        if strict:
            raise koji.GenericError(f"No such user: {user_info!r}")
        return None
    if krb_princs:
        user["krb_principals"] = _principals(call, user["id"])
    if groups:
        user["groups"] = [group["name"] for group in get_user_groups(call, user["id"])]
    return user


def _match_user(query: Select, info: Any) -> None:
    principal = "users.id IN (SELECT user_id FROM user_krb_principals WHERE krb_principal = ?)"
    if isinstance(info, int):
        query.where("users.id = ?", info)
    elif isinstance(info, str):
        query.where("users.name = ? OR " + principal, info, info)
    elif isinstance(info, dict):
        for key, condition in (
            ("id", "users.id = ?"),
            ("name", "users.name = ?"),
            ("krb_principal", principal),
        ):
            if info.get(key) is not None:
                query.where(condition, info[key])
    else:
        raise koji.GenericError(f"Invalid type for userInfo: {type(info)}")


def _principals(call: Call, user_id: int) -> list[str]:
    sql = "SELECT krb_principal FROM user_krb_principals WHERE user_id = ? ORDER BY 1"
    return [row["krb_principal"] for row in call.db.all(sql, (user_id,))]


@exported("getLoggedInUser")
def get_logged_in_user(call: Call) -> Any:
    """Find out who is calling. Returns None for somebody who is not logged in."""
    if not call.session.logged_in:
        return None
    user = get_user(call, call.session.user_id)
    user["authtype"] = koji.AUTHTYPES["NORMAL"]
    user["krb_principal"] = next(iter(user["krb_principals"]), None)
    return user


def insert_user(call: Call, name: str, usertype: int, status: int | None = None) -> int:
    """Add a user without a password. Returns the id."""
    if status is None:
        status = koji.USER_STATUS["NORMAL"]
    elif not koji.USER_STATUS.get(status):
        raise koji.GenericError(f"invalid status: {status}")
    return call.db.insert("users", {"name": name, "usertype": usertype, "status": status})


@exported("createUser")
def create_user(
    call: Call, username: str, status: int | None = None, krb_principal: str | None = None
) -> int:
    """Add a user. Returns the id. The user has no password: see ``koji-adjutant devhub set-password``."""
    assert_perm(call, "admin")
    lookups.verify_user_name(username)
    if get_user(call, username):
        raise koji.GenericError(f"user already exists: {username}")
    user_id = insert_user(call, username, NORMAL, status)
    if krb_principal:
        call.db.insert("user_krb_principals", {"user_id": user_id, "krb_principal": krb_principal})
    return user_id


@exported("devhub.setPassword")
def set_password(call: Call, user: str, password: str) -> None:
    """Give a user a password (devhub only; on a real hub an administrator does it in the database)."""
    assert_perm(call, "admin")
    if not isinstance(password, str) or not password:
        raise koji.ParameterError("the password is empty; give one")
    user_id = get_user(call, user, strict=True)["id"]
    call.db.update("users", {"password": passwords.hash_password(password)}, {"id": user_id})


@exported("editUser", "userInfo")
def edit_user(
    call: Call, user_info: Any, name: str | None = None, krb_principal_mappings: Any = None
) -> None:
    """Rename a user, change Kerberos principals (``[{old, new}, …]``)."""
    assert_perm(call, "admin")
    user = get_user(call, user_info, strict=True)
    if name and name != user["name"]:
        lookups.verify_user_name(name)
        if get_user(call, name):
            raise koji.GenericError(f"Name {name} already taken by user {name}")
        call.db.update("users", {"name": name}, {"id": user["id"]})
    for change in krb_principal_mappings or []:
        if change.get("old"):
            call.db.delete("user_krb_principals", {"user_id": user["id"], "krb_principal": change["old"]})
        if change.get("new"):
            call.db.insert("user_krb_principals", {"user_id": user["id"], "krb_principal": change["new"]})


def _set_status(call: Call, username: str, status: int) -> None:
    user = get_user(call, username)
    if not user:
        raise koji.GenericError(f"No such user: {username}")
    assert_perm(call, "admin")
    call.db.update("users", {"status": status}, {"id": user["id"]})


@exported("enableUser")
def enable_user(call: Call, username: str) -> None:
    """Let a user log in."""
    _set_status(call, username, koji.USER_STATUS["NORMAL"])


@exported("disableUser")
def disable_user(call: Call, username: str) -> None:
    """Keep a user from logging in."""
    _set_status(call, username, koji.USER_STATUS["BLOCKED"])


@exported("listUsers", "userType", "queryOpts")
def list_users(
    call: Call,
    user_type: Any = NORMAL,
    prefix: str | None = None,
    query_opts: Any = None,
    perm: Any = None,
    inherited_perm: bool = False,
) -> Any:
    """List users of one type (or a list of types, or None for all), by name prefix and permission."""
    query = Select("users").columns("id", "name", "status", "usertype")
    if user_type is not None:
        query.where_in("usertype", [user_type] if isinstance(user_type, int) else user_type)
    if prefix:
        query.where("name LIKE ?", prefix + "%")
    rows = query.all(call.db)
    if perm is not None:
        name = (lookups.lookup(call, "permissions", perm, strict=True) or {})["name"]
        granted = {row["id"]: user_perms(call, row["id"]).get(name, []) for row in rows}
        rows = [row for row in rows if None in granted[row["id"]] or (inherited_perm and granted[row["id"]])]
    for row in rows:
        row["krb_principals"] = _principals(call, row["id"])
    return apply_options(rows, query_opts)


@exported("hasPerm")
def has_perm_call(call: Call, perm: str, strict: bool = False) -> bool:
    """Check whether the caller has the permission. ``strict``: GenericError for one that does not exist."""
    if strict and not lookups.lookup(call, "permissions", perm):
        raise koji.GenericError(f"No such permission {perm} defined")
    return has_perm(call, perm)


@exported("getPerms")
def get_perms(call: Call) -> list[str]:
    """List the caller's permissions."""
    return list(user_perms(call, call.session.user_id)) if call.session.logged_in else []


@exported("getUserPerms", "userID")
def get_user_perms(call: Call, user_id: Any = None, with_groups: bool = True) -> list[str]:
    """List a user's permissions, without ``with_groups`` only those granted directly."""
    perms = user_perms(call, get_user(call, user_id, strict=True)["id"])
    return [name for name, sources in perms.items() if with_groups or None in sources]


@exported("getUserPermsInheritance", "userID")
def get_user_perms_inheritance(call: Call, user_id: Any) -> dict[str, list[str | None]]:
    """List a user's permissions with the groups that they come from (None: granted directly)."""
    return user_perms(call, get_user(call, user_id, strict=True)["id"])


@exported("getAllPerms")
def get_all_perms(call: Call) -> list[Row]:
    """List every permission that exists."""
    return call.db.all("SELECT id, name, description FROM permissions ORDER BY id")


@exported("grantPermission")
def grant_permission(
    call: Call, userinfo: Any, permission: Any, create: bool = False, description: str | None = None
) -> None:
    """Give a permission to a user; ``create`` makes a new permission."""
    assert_perm(call, "admin")
    if create:
        lookups.verify_name(permission)
    elif description is not None:
        raise koji.GenericError("Description should be specified only with create.")
    user = get_user(call, userinfo, strict=True)
    perm = lookups.lookup(call, "permissions", permission, strict=not create, create=create) or {}
    if create and description is not None:
        call.db.update("permissions", {"description": description}, {"id": perm["id"]})
    if None in user_perms(call, user["id"]).get(perm["name"], []):
        raise koji.GenericError(f"user {userinfo} already has permission: {perm['name']}")
    call.add("user_perms", user_id=user["id"], perm_id=perm["id"])


@exported("revokePermission")
def revoke_permission(call: Call, userinfo: Any, permission: Any) -> None:
    """Take a permission from a user."""
    assert_perm(call, "admin")
    user = get_user(call, userinfo, strict=True)
    perm = lookups.lookup(call, "permissions", permission, strict=True) or {}
    if not call.revoke("user_perms", user_id=user["id"], perm_id=perm["id"]):
        raise koji.GenericError(f"user {userinfo} does not have permission: {perm['name']}")


@exported("editPermission")
def edit_permission(call: Call, permission: Any, description: str) -> None:
    """Change the description of a permission."""
    assert_perm(call, "admin")
    perm_id = lookups.require_id(call, "permissions", permission)
    call.db.update("permissions", {"description": description}, {"id": perm_id})


@exported("newGroup")
def new_group(call: Call, name: str) -> int:
    """Make a group of users. Returns its id."""
    assert_perm(call, "admin")
    lookups.verify_name(name)
    if get_user(call, name):
        raise koji.GenericError(f"user/group already exists: {name}")
    return insert_user(call, name, GROUP)


def _group(call: Call, group: Any) -> Row:
    found = get_user(call, group)
    if not found or found["usertype"] != GROUP:
        raise koji.GenericError(f"Not a group: {group}")
    checked: Row = found
    return checked


@exported("addGroupMember")
def add_group_member(call: Call, group: Any, user: Any, strict: bool = True) -> None:
    """Put a user into a group."""
    assert_perm(call, "admin")
    member = get_user(call, user)
    target = _group(call, group)
    if not member:
        raise koji.GenericError(f"Not a user: {user}")
    if member["usertype"] == GROUP:
        raise koji.GenericError("Groups cannot be members of other groups")
    sql = "SELECT 1 FROM user_groups WHERE active = 1 AND user_id = ? AND group_id = ?"
    if call.db.one(sql, (member["id"], target["id"])):
        if strict:
            raise koji.GenericError("User already in group")
        return
    call.add("user_groups", user_id=member["id"], group_id=target["id"])


@exported("dropGroupMember")
def drop_group_member(call: Call, group: Any, user: Any) -> None:
    """Take a user out of a group."""
    assert_perm(call, "admin")
    member = get_user(call, user, strict=True)
    target = _group(call, group)
    if not call.revoke("user_groups", user_id=member["id"], group_id=target["id"]):
        raise koji.GenericError(f"No such user in group: {group}")


@exported("getGroupMembers")
def get_group_members(call: Call, group: Any) -> list[Row]:
    """List the users in a group. Raises GenericError for what is no group."""
    query = Select("user_groups", "JOIN users ON users.id = user_id").columns("users.id", "name", "usertype")
    rows = query.where("active = 1 AND group_id = ?", _group(call, group)["id"]).all(call.db)
    return [{**row, "krb_principals": _principals(call, row["id"])} for row in rows]


@exported("getUserGroups")
def get_user_groups(call: Call, user: Any) -> list[Row]:
    """List the groups that a user is in."""
    user_id = get_user(call, user, strict=True, krb_princs=False)["id"]
    query = Select("user_groups", "JOIN users ON users.id = group_id").columns("users.id", "name")
    return query.where("active = 1 AND user_id = ?", user_id).all(call.db)
