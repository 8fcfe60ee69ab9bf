"""Our configuration against koji.genMockConfig's, executed as mock would."""

from __future__ import annotations

import configparser
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import koji
import pytest

from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos, for_tag
from koji_adjutant.buildroot.specification.config_json import config_as_json, config_from_json
from koji_adjutant.buildroot.specification.render import koji_repo, macros_koji, resolver_conf
from koji_adjutant.config.site_defaults import read_site_defaults
from koji_adjutant.config.values import SET_FOR_EACH_BUILDROOT
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.errors import SpecificationError, UsageError

RESOLVERS_OWN = {"cachedir", "logfile", "proxy"}
"""Options of genMockConfig's yum.conf that say where files come from and go to, not what is installed."""

EXTRAS: dict[str, dict[str, Any]] = {
    "plain": {},
    "macros": {
        "rpm.macro.dist": ".fc99",
        "rpm.macro.vendor": "Tag Vendor",
        "rpm.macro._topdir": "/elsewhere",
        "rpm.macro._host_cpu": "vax",
        "rpm.macro._rpmfilename": "%%{ARCH}/x.rpm",
        "rpm.macro.bcond(+)": 7,
    },
    "environment": {"rpm.env.CFLAGS": "-O0", "rpm.env.LANG": "en_US.UTF-8", "rpm.env.NUMBER": 3, "other": 1},
    "best": {"mock.yum.best": 1},
    "not best": {"mock.yum.best": "0"},
    "hotfixes": {"mock.yum.module_hotfixes": 1},
    "releasever": {"mock.releasever": 41},
    "forcearch": {"mock.forcearch": 1},
    "no forcearch": {"mock.forcearch": 0},
    "package manager": {"mock.package_manager": "dnf"},
    "modules": {"mock.module_setup_commands": [["enable", "perl:5.30"], ["disable", ""]]},
}

OPTIONS = {
    "topdir": TagOptions(topdir=Path("/mnt/koji")),
    "topurl": TagOptions(topurls=["https://koji.example/kojifiles"]),
    "topurls": TagOptions(topurls=["https://one.example/k", "https://two.example/k"]),
    "proxy": TagOptions(topurls=["http://k.example/k"], yum_proxy="http://proxy.example:3128"),
    "identity": TagOptions(
        topurls=["http://k.example/k"],
        vendor="V & Co",
        packager="P <p@example.org>",
        distribution="D",
        mockhost="redhat-linux-gnu",
        rpmbuild_timeout=7,
    ),
}


SITE = """\
config_opts['macros']['%vendor'] = 'The host'
config_opts['macros']['%_host_cpu'] = 'z80'
config_opts['macros']['%_smp_ncpus_max'] = 8
config_opts['environment']['CFLAGS'] = '-g'
config_opts['environment']['MAKEFLAGS'] = '-O'
"""


def executed(*sources: str) -> dict[str, Any]:
    """What mock has after it executed its configurations."""
    config: dict[str, Any] = {
        "macros": {},
        "environment": {},
        "files": {},
        "plugin_conf": defaultdict(dict),
    }
    for source in sources:
        exec(source, {"config_opts": config})  # noqa: S102
    return config


def mock_config(
    extra: Mapping[str, Any], arch: str, options: TagOptions, group: str, network: bool, site: str = ""
) -> dict[str, Any]:
    """genMockConfig called as kojid's BuildRoot calls it."""
    opts: dict[str, Any] = {
        "repoid": 12,
        "tag_name": "f99-build",
        "topdir": str(options.topdir),
        "topurls": list(options.topurls),
        "packager": options.packager,
        "vendor": options.vendor,
        "distribution": options.distribution,
        "mockhost": options.mockhost,
        "yum_proxy": options.yum_proxy,
        "rpmbuild_timeout": options.rpmbuild_timeout,
        "buildroot_id": 34,
        "use_host_resolv": network,
        "install_group": group,
        "target_arch": "armv7hl" if arch == "armhfp" else arch,
        "tag_macros": {"%" + key[10:]: str(v) for key, v in extra.items() if key.startswith("rpm.macro.")},
        "tag_envvars": {key[8:]: str(v) for key, v in extra.items() if key.startswith("rpm.env.")},
    }
    if extra.get("mock.forcearch"):
        opts["forcearch"] = opts["target_arch"]
    for key, name in (
        ("mock.package_manager", "package_manager"),
        ("mock.yum.module_hotfixes", "module_hotfixes"),
        ("mock.module_setup_commands", "module_setup_commands"),
        ("mock.releasever", "releasever"),
    ):
        if key in extra:
            opts[name] = extra[key]
    if "mock.yum.best" in extra:
        opts["yum_best"] = int(extra["mock.yum.best"])
    return executed(site, koji.genMockConfig("name", koji.canonArch(arch), managed=True, **opts))


def sections(text: str) -> dict[str, dict[str, Any]]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    parsed: dict[str, dict[str, Any]] = {}
    for section in parser.sections():
        values: dict[str, Any] = dict(parser[section])
        if "baseurl" in values:
            values["baseurl"] = values["baseurl"].split()
        parsed[section] = values
    return parsed


# koji.genMockConfig leaves /etc/hosts open when the network is on
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(("arch", "network"), [("x86_64", False), ("i686", True), ("armhfp", False)])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS.keys())
def test_equals_gen_mock_config(extra: dict[str, Any], options: TagOptions, arch: str, network: bool) -> None:
    group = "srpm-build" if network else "build"
    theirs = mock_config(extra, arch, options, group, network)
    tag = {"name": "f99-build", "extra": extra}
    ours = for_tag(tag, 12, arch, group, buildroot_id=34, options=options, network=network)
    assert not ours.without_effect

    expected = sections(theirs["yum.conf"])
    proxy = expected["main"].get("proxy")
    for option in RESOLVERS_OWN:
        expected["main"].pop(option, None)
    assert sections(koji_repo(ours))["build"] == expected["build"]
    assert ours.package_manager.proxy == proxy
    # the resolver gets the metadata of the same repositories as files
    expected["main"]["zchunk"] = "0"
    expected["build"]["baseurl"] = ["file:///metadata/build"]
    assert sections(resolver_conf(ours, PurePosixPath("/metadata"))) == expected
    assert ours.macros == theirs["macros"]
    assert {key: ours.environment[key] for key in theirs["environment"]} == theirs["environment"]
    assert f"install @{ours.group}" == theirs["chroot_setup_cmd"]
    assert ours.target_arch == theirs["target_arch"]
    assert ours.rpmbuild_timeout == theirs["rpmbuild_timeout"]
    assert ours.network == theirs["rpmbuild_networking"]
    manager = ours.package_manager
    assert manager.forcearch == theirs.get("forcearch")
    assert manager.package_manager == theirs.get("package_manager")
    assert manager.releasever == (str(theirs["releasever"]) if "releasever" in theirs else None)
    assert [list(c) for c in manager.module_setup_commands] == theirs.get("module_setup_commands", [])


@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS.keys())
def test_what_the_host_gives_counts_as_with_mock(extra: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "site-defaults.cfg").write_text(SITE)
    site = read_site_defaults(tmp_path / "site-defaults.cfg")
    assert not site.not_heeded
    options = replace(OPTIONS["identity"], host_macros=site.macros, environment=site.environment)
    theirs = mock_config(extra, "x86_64", OPTIONS["identity"], "build", network=False, site=SITE)
    ours = tag_config(extra, options)
    assert ours.macros == {name: str(value) for name, value in theirs["macros"].items()}
    assert {key: ours.environment[key] for key in theirs["environment"]} == theirs["environment"]


def test_a_builder_s_own_macros_win_over_its_identity_and_not_over_a_tag() -> None:
    options = replace(OPTIONS["identity"], macros={"%vendor": "Ours", "%one": "1", "%two": "2"})
    macros = tag_config({"rpm.macro.two": "the tag's"}, options).macros
    assert (macros["%vendor"], macros["%one"], macros["%two"]) == ("Ours", "1", "the tag's")


def test_no_option_sets_what_is_each_buildroot_s() -> None:
    options = replace(OPTIONS["topurl"], macros=dict.fromkeys(SET_FOR_EACH_BUILDROOT, "x"))
    assert "x" not in tag_config({}, options).macros.values()


def tag_config(extra: dict[str, Any], options: TagOptions = OPTIONS["topurl"]) -> BuildrootConfig:
    tag = {"name": "t-build", "extra": extra}
    return for_tag(tag, 3, "x86_64", "build", buildroot_id=5, options=options, network=False)


def test_name_is_kojids() -> None:
    assert tag_config({}).name == "t-build-5-3"


def test_macros_file_has_every_macro() -> None:
    lines = macros_koji(tag_config({"rpm.macro.dist": ".x"})).splitlines()
    assert "%dist .x" in lines
    assert "%_topdir /builddir/build" in lines
    assert "%_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" in lines


def test_home_cannot_be_changed_by_a_tag() -> None:
    assert tag_config({"rpm.env.HOME": "/root"}).environment["HOME"] == "/builddir"


def test_topdir_is_mounted_read_only_when_repos_are_read_from_it() -> None:
    (mount,) = tag_config({}, OPTIONS["topdir"]).repo_mounts
    assert (mount.source, mount.read_only) == (Path("/mnt/koji"), True)
    assert not tag_config({}).repo_mounts


def repository(directory: Path) -> Path:
    (directory / "repodata").mkdir(parents=True)
    (directory / "repodata" / "repomd.xml").touch()
    return directory


def test_directories_are_repositories(tmp_path: Path) -> None:
    one, two = repository(tmp_path / "one"), repository(tmp_path / "two ö")
    config = for_repos(
        [str(one), two.as_uri(), "http://x/y"], "x86_64", "build", network=False, options=TagOptions()
    )
    assert [repo.urls for repo in config.repositories] == [(one.as_uri(),), (two.as_uri(),), ("http://x/y",)]
    assert [mount.source for mount in config.repo_mounts] == [one, two]
    assert all(mount.read_only for mount in config.repo_mounts)
    assert list(sections(koji_repo(config))) == ["build-1", "build-2", "build-3"]


def test_credentials_are_not_in_the_copy_of_the_configuration() -> None:
    config = for_repos(
        ["https://me:geheim@x/y"],
        "x86_64",
        "build",
        network=False,
        options=TagOptions(yum_proxy="http://a:b@p"),
    )
    assert config.repositories[0].urls == ("https://me:geheim@x/y",)
    assert "baseurl=https://x/y\n" in koji_repo(config)
    assert "geheim" not in json.dumps(config_as_json(config))


def test_a_directory_without_repodata_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no RPM repository.*createrepo_c"):
        for_repos([str(tmp_path)], "x86_64", "build", network=False, options=TagOptions())


@pytest.mark.parametrize(
    ("extra", "allowed"),
    [
        ({}, False),
        ({"adjutant.user_namespaces": True}, True),
        ({"adjutant.user_namespaces": 1}, True),
        ({"adjutant.user_namespaces": False}, False),
        ({"adjutant.user_namespaces": 0}, False),
    ],
)
def test_user_namespaces_are_for_tags_that_say_so(extra: dict[str, Any], allowed: bool) -> None:
    config = for_tag(
        {"name": "t", "extra": extra},
        1,
        "x86_64",
        "build",
        buildroot_id=1,
        options=TagOptions(),
        network=False,
    )
    assert config.user_namespaces is allowed
    document = json.loads(json.dumps(config_as_json(config)))
    assert config_from_json(document).user_namespaces is allowed
    del document["user_namespaces"]  # of a lock that is older
    assert config_from_json(document).user_namespaces is False


def test_used_requires_are_noted_for_tags_that_say_so() -> None:
    for extra, noted in (({}, False), ({"adjutant.used_buildrequires": True}, True)):
        tag = {"name": "t", "extra": extra}
        config = for_tag(tag, 1, "x86_64", "build", buildroot_id=1, options=TagOptions(), network=False)
        assert config.used_requires is noted


@pytest.mark.parametrize("key", ["adjutant.user_namespaces", "adjutant.used_buildrequires"])
@pytest.mark.parametrize("value", ["true", "no", "", None, [], 2])
def test_flags_by_accident(key: str, value: object) -> None:
    tag = {"name": "t", "extra": {key: value}}
    with pytest.raises(SpecificationError, match=f"the tag's {key} must be true or false, not"):
        for_tag(tag, 1, "x86_64", "build", buildroot_id=1, options=TagOptions(), network=False)


def test_options_for_mock_without_effect_are_named() -> None:
    extra = {
        "mock.use_bootstrap": True,
        "mock.releasever": "41",
        "mock.plugin_conf.ccache_enable": True,
        "rpm.env.A": "b",
    }
    tag = {"name": "t", "extra": extra}
    config = for_tag(tag, 1, "x86_64", "build", buildroot_id=1, options=TagOptions(), network=False)
    assert config.without_effect == ["mock.plugin_conf.ccache_enable", "mock.use_bootstrap"]


def test_another_host_s_mounts_and_devices_are_told_and_not_taken() -> None:
    plain = tag_config({})
    mount = VolumeMount(Path("/srv/keys"), PurePosixPath("/etc/keys"), read_only=True)
    document = config_as_json(replace(plain, build_mounts=(mount,), build_devices=(Path("/dev/kvm"),)))
    assert (document["mounts"], document["devices"]) == (["/srv/keys:/etc/keys:ro"], ["/dev/kvm"])
    taken = config_from_json(json.loads(json.dumps(document)))
    assert (taken.build_mounts, taken.build_devices) == ((), ())
