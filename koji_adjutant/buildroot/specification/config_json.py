"""A buildroot's configuration as a JSON object, for whoever wants to make it once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from koji_adjutant.buildroot.specification.config import BuildrootConfig, PackageManagerOptions, Repository
from koji_adjutant.buildroot.specification.typed_json import TypedObject
from koji_adjutant.text import without_credentials


def config_as_json(config: BuildrootConfig) -> dict[str, Any]:
    """Return a configuration as a JSON object, without the builder's proxy and credentials in URLs.

    The proxy changes nothing in the root, and may have a password.
    """
    package_manager = asdict(config.package_manager)
    del package_manager["proxy"]
    return {
        "name": config.name,
        "arch": config.arch,
        "target_arch": config.target_arch,
        "group": config.group,
        "repositories": [
            {"id": repository.id, "urls": [without_credentials(url) for url in repository.urls]}
            for repository in config.repositories
        ],
        "package_manager": package_manager,
        "macros": dict(config.macros),
        "environment": dict(config.environment),
        "network": config.network,
        "rpmbuild_timeout": config.rpmbuild_timeout,
        "user_namespaces": config.user_namespaces,
        "mounts": [
            f"{mount.source}:{mount.target}:{'ro' if mount.read_only else 'rw'}"
            for mount in config.build_mounts
        ],
        "devices": [str(device) for device in config.build_devices],
    }


def config_from_json(document: Mapping[str, Any]) -> BuildrootConfig:
    """Read what ``config_as_json`` made, but for the mounts and devices: those are another host's.

    Raises ValueError if something is missing, or of another type.
    """
    root = TypedObject(document)
    package_manager = root.object("package_manager")
    return BuildrootConfig(
        name=root.get("name", str),
        repositories=tuple(
            Repository(one.get("id", str), tuple(one.texts("urls"))) for one in root.objects("repositories")
        ),
        arch=root.get("arch", str),
        target_arch=root.get("target_arch", str),
        group=root.get("group", str),
        network=root.get("network", bool),
        macros=root.object("macros").all_texts(),
        environment=root.object("environment").all_texts(),
        rpmbuild_timeout=root.get("rpmbuild_timeout", int),
        # older locks have no such key
        user_namespaces="user_namespaces" in document and root.get("user_namespaces", bool),
        package_manager=PackageManagerOptions(
            best=package_manager.get("best", bool),
            module_hotfixes=package_manager.get("module_hotfixes", bool),
            releasever=package_manager.optional("releasever", str),
            forcearch=package_manager.optional("forcearch", str),
            module_setup_commands=_commands(package_manager.get("module_setup_commands", list)),
            package_manager=package_manager.optional("package_manager", str),
        ),
    )


def _commands(commands: Sequence[object]) -> Sequence[tuple[str, str]]:
    found = []
    for command in commands:
        match command:
            case [str(action), str(modules)]:
                found.append((action, modules))
            case _:
                raise ValueError("its module_setup_commands are not pairs of str")
    return tuple(found)
