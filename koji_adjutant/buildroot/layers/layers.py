"""The layers that one buildroot consists of: a base, and one for each set of packages installed on top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from koji_adjutant.buildroot.cache.damage import raise_for_damage, sentence
from koji_adjutant.buildroot.cache.lease import Lease
from koji_adjutant.buildroot.cache.record import Vital
from koji_adjutant.buildroot.installed.mock_lock import write_mock_lock
from koji_adjutant.buildroot.installed.packages import Installed
from koji_adjutant.buildroot.layers.compose import Layer, Recipe, compose
from koji_adjutant.buildroot.layers.dependents import discard_what_stands_on
from koji_adjutant.buildroot.layers.transaction import FIRST_DBPATH
from koji_adjutant.buildroot.resolving.key import layer_key
from koji_adjutant.buildroot.resolving.locked_resolver import LockedResolver, compare, compare_installed
from koji_adjutant.buildroot.resolving.mock_lock_resolver import MockLockResolver
from koji_adjutant.buildroot.resolving.resolver import Resolver
from koji_adjutant.buildroot.specification.arch import resolver_arch
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.specification.lock import Lock, Step, this_machine
from koji_adjutant.buildroot.specification.mock_lock import NAME as MOCK_LOCK
from koji_adjutant.buildroot.specification.mock_lock import MockLock
from koji_adjutant.buildroot.specification.plan import Plan, Wanted
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import Image, LogSink, write_line
from koji_adjutant.errors import AdjutantError, DamagedEntryError, TaskStep, at_step
from koji_adjutant.text import size


class Layers:
    """Leased layers, which stay in the store while this is open; made by ``open_layers``.

    Whatever is installed becomes a layer that the next buildroot with the same needs finds in the store.
    Never is anything installed into a root in which packagers' programs have run. What was resolved is
    written to adjutant_lock.json each time, and as mock's buildroot_lock.json, so that both are there however
    a build ends.
    """

    def __init__(
        self,
        workspace: Workspace,
        config: BuildrootConfig,
        image: Image,
        resolver: Resolver | LockedResolver | MockLockResolver,
        log: LogSink,
        leases: ExitStack,
    ) -> None:
        self._image = image
        self._workspace = workspace
        self._config = config
        self._log = log
        self._leases = leases
        self._resolver = resolver
        self._leased: list[Lease] = []
        self._layers: list[Layer] = []
        self._steps: list[Step] = []
        self._met: list[frozenset[str]] = []
        """What the root as it is has been asked for: it is there, and needs no resolver."""

    @property
    def key(self) -> str | None:
        """The key of the root: equal keys, equal roots. None while there is no layer."""
        return self._layers[-1].key if self._layers else None

    @property
    def lowers(self) -> list[Path]:
        """The layers' files, topmost first, as an overlay wants them."""
        return [layer.root for layer in reversed(self._layers)]

    @property
    def base(self) -> Path:
        """The files of the lowest layer, which is a whole root."""
        return self._layers[0].root

    def size(self) -> int:
        """Return the layers' bytes on disk: those of the root, or some more."""
        return sum(self._workspace.cache.store.size_of(layer.key) for layer in self._layers)

    def installed(self) -> Installed:
        """Return what is installed in the root."""
        return self._layers[-1].installed()

    def add(self, wanted: Wanted) -> Plan:
        """Install what is wanted as a further layer, unless it is all there already.

        Returns the plan, which is empty if nothing changed. Raises DependencyError, which names what nothing
        provides, or BuildrootError if packages cannot be installed.
        """
        if wanted.words() in self._met:
            return Plan()
        dbpath = self.installed().dbpath if self._layers else FIRST_DBPATH
        with at_step(TaskStep.RESOLVE):
            plan = self._resolver.resolve(self.key, self.lowers, dbpath, wanted)
        key = self.key
        if plan.changes or key is None:
            key = layer_key(key, plan, self._config, self._image.digest)
            with at_step(TaskStep.INSTALL):
                self._lease(key, plan)
        if plan.changes:
            self._met.clear()
        self._met.append(wanted.words())
        step = Step(wanted, plan, key)
        # what is asked for again, and there, says nothing new
        if plan.changes or not any(step.wanted.words() == one.wanted.words() for one in self._steps):
            self._steps.append(step)
            self._write_locks()
        return plan

    def lock(self) -> Lock:
        """Return a lock of what has been resolved so far."""
        return self._lock(self.installed())

    def _lock(self, installed: Installed) -> Lock:
        return Lock(
            machine=this_machine(),
            tool_image=self._image.digest,
            tool_image_name=self._image.pinned,
            config=self._config,
            steps=tuple(self._steps),
            installed={package.nevra: package.payloadhash for package in installed.packages},
        )

    def check_lock(self) -> None:
        """Raise LockError if the workspace has a lock, and this is not the root in the end of it."""
        match self._workspace.lock:
            case Lock() as lock:
                compare(self.lock(), lock)
            case MockLock() as lock:
                compare_installed(self.lock(), lock.installed)

    def _write_locks(self) -> None:
        installed = self.installed()
        lock = self._lock(installed)
        lock.write(self._workspace.resultdir)
        if why := write_mock_lock(self._workspace.resultdir, lock, installed):
            self._say(f"No {MOCK_LOCK} is written: {why}")

    def raise_for_damage(self, error: AdjutantError | OSError) -> None:
        """Raise DamagedEntryError if a layer is damaged, and so may be what the error comes from."""
        raise_for_damage(self._workspace.cache.store, self._leased, error, self._found_damaged)

    def _lease(self, key: str, plan: Plan) -> None:
        store = self._workspace.cache.store
        lease = self._leases.enter_context(store.lease(key, lambda staging: self._make(staging, key, plan)))
        if lease.damage:
            self._found_damaged(key, lease.damage)
        if lease.composed and not all(below.is_current() for below in self._leased):
            store.discard(key)
            raise DamagedEntryError("a layer was damaged, and another was just made on it; it is made anew")
        self._workspace.cache_used("buildrequires" if self._layers else "root", key, not lease.composed)
        self._leased.append(lease)
        self._layers.append(Layer(lease.path))
        kind = "Layer" if self._layers[1:] else "Root"
        self._say(f"{kind} {key} {'composed' if lease.composed else 'found in the store'}")
        for package in plan.install:
            self._say(f"  {package.nevra}")
        for nevra in plan.erase:
            self._say(f"  without {nevra}")

    def _found_damaged(self, key: str, damage: Sequence[str]) -> None:
        discard_what_stands_on(self._workspace.cache.store, key)
        self._workspace.damage_found(key, damage)
        self._say(f"Warning: {sentence(key, damage)}")

    def _make(self, staging: Path, key: str, plan: Plan) -> Vital:
        packages = self._workspace.cache.packages
        total = sum(package.size for package in plan.install)
        self._say(f"Installing {len(plan.install)} packages, {size(total)}")
        sources = self._resolver.package_sources
        sources.check(plan.install)
        self._workspace.cache_used("packages", key, not packages.missing(plan.install))
        what = "packages" if self._layers else "minimal buildroot"
        with (
            self._workspace.progress.phase(f"installing {what} with dnf"),
            ExitStack() as files,
        ):
            with self._workspace.progress.phase("downloading packages"), at_step(TaskStep.DOWNLOAD):
                found = files.enter_context(
                    packages.holding(
                        plan.install,
                        sources.locations,
                        sources.proxy,
                        offline=sources.offline,
                        report=self._say,
                    )
                )
            return compose(
                staging,
                self._workspace,
                self._log,
                below=list(reversed(self._layers)),
                recipe=self._recipe(plan),
                files=found,
                key=key,
            )

    def _recipe(self, plan: Plan) -> Recipe:
        foreign_arch = resolver_arch(self._config) is not None
        return Recipe(
            self.key, plan, self._resolver.package_sources.locations, self._image.digest, foreign_arch
        )

    def _say(self, line: str) -> None:
        write_line(self._log, line)


@contextmanager
def open_layers(workspace: Workspace, config: BuildrootConfig, log: LogSink) -> Iterator[Layers]:
    """Yield the base root of the configuration's group, composed or taken from the store.

    Further layers can be added to it. Raises LockError if the workspace has a lock that says otherwise. When
    the block ends with an error, and a layer is damaged, that becomes DamagedEntryError.
    """
    image = workspace.manager.ensure_image_available(workspace.tool_image, "never")
    resolver: Resolver | LockedResolver | MockLockResolver
    match workspace.lock:
        case Lock() as lock:
            resolver = LockedResolver(lock, workspace.cache, config, image.digest)
        case MockLock() as lock:
            resolver = MockLockResolver(lock, Resolver(workspace, config, image.digest, log))
        case None:
            resolver = Resolver(workspace, config, image.digest, log)
    with ExitStack() as leases:
        layers = Layers(workspace, config, image, resolver, log, leases)
        try:
            layers.add(Wanted(groups=[config.group]))
            yield layers
        except (AdjutantError, OSError) as error:
            layers.raise_for_damage(error)
            raise
