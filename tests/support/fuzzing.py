"""Inputs that nobody has thought of, the same ones in each run: what is found fails each time, or never."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from typing import Any

import koji
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

# It would draw from constants of all modules that happen to be imported, which depends on other tests.
assert hasattr(providers, "_get_local_constants")
providers._get_local_constants = lambda: providers._local_constants

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
"""Inputs of each test; who looks for more can ask for thousands."""

FUZZ = settings(
    derandomize=True,
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""Of every test here. No time is looked at, and nothing is kept for a later run."""

WORDS = (
    "",
    " ",
    ".",
    "..",
    "/",
    "-",
    "-rf",
    "--help",
    "../../etc/passwd",
    "/etc/passwd",
    "x86_64",
    "x86_64 i686",
    "noarch",
    "f39-build",
    "hello-1.0-1",
    "a" * 300,
    "a/" * 2000,
    "ä☃ \t\n",
    "%s %(a)s {a}",
    "$(true)",
    "1",
    "-1",
    "1e400",
    "²",
    "nan",
    "true",
    "last",
    "git://git.example.org/hello#abc",
    "git+https://user:secret@git.example.org/a?b#c",
    "git://[::1/hello#abc",
    "git://git.example.org:port/hello#abc",
    "svn+ssh://-o@git.example.org/../x?../y#-r",
    "cvs://git.example.org/%2e%2e/x?y#z",
    "a@example.org",
    'Ä <"@>@example.org>',
    "=",
    "a=b",
)
"""Texts that have a meaning somewhere."""

TEXT = st.one_of(
    st.sampled_from(WORDS),
    # what XML can say
    st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n"), max_size=20),
)
NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 7, 2**31 - 1, 2**31, -(2**63), 2**63 - 1]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT)

JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
"""What a tag's extra can have in it."""

XMLRPC = st.one_of(
    JSON,
    st.just(koji.xmlrpcplus.DateTime(0)),
    st.binary(max_size=4).map(koji.xmlrpcplus.xmlrpc_client.Binary),
)
"""What a request can have in it."""


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """Draw the document with up to three things in it replaced, removed or added."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(changed))
        if not places:
            return changed
        where, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
            case "replace":
                where[key] = draw(XMLRPC)
            case "remove":
                del where[key]
            case "add" if isinstance(where, list):
                where.insert(key, draw(XMLRPC))
            case "add":
                where[draw(TEXT)] = draw(XMLRPC)
    return changed


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield all lists and dictionaries with each of their keys, from the outside in."""
    keys = (
        document
        if isinstance(document, Mapping)
        else range(len(document))
        if isinstance(document, list)
        else ()
    )
    for key in keys:
        yield document, key
        yield from _places(document[key])
