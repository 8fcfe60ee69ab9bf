"""What a buildroot is made of: repositories, package manager options, macros and environment.

The facts come from ``koji.genMockConfig`` and kojid's ``BuildRoot``; a unit test executes genMockConfig's
output and compares it with ours, macro by macro and option by option.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import koji

from koji_adjutant.buildroot.repository.mirrors import Mirrors, read_metalink, read_mirrorlist
from koji_adjutant.buildroot.repository.transfer import Checksum
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.errors import SpecificationError, UsageError
from koji_adjutant.rpm.arch import is_arch

CHROOT_HOME = PurePosixPath("/builddir")
TOPDIR = CHROOT_HOME / "build"
"""Where rpmbuild works inside the root; a tag cannot change it."""
SHELL = ("/bin/bash", "--login")
"""What people get who look into a buildroot."""

USER_NAMESPACES = "adjutant.user_namespaces"
"""The key of a tag's extra that lets its builds make user namespaces."""
USED_REQUIRES = "adjutant.used_buildrequires"
"""The key of a tag's extra that has its builds say which BuildRequires they have used."""

MOCK_ENVIRONMENT = {
    "TERM": "vt100",
    "SHELL": "/bin/bash",
    "HOME": str(CHROOT_HOME),
    "HOSTNAME": "mock",
    "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
    "PROMPT_COMMAND": r'printf "\033]0;<mock-chroot>\007"',
    "PS1": r"<mock-chroot> \s-\v\$ ",
    "LANG": "C.UTF-8",
}
"""mock's default environment: build scripts have come to depend on every one of them."""


@dataclass(frozen=True)
class TagOptions:
    """What a builder's own configuration (kojid.conf) adds to a tag's: names are kojid's.

    Without ``topurls`` repositories are read from ``topdir``. ``macros`` and ``environment`` are this
    builder's own, and ``host_macros`` (with their %) what mock would have from its host, which count least.
    """

    topurls: Sequence[str] = ()
    topdir: Path = Path("/mnt/koji")
    vendor: str = "Koji"
    packager: str = "Koji"
    distribution: str = "Koji"
    mockhost: str = "koji-linux-gnu"
    yum_proxy: str | None = None
    rpmbuild_timeout: int = 86400
    host_macros: Mapping[str, str] = field(default_factory=dict)
    macros: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


HEEDED = frozenset(
    {
        "mock.forcearch",
        "mock.module_setup_commands",
        "mock.package_manager",
        "mock.releasever",
        "mock.yum.best",
        "mock.yum.module_hotfixes",
    }
)
"""The options for mock that a tag's extra may set, of those that kojid passes on (its genMockConfig)."""


@dataclass(frozen=True)
class Repository:
    """One repository section; several URLs are mirrors of the same repository.

    Its repomd.xml is one of ``repomd``, where a metalink says so. ``cost`` is dnf's: of equal packages the
    cheapest is taken; None is dnf's default, 1000.
    """

    id: str
    urls: Sequence[str]
    repomd: Sequence[Checksum] = ()
    cost: int | None = None


@dataclass(frozen=True)
class PackageManagerOptions:
    """Options of dnf that a tag's extra may set (``mock.*``); None is dnf's default."""

    best: bool = False
    module_hotfixes: bool = False
    releasever: str | None = None
    proxy: str | None = None
    forcearch: str | None = None
    module_setup_commands: Sequence[tuple[str, str]] = ()
    package_manager: str | None = None


@dataclass(frozen=True)
class BuildrootConfig:
    """Everything that decides what is in a buildroot and how commands run in it.

    ``arch`` is the repository's (``koji.canonArch``), ``target_arch`` what rpmbuild calls the host CPU.
    ``network`` is True only where koji sets up DNS: SRPMs from SCM, and runroot.
    ``rpmbuild_timeout`` is in seconds and limits each single rpmbuild, as in mock.
    ``repo_mounts`` are the host directories that ``file://`` repositories live in, read-only.
    ``user_namespaces``: whether commands may make them, as the tag's extra says.
    ``used_requires``: whether it is to be noted which BuildRequires a build uses, as the tag's extra says.
    ``rpmbuild_options`` are for each rpmbuild, whatever it does.
    ``build_mounts`` and ``build_devices`` are what of the host its builds may use.
    ``without_effect`` are the options for mock in the tag's extra that nothing here heeds.
    """

    name: str
    repositories: Sequence[Repository]
    arch: str
    target_arch: str
    group: str
    network: bool
    macros: Mapping[str, str]
    environment: Mapping[str, str]
    rpmbuild_timeout: int
    package_manager: PackageManagerOptions = PackageManagerOptions()
    repo_mounts: Sequence[VolumeMount] = field(default=())
    user_namespaces: bool = False
    used_requires: bool = False
    rpmbuild_options: Sequence[str] = ()
    build_mounts: Sequence[VolumeMount] = ()
    build_devices: Sequence[Path] = ()
    without_effect: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raise SpecificationError for what could be no arch: it is a part of URLs, paths and commands."""
        for name in (self.arch, self.target_arch):
            if not is_arch(name):
                raise SpecificationError(f"{name[:40]!r} cannot be the name of an arch")


def for_tag(
    tag: Mapping[str, Any],
    repo_id: int,
    arch: str,
    group: str,
    *,
    buildroot_id: int,
    options: TagOptions,
    network: bool,
) -> BuildrootConfig:
    """Configure a tag's buildroot as kojid would.

    ``tag`` is ``getBuildConfig``'s answer at the repo's create event; ``arch`` the arch to build on (a
    noarch task's must have been chosen already). SpecificationError for a value in the tag's extra that means
    nothing.
    """
    extra = tag["extra"]
    repo_arch = koji.canonArch(arch)
    # armhfp is koji's name for an arch that autoconf does not know
    target_arch = "armv7hl" if arch == "armhfp" else arch
    tops = list(options.topurls) or [f"file://{options.topdir}"]
    urls = [f"{koji.PathInfo(topdir=top).repo(repo_id, tag['name'])}/{repo_arch}" for top in tops]
    return BuildrootConfig(
        name=name_of(tag["name"], buildroot_id, repo_id),
        repositories=(Repository("build", urls),),
        arch=repo_arch,
        target_arch=target_arch,
        group=group,
        network=network,
        macros=_macros(options, _prefixed(extra, "rpm.macro.", "%"), target_arch),
        environment=_environment(options, _variables(extra)),
        rpmbuild_timeout=options.rpmbuild_timeout,
        package_manager=PackageManagerOptions(
            best=_best(extra),
            module_hotfixes=bool(extra.get("mock.yum.module_hotfixes")),
            releasever=str(extra["mock.releasever"]) if extra.get("mock.releasever") else None,
            proxy=options.yum_proxy,
            forcearch=target_arch if extra.get("mock.forcearch") else None,
            module_setup_commands=tuple(_module_commands(extra)),
            package_manager=str(extra["mock.package_manager"]) if extra.get("mock.package_manager") else None,
        ),
        # packages are reached through the repo's toplink, so all of topdir has to be there
        repo_mounts=() if options.topurls else (_read_only(options.topdir),),
        user_namespaces=_flag(extra, USER_NAMESPACES),
        used_requires=_flag(extra, USED_REQUIRES),
        without_effect=sorted(name for name in extra if name.startswith("mock.") and name not in HEEDED),
    )


def name_of(tag: str, buildroot_id: int, repo_id: int) -> str:
    """Return the name that kojid gives to a task's buildroot."""
    return f"{tag}-{buildroot_id}-{repo_id}"


def for_repos(
    locations: Sequence[str], arch: str, group: str, *, network: bool, options: TagOptions
) -> BuildrootConfig:
    """Configure a buildroot from plain repositories, with no hub; a local directory is a repository too.

    ``mirrorlist=URL`` and ``metalink=URL`` are asked for the repository's mirrors. Raises UsageError for a
    directory that is no repository, BuildrootError for a list that cannot be had.
    """
    repositories = []
    mounts = []
    for number, location in enumerate(locations, 1):
        identity = "build" if len(locations) == 1 else f"build-{number}"
        if mirrors := _mirrors(location, koji.canonArch(arch)):
            repositories.append(Repository(identity, mirrors.urls, mirrors.repomd))
            continue
        url = location
        if urlsplit(location).scheme in {"", "file"}:
            directory = Path(unquote(urlsplit(location).path) if "://" in location else location).resolve()
            if not (directory / "repodata" / "repomd.xml").is_file():
                raise UsageError(
                    f"{location} is no RPM repository: it has no repodata/repomd.xml; run createrepo_c on it"
                )
            url = directory.as_uri()
            mounts.append(_read_only(directory))
        repositories.append(Repository(identity, (url,)))
    return BuildrootConfig(
        name=f"local-{arch}",
        repositories=tuple(repositories),
        arch=koji.canonArch(arch),
        target_arch=arch,
        group=group,
        network=network,
        macros=_macros(options, {}, arch),
        environment=_environment(options, {}),
        rpmbuild_timeout=options.rpmbuild_timeout,
        package_manager=PackageManagerOptions(proxy=options.yum_proxy),
        repo_mounts=tuple(mounts),
    )


def _mirrors(location: str, arch: str) -> Mirrors | None:
    kind, _, url = location.partition("=")
    if kind not in ("mirrorlist", "metalink"):
        return None
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{location} is no list of mirrors: give a URL like {kind}=https://host/path")
    url = url.replace("$basearch", arch)
    return read_metalink(url) if kind == "metalink" else read_mirrorlist(url, arch)


def _macros(options: TagOptions, tag_macros: Mapping[str, str], target_arch: str) -> dict[str, str]:
    """Merge macros: the tag's win over the builder's, but not over those that make the root work."""
    builder = {
        "%_rpmfilename": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
        "%vendor": options.vendor,
        "%packager": options.packager,
        "%distribution": options.distribution,
    }
    fixed = {
        "%_topdir": str(TOPDIR),
        "%_host_cpu": target_arch,
        "%_host": f"{target_arch}-{options.mockhost}",
    }
    return {**options.host_macros, **builder, **options.macros, **tag_macros, **fixed}


def _environment(options: TagOptions, tag_environment: Mapping[str, str]) -> dict[str, str]:
    return {**MOCK_ENVIRONMENT, **options.environment, **tag_environment, "HOME": str(CHROOT_HOME)}


def _best(extra: Mapping[str, Any]) -> bool:
    value = extra.get("mock.yum.best", 0)
    try:
        return bool(int(value))
    except (TypeError, ValueError, OverflowError):
        raise SpecificationError(f"the tag's mock.yum.best must be 0 or 1, not {value!r}") from None


def _flag(extra: Mapping[str, Any], key: str) -> bool:
    value = extra.get(key, False)
    # koji's command line makes these of true, false, 1 and 0; any other text would be true by accident
    if value not in (True, False):
        raise SpecificationError(f"the tag's {key} must be true or false, not {value!r}")
    return bool(value)


def _module_commands(extra: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    commands = extra.get("mock.module_setup_commands") or ()
    for command in commands if isinstance(commands, list | tuple) else [commands]:
        match command:
            case [action, modules]:
                yield str(action), str(modules or "")
            case _:
                raise SpecificationError(
                    "the tag's mock.module_setup_commands must be pairs of an action and modules, "
                    f"and {command!r} is none"
                )


def _variables(extra: Mapping[str, Any]) -> Mapping[str, str]:
    variables = _prefixed(extra, "rpm.env.")
    for name in variables:
        if not name or "=" in name:
            raise SpecificationError(f"the tag's rpm.env.{name} cannot be a variable's name")
    return variables


def _prefixed(extra: Mapping[str, Any], prefix: str, replacement: str = "") -> dict[str, str]:
    return {
        replacement + key[len(prefix) :]: str(value) for key, value in extra.items() if key.startswith(prefix)
    }


def _read_only(directory: Path) -> VolumeMount:
    return VolumeMount(directory, PurePosixPath(directory), read_only=True)
