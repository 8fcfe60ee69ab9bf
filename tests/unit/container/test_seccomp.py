"""Our seccomp profiles, made of podman's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.container.interface import Allowance
from koji_adjutant.container.seccomp import PODMANS, SeccompProfiles, derived, differences
from koji_adjutant.container.seccomp_rules import DIFFERENCES, HARMLESS_PERSONALITY, NAMESPACES
from koji_adjutant.errors import EngineError

NONE: frozenset[Allowance] = frozenset()
PODMANS_PROFILE = {
    "defaultAction": "SCMP_ACT_ERRNO",
    "defaultErrnoRet": 38,
    "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
    "syscalls": [
        {"names": ["userfaultfd", "vmsplice"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
        {"names": ["clone", "keyctl", "read", "socketcall", "unshare"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["kcmp"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_PTRACE"]}},
        {"names": ["of_next_year"], "action": "SCMP_ACT_ALLOW"},
    ],
}


def of(profile: Any, call: str) -> list[dict[str, Any]]:
    """All that a profile says of a call."""
    return [entry for entry in profile["syscalls"] if call in entry["names"]]


@pytest.fixture
def podmans(tmp_path: Path) -> Path:
    path = tmp_path / "podmans.json"
    path.write_text(json.dumps(PODMANS_PROFILE))
    return path


def test_what_we_say_nothing_about_stays_as_podman_has_it() -> None:
    made = derived(PODMANS_PROFILE, differences(NONE))
    assert {key: made[key] for key in made if key != "syscalls"} == {
        key: PODMANS_PROFILE[key] for key in PODMANS_PROFILE if key != "syscalls"
    }
    assert of(made, "read")[0]["action"] == "SCMP_ACT_ALLOW"
    assert of(made, "of_next_year")[0]["action"] == "SCMP_ACT_ALLOW"
    assert of(made, "vmsplice") == [{"names": ["vmsplice"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]


def test_what_we_say_something_about_is_said_by_us_alone() -> None:
    made = derived(PODMANS_PROFILE, differences(NONE))
    assert [(entry["action"], entry["includes"]) for entry in of(made, "kcmp")] == [("SCMP_ACT_ALLOW", {})]
    assert [entry["errno"] for entry in of(made, "userfaultfd")] == ["EPERM"]
    # its error is the profile's usual one, which libseccomp does not take as a rule
    assert of(made, "keyctl") == []


def test_an_error_is_spelled_out_where_the_profile_has_another_one() -> None:
    made = derived({**PODMANS_PROFILE, "defaultErrnoRet": 1}, differences(NONE))
    assert [entry["errno"] for entry in of(made, "keyctl")] == ["ENOSYS"]
    assert of(made, "userfaultfd") == []


def test_a_call_with_any_flag_of_a_namespace_is_let_through_nowhere() -> None:
    made = derived(PODMANS_PROFILE, differences(NONE))
    for call, native in (
        ("clone", {"excludes": {"arches": ["s390", "s390x"]}}),
        ("unshare", {"excludes": {}}),
    ):
        let_through = [
            entry
            for entry in of(made, call)
            if entry["action"] == "SCMP_ACT_ALLOW" and entry["excludes"] == native["excludes"]
            if not entry["includes"]
        ]
        ((condition,),) = [entry["args"] for entry in let_through]
        assert (condition["op"], condition["index"], condition["valueTwo"]) == ("SCMP_CMP_MASKED_EQ", 0, 0)
        assert all(condition["value"] & flag for flag in NAMESPACES)


def test_allowances_take_differences_away() -> None:
    made = derived(PODMANS_PROFILE, differences({"user-namespaces"}))
    assert (
        of(made, "unshare") == of(PODMANS_PROFILE, "unshare") or "unshare" in of(made, "unshare")[0]["names"]
    )
    assert [entry["action"] for entry in of(made, "clone")] == ["SCMP_ACT_ALLOW"]
    assert "SCMP_ACT_ALLOW" not in [
        entry["action"] for entry in of(made, "socketcall") if not entry["includes"]
    ]
    made = derived(PODMANS_PROFILE, differences({"socketcall"}))
    assert [entry["action"] for entry in of(made, "socketcall")] == ["SCMP_ACT_ALLOW"]
    assert len(of(made, "clone")) > 1


def test_sockets_are_settled_before_socketcall() -> None:
    """libseccomp makes rules for socketcall of those for socket; a later one for all of it replaces them."""
    calls = [
        call for entry in derived(PODMANS_PROFILE, differences(NONE))["syscalls"] for call in entry["names"]
    ]
    assert max(n for n, call in enumerate(calls) if call == "socket") < calls.index("socketcall")


def test_every_difference_has_a_reason_that_the_profile_gives_too() -> None:
    made = derived(PODMANS_PROFILE, differences(NONE))
    comments = {entry.get("comment") for entry in made["syscalls"]}
    for difference in DIFFERENCES:
        assert re.fullmatch(r".{20,}[^.]", difference.why)
        if {rule.error for rule in difference.rules} != {38}:
            assert difference.why in comments


def test_the_zero_page_is_no_personality() -> None:
    assert HARMLESS_PERSONALITY & 0x0010_0000 == 0
    assert HARMLESS_PERSONALITY & 0x0004_0000


def test_a_profile_is_a_file_that_is_named_for_what_is_in_it(tmp_path: Path, podmans: Path) -> None:
    profiles = SeccompProfiles(tmp_path / "ours", [tmp_path / "not-there", podmans])
    strict, lenient = profiles.path(NONE), profiles.path(frozenset({"user-namespaces"}))
    assert strict != lenient
    assert profiles.path(NONE) == strict == SeccompProfiles(tmp_path / "ours", [podmans]).path(NONE)
    assert set((tmp_path / "ours").iterdir()) == {strict, lenient}
    podmans.write_text(json.dumps({**PODMANS_PROFILE, "defaultErrnoRet": 1}))
    assert SeccompProfiles(tmp_path / "ours", [podmans]).path(NONE) not in {strict, lenient}


def test_the_operator_s_own_profile_comes_first(tmp_path: Path, podmans: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({**PODMANS_PROFILE, "syscalls": []}))
    made = json.loads(SeccompProfiles(tmp_path / "ours", [own, podmans]).path(NONE).read_text())
    assert of(made, "read") == []
    assert PODMANS[0].parts[1] == "etc"


def test_without_podmans_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"is not at .*not-there: `(apt|dnf) install .*containers-common`"):
        SeccompProfiles(tmp_path, [tmp_path / "not-there"]).path(NONE)


def test_a_profile_that_cannot_be_read(tmp_path: Path, podmans: Path) -> None:
    podmans.write_text("{")
    with pytest.raises(EngineError, match=r"podman's seccomp profile .*podmans.json cannot be read"):
        SeccompProfiles(tmp_path, [podmans]).path(NONE)
