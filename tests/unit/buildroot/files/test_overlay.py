"""Options of overlays; that they work is for the integration tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.buildroot.files import overlay as module
from koji_adjutant.buildroot.files.overlay import Overlay


def test_the_topmost_layer_is_named_first() -> None:
    options = Overlay([Path("/top"), Path("/base")], Path("/scratch")).options().split(",")
    assert options[:3] == ["lowerdir=/top:/base", "upperdir=/scratch/upper", "workdir=/scratch/work"]
    assert "volatile" not in options


def test_layers_of_an_overlay_fit_everywhere() -> None:
    options = Overlay([Path("/base")], Path("/scratch")).options().split(",")
    assert {"index=off", "metacopy=off", "redirect_dir=on"} <= set(options)


def test_what_options_are_made_of_in_paths() -> None:
    options = Overlay([Path("/a:b,c")], Path("/d,e")).options()
    assert options.startswith(r"lowerdir=/a\:b\,c,upperdir=/d\,e/upper,")


@pytest.mark.parametrize(("kernel", "able"), [((4, 18), False), ((5, 10), True), ((6, 1), True)])
def test_an_old_kernel_cannot_keep_from_waiting(
    monkeypatch: pytest.MonkeyPatch, kernel: tuple[int, ...], able: bool
) -> None:
    monkeypatch.setattr(module, "_kernel", lambda: kernel)
    assert ("volatile" in Overlay([Path("/base")], Path("/s"), throwaway=True).options()) is able
