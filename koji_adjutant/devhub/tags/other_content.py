"""Questions about content that devhub's builds never have; it says so as a real hub would."""

from __future__ import annotations

from typing import Any

from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.tags import tags


@exported("listTaggedArchives")
def list_tagged_archives(call: Call, tag: Any, *args: Any, strict: bool = True, **more: Any) -> list[Any]:
    """Answer ``[archives, builds]`` of a tag, of which there are none."""
    del args, more
    tags.get_tag(call, tag, strict=strict)
    return [[], []]


@exported("listCGs")
def list_cgs(call: Call) -> dict[str, Any]:
    """Answer that there are no content generators."""
    del call
    return {}
