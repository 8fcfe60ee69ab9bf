"""Whatever kojid.conf or the environment has in it, it is read, or a ConfigError says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from koji_adjutant.config import adjutant, kojid, load
from koji_adjutant.config.loading import ENVIRONMENT_PREFIX, load_adjutant
from koji_adjutant.config.origins import effective_options
from koji_adjutant.errors import ConfigError
from tests.support.fuzzing import FUZZ, TEXT

VALUES = st.one_of(
    TEXT,
    st.sampled_from(
        [
            "9" * 5000,
            "-5",
            "0",
            "1e999",
            "yes",
            "4G",
            "0x10",
            "~nobody-there",
            "~",
            "a=1,b=2",
            "pull=600,start=1e999",
            "/a:/b:ro:z",
            "/a:/b:/c:/d:/e",
            "127.0.0.1:8080",
            "[::1]:65536",
            "[::1",
            ":::",
            "localhost:٣",
            "host",
            "\0",
            "/a\0b",
        ]
    ),
)
SERVER = {"server": "http://hub/kojihub", "topurl": "http://hub/kojifiles"}


def section(name: str, options: Mapping[str, str]) -> str:
    """Text of a section; what would begin another line is taken as it is."""
    return "".join([f"[{name}]\n", *(f"{key} = {value}\n" for key, value in options.items())])


@FUZZ
@given(
    st.dictionaries(st.sampled_from([*kojid.READERS, "RLIMIT_NOFILE", "plugins"]), VALUES, max_size=4),
    st.dictionaries(st.sampled_from([*adjutant.READERS]), VALUES, max_size=4),
    st.dictionaries(
        st.sampled_from([*adjutant.READERS]).map(lambda name: ENVIRONMENT_PREFIX + name.upper()),
        VALUES,
        max_size=2,
    ),
)
def test_values(tmp_path: Path, stock: dict[str, str], ours: dict[str, str], environ: dict[str, str]) -> None:
    file = tmp_path / "fuzzed.conf"
    file.write_text(section("kojid", SERVER | stock) + section("adjutant", ours))
    read(file, environ)


@FUZZ
@given(
    st.one_of(
        st.binary(max_size=80),
        TEXT.map(str.encode),
        st.lists(
            st.sampled_from(
                [
                    "[kojid]",
                    "[adjutant]",
                    "[",
                    "server = a",
                    "topurl=b",
                    "=",
                    "  x",
                    "[kojid",
                    "cache_size = 1G",
                    "%(a)s",
                    "\ufeff",
                ]
            ),
            max_size=8,
        ).map(lambda lines: "\n".join(lines).encode()),
    )
)
def test_files(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "fuzzed.conf"
    file.write_bytes(content)
    read(file, {})


def read(file: Path, environ: Mapping[str, str]) -> None:
    """Read the file in all ways there are."""
    for reader in (load, load_adjutant, lambda *given: list(effective_options(*given))):
        with suppress(ConfigError):
            reader(file, environ)
