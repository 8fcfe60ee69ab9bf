"""What can be the name of an arch."""

from __future__ import annotations

import pytest

from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.errors import SpecificationError
from koji_adjutant.rpm.arch import is_arch


@pytest.mark.parametrize("name", ["x86_64", "noarch", "src", "i686", "armv7hl", "sw_64", "a-b", "a" * 64])
def test_arches(name: str) -> None:
    assert is_arch(name)


@pytest.mark.parametrize(
    "name", ["", "-rf", "_", ".", "..", "a/b", "a b", "x86_64\n", "a;b", "ä", "²", "$(a)", "%s", "a" * 65]
)
def test_what_is_no_arch(name: str) -> None:
    assert not is_arch(name)
    with pytest.raises(SpecificationError, match="cannot be the name of an arch"):
        for_repos(["http://repo.example"], name, "build", network=False, options=TagOptions())
