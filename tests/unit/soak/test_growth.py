"""How growth is told from coming and going."""

from __future__ import annotations

from tests.soak.growth import Sample, growth, settled, slope


def test_what_comes_and_goes_does_not_grow() -> None:
    samples = [Sample(done, 100 + done % 8) for done in range(200)]
    assert abs(growth(samples)) < 1


def test_a_leak_shows_through_what_comes_and_goes() -> None:
    samples = [Sample(done, 100 + done % 8 + done // 10) for done in range(200)]
    assert 18 < growth(samples) < 22


def test_outliers_count_for_nothing() -> None:
    samples = [Sample(done, 1e9 if done in (3, 190) else 5.0) for done in range(200)]
    assert slope(samples) == 0.0


def test_several_samples_of_one_moment_and_none_at_all() -> None:
    assert slope([Sample(1, 2.0), Sample(1, 3.0)]) == 0.0
    assert growth([]) == 0.0


def test_the_first_quarter_is_left_out() -> None:
    samples = [Sample(done, 0.0) for done in range(1, 9)]
    assert [sample.done for sample in settled(samples)] == [3, 4, 5, 6, 7, 8]
