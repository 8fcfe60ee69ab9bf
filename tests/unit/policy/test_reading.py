"""A policy in every form that is allowed; what is wrong with the others, in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from koji_adjutant.errors import PolicyError
from koji_adjutant.policy.reading import KEY, read_policy

RULE = {"type": "default", "image": "registry.example.com:5000/tools@sha256:abc"}
BARE = {"version": "1.0", "rules": [RULE]}


@pytest.mark.parametrize(
    "value",
    [
        BARE,
        json.dumps(BARE),
        {KEY: BARE},
        json.dumps({KEY: BARE}),
        {KEY: json.dumps(BARE)},
        json.dumps({KEY: json.dumps(BARE)}),
    ],
    ids=["object", "text", "wrapped object", "wrapped text", "text wrapped as an object", "text in text"],
)
def test_forms(value: object) -> None:
    (rule,) = read_policy(value, "here").rules
    assert (rule.position, rule.type, rule.image) == (1, "default", RULE["image"])


def rules(*entries: object) -> dict[str, Any]:
    return {"version": "1.0", "rules": list(entries)}


TAG = {"type": "tag", "tag": "f39-build", "image": "tools"}
ARCH = {"type": "tag_arch", "tag": "f39-build", "arch": "i686", "image": "tools"}
MALFORMED = [
    ("{", "it is not valid JSON, at line 1, column 2: Expecting property name enclosed in double quotes"),
    ("[" * 100_000, "it is not valid JSON: nested too deeply"),
    ('{"version": "1.0", "version": "1.0"}', 'the key "version" is there twice in one object'),
    ("tools:1", "it is not valid JSON, at line 1, column 1: Expecting value"),
    ("[]", "it must be an object with version and rules, not []"),
    (7, "it must be an object with version and rules, not 7"),
    (None, "it must be an object with version and rules, not null"),
    ({KEY: {KEY: BARE}}, "it has no version"),
    ({"rules": [RULE]}, "it has no version"),
    ({"version": "2.0", "rules": []}, 'its version must be "1.0", not "2.0"'),
    ({"version": 1.0, "rules": []}, 'its version must be "1.0", not 1.0'),
    ({"version": "1.0"}, "it has no rules"),
    (BARE | {"default": "x"}, 'it has the key "default", and may only have version, rules'),
    ({"version": "1.0", "rules": RULE}, f"its rules must be a list, not {json.dumps(RULE)}"),
    (rules("tools:1"), 'rule 1 must be an object, not "tools:1"'),
    (
        rules({"image": "tools"}),
        "rule 1 must have one of the types tag_arch, tag, task_type, default, not null",
    ),
    (
        rules(RULE, {"type": "Tag"}),
        'rule 2 must have one of the types tag_arch, tag, task_type, default, not "Tag"',
    ),
    (
        rules({"type": ["tag"]}),
        'rule 1 must have one of the types tag_arch, tag, task_type, default, not ["tag"]',
    ),
    (rules({"type": "tag_arch", "tag": "t", "image": "i"}), "rule 1 (tag_arch) has no arch"),
    (
        rules(TAG | {"arch": "x86_64"}),
        'rule 1 (tag) has the key "arch", and may only have type, tag, image',
    ),
    (rules({"type": "default"}), "rule 1 (default) has no image"),
    (rules(TAG | {"tag": 7}), "the tag of rule 1 (tag) must be text, not 7"),
    (rules(TAG | {"image": ""}), 'the image of rule 1 (tag) must be text, not ""'),
    (
        rules(TAG | {"image": "--privileged"}),
        'the image of rule 1 (tag) must be a name like registry.example.com/tools:1, not "--privileged"',
    ),
    (rules(RULE, TAG, RULE), "rule 3 (default) is about the same as rule 1"),
    (rules(ARCH, ARCH | {"arch": "i386"}), "rule 2 (tag_arch f39-build i386) is about the same as rule 1"),
]


@pytest.mark.parametrize(("value", "sentence"), MALFORMED, ids=[sentence[:40] for _, sentence in MALFORMED])
def test_malformed(value: object, sentence: str) -> None:
    with pytest.raises(PolicyError) as failure:
        read_policy(value, "adjutant_image_policy of tag f39")
    assert str(failure.value) == f"adjutant_image_policy of tag f39: {sentence}"


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(PolicyError) as failure:
        read_policy(["x" * 10_000], "here")
    assert len(str(failure.value)) < 300
