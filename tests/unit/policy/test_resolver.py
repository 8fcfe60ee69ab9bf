"""Which rule counts, where policies are looked for, and what is done without one."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.errors import HubError
from koji_adjutant.policy.cache import PolicyCache
from koji_adjutant.policy.lookup import Published
from koji_adjutant.policy.resolver import Choice, PolicyResolver
from koji_adjutant.policy.rules import Subject

RULES: list[dict[str, str]] = [
    {"type": "tag_arch", "tag": "f39-build", "arch": "x86_64", "image": "for-tag-arch"},
    {"type": "tag", "tag": "f39-build", "image": "for-tag"},
    {"type": "task_type", "task_type": "createrepo", "image": "for-task-type"},
    {"type": "default", "image": "for-all"},
]
SUBJECT = Subject("f39-build", "x86_64", "buildArch")


class Hub:
    """A PolicyLookup that counts how often it is asked; ``answer`` may be an error."""

    def __init__(self, answer: Published | Exception | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, tag: str) -> Published | None:
        self.asked.append(tag)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def policy(*rules: dict[str, str], tag: str = "f39-build") -> Published:
    return Published({"version": "1.0", "rules": list(rules)}, tag)


@pytest.fixture
def cache(tmp_path: Path) -> PolicyCache:
    return PolicyCache(tmp_path / "policies", 300, "http://hub/kojihub")


def resolve(hub: Hub, cache: PolicyCache, subject: Subject = SUBJECT) -> Choice:
    return PolicyResolver(hub, cache, "the-default").resolve(subject)


SUBJECTS = {
    "for-tag-arch": SUBJECT,
    "for-tag": Subject("f39-build", "aarch64", "createrepo"),
    "for-task-type": Subject("f40-build", "x86_64", "createrepo"),
    "for-all": Subject("f40-build", "x86_64", "buildArch"),
}


@pytest.mark.parametrize("image", SUBJECTS)
def test_precedence_whatever_the_order(image: str, cache: PolicyCache) -> None:
    for order in itertools.permutations(RULES):
        uncached = PolicyCache(Path("/nowhere"), 0, "")
        assert resolve(Hub(policy(*order)), uncached, SUBJECTS[image]).image == image


@pytest.mark.parametrize(
    ("rule", "arch", "holds"),
    [
        ("i686", "i386", True),
        ("i386", "i686", True),
        ("armv7hl", "armhfp", True),
        ("aarch64", "x86_64", False),
    ],
)
def test_an_arch_by_any_of_its_names(rule: str, arch: str, holds: bool, cache: PolicyCache) -> None:
    chosen = resolve(Hub(policy(RULES[0] | {"arch": rule})), cache, Subject("f39-build", arch, "buildArch"))
    assert (chosen.image == "for-tag-arch") is holds


def test_the_choice_says_why(cache: PolicyCache) -> None:
    own = resolve(Hub(policy(RULES[3], RULES[1])), cache)
    assert (own.source, own.policy_tag, own.warning) == ("tag", "f39-build", None)
    assert own.reason == "rule 2 (tag f39-build) of the image policy of tag f39-build"
    inherited = resolve(Hub(policy(RULES[3], tag="f39")), cache, Subject("f39-updates", "x86_64", "runroot"))
    assert (inherited.source, inherited.policy_tag) == ("inherited", "f39")
    assert inherited.reason == "rule 1 (default) of the image policy of tag f39, which f39-updates inherits"


def test_no_policy(cache: PolicyCache) -> None:
    expected = Choice("the-default", "default", "task_image_default: tag f39-build has no image policy")
    assert resolve(Hub(None), cache) == expected


def test_no_rule_that_holds(cache: PolicyCache) -> None:
    chosen = resolve(Hub(policy(RULES[2])), cache)
    assert (chosen.image, chosen.source, chosen.policy_tag) == ("the-default", "default", "f39-build")
    assert "no rule of the image policy of tag f39-build is for buildArch" in chosen.reason


def test_a_policy_is_asked_for_once(cache: PolicyCache, tmp_path: Path) -> None:
    """By all processes: the second resolver is another task's."""
    hub = Hub(policy(*RULES))
    first = resolve(hub, cache)
    again = resolve(hub, PolicyCache(tmp_path / "policies", 300, "http://hub/kojihub"))
    assert (first, hub.asked) == (again, ["f39-build"])
    resolve(hub, cache, Subject("f40-build", "x86_64", "buildArch"))
    assert hub.asked == ["f39-build", "f40-build"]


def test_that_there_is_no_policy_is_kept_too(cache: PolicyCache) -> None:
    hub = Hub(None)
    assert resolve(hub, cache) == resolve(hub, cache)
    assert hub.asked == ["f39-build"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (HubError("the hub did not answer"), "the hub did not answer; the image is task_image_default"),
        (
            Published("{]", "f39"),
            "adjutant_image_policy of tag f39: it is not valid JSON, at line 1, column 2: "
            "Expecting property name enclosed in double quotes; the image is task_image_default",
        ),
    ],
)
def test_what_cannot_be_used_is_a_warning_and_not_kept(
    answer: Any, sentence: str, cache: PolicyCache
) -> None:
    hub = Hub(answer)
    chosen = resolve(hub, cache)
    assert (chosen.image, chosen.source, chosen.warning) == ("the-default", "fallback", sentence)
    hub.answer = policy(RULES[1])
    assert resolve(hub, cache).image == "for-tag"


def test_a_kept_text_policy_is_the_same_policy(cache: PolicyCache) -> None:
    hub = Hub(Published(json.dumps({"version": "1.0", "rules": RULES}), "f39"))
    assert resolve(hub, cache) == resolve(hub, cache)
    assert len(hub.asked) == 1
