"""Which tags there are."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.builds import builds
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.query import apply_options
from koji_adjutant.devhub.tags import tags


@exported("listTags", "queryOpts")
def list_tags(
    call: Call,
    build: Any = None,
    package: Any = None,
    perms: bool = True,
    query_opts: Any = None,
    pattern: str | None = None,
) -> Any:
    """List tags; of a build, or that list a package (then with owner and ``blocked``); by name pattern."""
    if build is not None and package is not None:
        raise koji.GenericError("only one of build and package may be specified")
    query = tags.select_tags().at("tag_config", None)
    if build is not None:
        found = builds.get_build(call, build)
        if not found:
            raise koji.GenericError(f"No such build: {build}")
        query.join("JOIN tag_listing ON tag_listing.tag_id = tag.id AND tag_listing.active = 1")
        query.where("tag_listing.build_id = ?", found["id"])
    if package is not None:
        known = lookups.lookup(call, "package", package)
        if not known:
            raise koji.GenericError(f"No such package: {package}")
        query.join("JOIN tag_packages ON tag_packages.tag_id = tag.id AND tag_packages.active = 1")
        query.join(
            "JOIN tag_package_owners AS own"
            " ON own.tag_id = tag.id AND own.package_id = tag_packages.package_id"
            " AND own.active = 1 JOIN users ON users.id = own.owner"
        )
        query.columns("blocked", "extra_arches", owner_id="users.id", owner_name="users.name")
        query.where("tag_packages.package_id = ?", known["id"])
    if pattern is not None:
        query.where("regexp(?, tag.name)", lookups.glob_to_regex(pattern))
    rows = query.all(call.db)
    if not perms:
        rows = [{key: row[key] for key in row if key not in ("perm", "perm_id")} for row in rows]
    return apply_options(rows, query_opts)
