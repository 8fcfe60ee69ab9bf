"""The layers that one buildroot consists of: a base, and one for each set of packages installed on top."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from koji_adjutant.buildroot.arch import resolver_arch
from koji_adjutant.buildroot.compose import Layer, Recipe, compose
from koji_adjutant.buildroot.config import BuildrootConfig
from koji_adjutant.buildroot.key import layer_key
from koji_adjutant.buildroot.packages import Installed
from koji_adjutant.buildroot.plan import Plan, Wanted
from koji_adjutant.buildroot.resolver import Resolver
from koji_adjutant.buildroot.transaction import FIRST_DBPATH
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink


class Layers:
    """Leased layers, which stay in the store while this is open; made by ``open_layers``.

    Whatever is installed becomes a layer that the next buildroot with the same needs finds in the store.
    Never is anything installed into a root in which packagers' programs have run.
    """

    def __init__(
        self, workspace: Workspace, config: BuildrootConfig, log: LogSink, leases: ExitStack
    ) -> None:
        image = workspace.manager.ensure_image_available(workspace.tool_image, "never")
        self._digest = image.digest
        self._workspace = workspace
        self._config = config
        self._log = log
        self._leases = leases
        self._resolver = Resolver(workspace, config, image.digest, log)
        self._layers: list[Layer] = []
        self.plans: list[Plan] = []

    @property
    def key(self) -> str | None:
        """Identifies the root: equal keys, equal roots. None while there is no layer."""
        return self._layers[-1].key if self._layers else None

    @property
    def lowers(self) -> list[Path]:
        """The layers' files, topmost first, as an overlay wants them."""
        return [layer.root for layer in reversed(self._layers)]

    @property
    def skeleton(self) -> Path:
        """What a home directory has from the beginning."""
        return self._layers[0].skeleton

    def installed(self) -> Installed:
        return self._layers[-1].installed()

    def add(self, wanted: Wanted) -> Plan:
        """Have what is wanted, in a further layer unless it is there already; what changed.

        DependencyError names what nothing provides, BuildrootError if packages cannot be installed.
        """
        dbpath = self.installed().dbpath if self._layers else FIRST_DBPATH
        plan = self._resolver.resolve(self.key, self.lowers, dbpath, wanted)
        if plan.changes or not self._layers:
            key = layer_key(self.key, plan, self._config, self._digest)
            self._lease(key, plan)
        return plan

    def _lease(self, key: str, plan: Plan) -> None:
        composed = False

        def make(staging: Path) -> None:
            nonlocal composed
            self._make(staging, key, plan)
            composed = True

        directory = self._leases.enter_context(self._workspace.cache.store.lease(key, make))
        self._workspace.cache_used("buildrequires" if self._layers else "root", key, not composed)
        self._layers.append(Layer(directory))
        self.plans.append(plan)
        kind = "Layer" if self.plans[1:] else "Root"
        self._say(f"{kind} {key} {'composed' if composed else 'found in the store'}")
        for package in plan.install:
            self._say(f"  {package.nevra}")
        for nevra in plan.erase:
            self._say(f"  without {nevra}")

    def _make(self, staging: Path, key: str, plan: Plan) -> None:
        packages = self._workspace.cache.packages
        size = sum(package.size for package in plan.install)
        self._say(f"Installing {len(plan.install)} packages, {size / 1e6:.1f} MB")
        metadata = self._resolver.metadata
        for package in plan.install:
            for place in package.places(metadata.locations.get(package.repository, ())):
                metadata.check(place)
        self._workspace.cache_used("packages", key, not packages.missing(plan.install))
        what = "packages" if self._layers else "minimal buildroot"
        with (
            self._workspace.progress.phase(f"installing {what} with dnf"),
            ExitStack() as files,
        ):
            with self._workspace.progress.phase("downloading packages"):
                found = files.enter_context(
                    packages.holding(plan.install, metadata.locations, metadata.proxy)
                )
            compose(
                staging,
                self._workspace,
                self._log,
                below=list(reversed(self._layers)),
                recipe=self._recipe(plan),
                files=found,
                key=key,
            )

    def _recipe(self, plan: Plan) -> Recipe:
        locations = self._resolver.metadata.locations
        return Recipe(self.key, plan, locations, self._digest, resolver_arch(self._config) is not None)

    def _say(self, line: str) -> None:
        self._log.write(f"{line}\n".encode(errors="replace"))


@contextmanager
def open_layers(workspace: Workspace, config: BuildrootConfig, log: LogSink) -> Iterator[Layers]:
    """The base root of the configuration's group: composed, or taken from the store."""
    with ExitStack() as leases:
        layers = Layers(workspace, config, log, leases)
        layers.add(Wanted(groups=[config.group]))
        yield layers
