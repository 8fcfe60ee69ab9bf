"""Whatever an image policy has in it, it is a policy, or a PolicyError that says what is wrong."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from koji_adjutant.errors import PolicyError
from koji_adjutant.policy.cache import PolicyCache
from koji_adjutant.policy.lookup import Published
from koji_adjutant.policy.reading import KEY, read_policy
from koji_adjutant.policy.resolver import PolicyResolver
from koji_adjutant.policy.rules import Policy, Subject
from tests.support.fuzzing import FUZZ, JSON, TEXT, XMLRPC, mutated

POLICY = {
    "version": "1.0",
    "rules": [
        {"type": "tag_arch", "tag": "f39-build", "arch": "x86_64", "image": "localhost/a:1"},
        {"type": "tag", "tag": "f39-build", "image": "localhost/b:1"},
        {"type": "task_type", "task_type": "createrepo", "image": "localhost/c@sha256:" + "0" * 64},
        {"type": "default", "image": "registry.example.org:5000/d:1"},
    ],
}
NESTED = "[" * 5000
VALUES = st.one_of(
    mutated(POLICY),
    mutated({KEY: POLICY}),
    mutated(POLICY).map(lambda policy: json.dumps(policy, default=str)),
    XMLRPC,
    JSON.map(json.dumps),
    TEXT,
    st.sampled_from([NESTED, '{"version": ' + "9" * 5000 + "}", '"\\ud800"', '{"a": 1, "a": 2}', "NaN"]),
    st.just(json.loads("[" * 500 + "]" * 500)),
)
DEFAULT = "localhost/default:1"


@FUZZ
@given(VALUES, st.sampled_from(["f39-build", "other"]), st.sampled_from(["x86_64", "i686"]))
def test_a_policy_of_anything(tmp_path: Path, value: Any, tag: str, arch: str) -> None:
    policy = Policy([])
    with suppress(PolicyError):
        policy = read_policy(value, "here")
    rule = policy.rule_for(Subject(tag, arch, "buildArch"))
    cache = PolicyCache(tmp_path / "policies", 0, "hub")
    chosen = PolicyResolver(lambda _: Published(value, tag), cache, DEFAULT).resolve(
        Subject(tag, arch, "buildArch")
    )
    assert chosen.image == (rule.image if rule else DEFAULT)
    assert "\n" not in (chosen.warning or "")
