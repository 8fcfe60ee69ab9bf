"""Finding things by name."""

from __future__ import annotations

import re
from typing import Any

import koji

from koji_adjutant.devhub.builds import builds
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.query import Select, apply_options

PLACES = {
    "package": ("package", "package.name"),
    "user": ("users", "users.name"),
    "host": ("host", "host.name"),
    "tag": ("tag JOIN tag_config ON tag_config.tag_id = tag.id AND active = 1", "tag.name"),
    "target": (
        "build_target JOIN build_target_config ON build_target_id = build_target.id AND active = 1",
        "build_target.name",
    ),
    "build": ("build JOIN package ON package.id = build.pkg_id", builds.NVR),
    "rpm": ("rpminfo", "rpminfo.name || '-' || version || '-' || release || '.' || arch || '.rpm'"),
}
"""Kind -> table (with joins) and the expression that is searched."""


@exported("search", "matchType", "queryOpts")
def search(call: Call, terms: str, type: str, match_type: str, query_opts: Any = None) -> Any:  # noqa: A002
    """Find things of a kind by name, as a ``glob``, a ``regexp`` (both whatever the case), or else exactly:
    ``[{id, name}]``. Raises GenericError for an unknown kind and for what is no regular expression."""
    if not terms:
        raise koji.GenericError("empty search terms")
    if type not in PLACES:
        raise koji.GenericError(f"No such search type: {type}")
    table, name = PLACES[type]
    query = Select(table).columns(f"{table.split()[0]}.id", name=name)
    if match_type == "glob":
        query.where(f"regexp(?, {name})", lookups.glob_to_regex(terms))
    elif match_type == "regexp":
        try:
            re.compile(terms)
        except re.error as error:
            raise koji.GenericError(f"invalid regular expression {terms!r}: {error}") from error
        query.where(f"regexp(?, {name})", f"(?i){terms}")
    else:
        query.where(f"{name} = ?", terms)
    return apply_options(query.all(call.db), query_opts)


@exported("untaggedBuilds", "queryOpts")
def untagged_builds(call: Call, name: str | None = None, query_opts: Any = None, draft: Any = None) -> Any:
    """List complete builds that are in no tag: ``[{id, name, version, release}]``."""
    del draft
    query = Select("build", "JOIN package ON package.id = build.pkg_id")
    query.columns("build.id", "package.name", "build.version", "build.release")
    query.where("build.state = ?", builds.COMPLETE)
    query.where("build.id NOT IN (SELECT build_id FROM tag_listing WHERE active = 1)")
    if name is not None:
        query.where("package.name = ?", name)
    return apply_options(query.order("build.id").all(call.db), query_opts)
