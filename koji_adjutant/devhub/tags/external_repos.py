"""External repos: their URLs, and which tags use them how."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.tags import inheritance, tags


def _slashed(url: str) -> str:
    return url if url.endswith("/") else url + "/"


@exported("listExternalRepos", "queryOpts")
def list_external_repos(
    call: Call, info: Any = None, url: str | None = None, event: int | None = None, query_opts: Any = None
) -> Any:
    """List external repos by id or name, by URL: ``[{id, name, url}]``."""
    query = Select("external_repo", "JOIN external_repo_config ON external_repo_id = external_repo.id")
    query.columns("external_repo.id", "external_repo.name", "url").at("external_repo_config", event)
    if info is not None:
        query.where(*lookups.id_or_name("external_repo", info))
    if url:
        query.where("url = ?", url)
    return apply_options(query.all(call.db), query_opts)


@exported("getExternalRepo")
def get_external_repo(call: Call, info: Any, strict: bool = False, event: int | None = None) -> Any:
    """Find an external repo by id or name: ``{id, name, url}``. Returns None if there is none; ``strict``
    raises GenericError instead."""
    found = list_external_repos(call, info, event=event)
    if not found and strict:
        raise koji.GenericError(f"No such repo: {info}")
    return found[0] if found else None


@exported("createExternalRepo")
def create_external_repo(call: Call, name: str, url: str) -> Row:
    """Make an external repo. Returns ``{id, name, url}``, the URL ending in a slash."""
    users.assert_perm(call, "admin")
    lookups.verify_name(name)
    if get_external_repo(call, name):
        raise koji.GenericError(f'An external repo named "{name}" already exists')
    repo_id = lookups.lookup_id(call, "external_repo", name, create=True)
    call.add("external_repo_config", external_repo_id=repo_id, url=_slashed(url))
    return {"id": repo_id, "name": name, "url": _slashed(url)}


@exported("editExternalRepo")
def edit_external_repo(call: Call, info: Any, name: str | None = None, url: str | None = None) -> None:
    """Change an external repo's name or URL."""
    users.assert_perm(call, "admin")
    repo = get_external_repo(call, info, strict=True)
    if name and name != repo["name"]:
        lookups.verify_name(name)
        taken = lookups.lookup_id(call, "external_repo", name)
        if taken is not None:
            raise koji.GenericError(f'name "{name}" is already taken by external repo {taken}')
        call.db.update("external_repo", {"name": name}, {"id": repo["id"]})
    if url and _slashed(url) != repo["url"]:
        call.revoke("external_repo_config", external_repo_id=repo["id"])
        call.add("external_repo_config", external_repo_id=repo["id"], url=_slashed(url))


@exported("deleteExternalRepo")
def delete_external_repo(call: Call, info: Any) -> None:
    """Delete an external repo, and its uses in all tags; what it was at earlier events stays known."""
    users.assert_perm(call, "admin")
    repo = get_external_repo(call, info, strict=True)
    call.revoke("tag_external_repos", external_repo_id=repo["id"])
    call.revoke("external_repo_config", external_repo_id=repo["id"])


def of_tag(call: Call, tag_id: int | None, event: int | None = None, repo_id: int | None = None) -> list[Row]:
    """List the external repos that a tag uses itself (none that it inherits), by priority."""
    query = Select("tag_external_repos", "JOIN tag ON tag.id = tag_external_repos.tag_id")
    query.join("JOIN external_repo ON external_repo.id = tag_external_repos.external_repo_id")
    query.join("JOIN external_repo_config AS config ON config.external_repo_id = external_repo.id")
    query.columns("priority", "url", "merge_mode", "arches", external_repo_id="external_repo.id")
    query.columns(external_repo_name="external_repo.name", tag_id="tag.id", tag_name="tag.name")
    query.at("tag_external_repos", event).at("config", event)
    if tag_id is not None:
        query.where("tag.id = ?", tag_id)
    if repo_id is not None:
        query.where("external_repo.id = ?", repo_id)
    return query.order("priority").all(call.db)


@exported("getTagExternalRepos")
def get_tag_external_repos(
    call: Call, tag_info: Any = None, repo_info: Any = None, event: int | None = None
) -> list[Row]:
    """List which tag uses which external repo how, of one tag and/or of one repo, by priority."""
    tag_id = lookups.require_id(call, "tag", tag_info) if tag_info else None
    repo_id = get_external_repo(call, repo_info, strict=True, event=event)["id"] if repo_info else None
    return of_tag(call, tag_id, event, repo_id)


@exported("getExternalRepoList")
def get_external_repo_list(call: Call, tag_info: Any, event: int | None = None) -> list[Row]:
    """List the external repos of a tag and of all that it inherits from, in order of precedence, each
    once."""
    tag = tags.get_tag(call, tag_info, strict=True, event=event)
    found: dict[int, Row] = {}
    for tag_id in inheritance.tag_and_ancestors(call, tag["id"], event):
        for use in of_tag(call, tag_id, event):
            found.setdefault(use["external_repo_id"], use)
    return list(found.values())


@exported("addExternalRepoToTag")
def add_external_repo_to_tag(
    call: Call,
    tag_info: Any,
    repo_info: Any,
    priority: int,
    merge_mode: str | None = "koji",
    arches: str | None = None,
) -> None:
    """Use an external repo in a tag; priorities are unique within the tag."""
    users.assert_perm(call, "tag")
    merge_mode = merge_mode or "koji"
    if merge_mode not in koji.REPO_MERGE_MODES:
        raise koji.GenericError(f"No such merge mode: {merge_mode}")
    tag = tags.get_tag(call, tag_info, strict=True)
    repo = get_external_repo(call, repo_info, strict=True)
    if arches is not None:
        arches = koji.parse_arches(arches, strict=False)
    priority = lookups.convert(priority, int)
    for use in of_tag(call, tag["id"]):
        if use["external_repo_id"] == repo["id"]:
            raise koji.GenericError(f"tag {tag['name']} already associated with external repo {repo['name']}")
        if use["priority"] == priority:
            raise koji.GenericError(
                f"tag {tag['name']} already associated with an external repo at priority {priority}"
            )
    values = {"priority": priority, "merge_mode": merge_mode, "arches": arches}
    call.add("tag_external_repos", tag_id=tag["id"], external_repo_id=repo["id"], **values)


def _use(call: Call, tag_info: Any, repo_info: Any) -> Row:
    tag = tags.get_tag(call, tag_info, strict=True)
    repo = get_external_repo(call, repo_info, strict=True)
    found = of_tag(call, tag["id"], repo_id=repo["id"])
    if not found:
        raise koji.GenericError(f"external repo {repo['name']} not associated with tag {tag['name']}")
    return found[0]


@exported("removeExternalRepoFromTag")
def remove_external_repo_from_tag(call: Call, tag_info: Any, repo_info: Any) -> None:
    """Keep a tag from using an external repo: the opposite of addExternalRepoToTag."""
    users.assert_perm(call, "tag")
    use = _use(call, tag_info, repo_info)
    call.revoke("tag_external_repos", tag_id=use["tag_id"], external_repo_id=use["external_repo_id"])


@exported("editTagExternalRepo")
def edit_tag_external_repo(
    call: Call,
    tag_info: Any,
    repo_info: Any,
    priority: int | None = None,
    merge_mode: str | None = None,
    arches: str | None = None,
) -> bool:
    """Change how a tag uses an external repo; None leaves a value. Returns whether anything was different."""
    users.assert_perm(call, "tag")
    use = _use(call, tag_info, repo_info)
    if arches is not None:
        arches = koji.parse_arches(arches, strict=True)
    wanted = {"priority": priority, "merge_mode": merge_mode, "arches": arches}
    changes = {name: value for name, value in wanted.items() if value is not None and value != use[name]}
    if not changes:
        return False
    remove_external_repo_from_tag(call, use["tag_id"], use["external_repo_id"])
    kept = {name: use[name] for name in wanted} | changes
    add_external_repo_to_tag(call, use["tag_id"], use["external_repo_id"], **kept)
    return True
