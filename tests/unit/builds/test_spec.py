"""kojid's rules about spec files."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from koji_adjutant.builds.spec import SpecRules, check_spec, choose_spec
from koji_adjutant.errors import SpecError

TREE = PurePosixPath("/builddir/scmroot/foo")


def test_one_spec_may_be_called_anything() -> None:
    assert choose_spec([TREE / "bar.spec"], "foo") == TREE / "bar.spec"


def test_of_several_the_one_like_the_checkout() -> None:
    assert choose_spec([TREE / "bar.spec", TREE / "foo.spec"], "foo") == TREE / "foo.spec"


def test_none() -> None:
    with pytest.raises(SpecError, match=r"^No spec file found$"):
        choose_spec([], "foo")


def test_several_and_none_like_the_checkout() -> None:
    with pytest.raises(
        SpecError, match=r"Multiple spec files found but none is matching SCM checkout dir name"
    ):
        choose_spec([TREE / "bar.spec", TREE / "baz.spec"], "foo")


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("first", ["Vendor: me", "Packager: me", "Distribution: mine", "%define vendor me "])
def test_what_a_stock_builder_refuses_is_refused(first: str, strict: bool) -> None:
    with pytest.raises(SpecError, match="is not allowed to be"):
        check_spec(f"{first}\nName: x\n", SpecRules(strict_spec_tags=strict))


@pytest.mark.parametrize(
    "line", ["Vendor: me", "PACKAGER:me", "  Distribution: mine", "%define  packager  me"]
)
def test_what_it_overlooks_is_a_warning_or_refused(line: str) -> None:
    text = f"Name: x\n{line}\n"
    # this is how the stock builder looks, and why it overlooks it
    assert not any(re.match(f"{tag}:", text, re.MULTILINE) for tag in ("Packager", "Distribution", "Vendor"))
    (warning,) = check_spec(text, SpecRules())
    with pytest.raises(SpecError, match=re.escape(warning)):
        check_spec(text, SpecRules(strict_spec_tags=True))


def test_an_innocent_spec() -> None:
    text = "Name: vendor-tools\nSummary: Vendor: tools\n# Packager\nURL: http://Vendor:8080/\n"
    assert check_spec(text, SpecRules(strict_spec_tags=True)) == []
