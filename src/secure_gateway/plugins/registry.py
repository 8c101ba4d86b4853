"""Find a provider class by name: built in, registered in code, an entry point, a module in the plugin folder, or ``module:Class``."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import inspect
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from secure_gateway.errors import ConfigError, Problem, ProviderContractError
from secure_gateway.plugins.construction import check_class

logger = logging.getLogger(__name__)


class InstalledPoints:
    """What registries that are made together share: the entry points of everything that is installed, and which modules cannot be imported.

    Entry points are read once, when they are first asked for. A module that fails is tried once, too; those made for the next load try it again.
    """

    def __init__(self) -> None:
        self._found: Any = None  # Python 3.11 has another class than later ones; both can `select`
        self._failed: dict[Path, ConfigError] = {}

    def of(self, group: str) -> EntryPoints:
        """Return those of ``group``."""
        if self._found is None:
            self._found = entry_points()
        found: EntryPoints = self._found.select(group=group)
        return found

    def module(self, path: Path) -> ModuleType:
        """Return the module at ``path``. Raises ``ConfigError`` where it cannot be imported."""
        if path in self._failed:
            raise self._failed[path]
        try:
            return import_file(path)
        except ConfigError as error:
            self._failed[path] = error
            raise


class ProviderSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider class comes from. ``origin``: built-in, registered, entry point, or a file."""

    name: str
    origin: str
    target: str | type


class ProviderRegistry:
    """The providers of one kind that can be named in the configuration.

    ``contract``: the abstract base class; ``group``: the entry point group; ``builtins``: name to ``module:Class``, loaded only when named;
    ``plugin_dirs``: folders whose modules are searched (their ownership has been checked by who passes them in); ``installed``: what registries that
    are made together share.
    """

    def __init__(
        self,
        contract: type,
        group: str,
        builtins: Mapping[str, str],
        plugin_dirs: Sequence[Path] = (),
        name_of: Callable[[Any], str] | None = None,
        installed: InstalledPoints | None = None,
    ) -> None:
        self._name_of = name_of or provider_name
        self._contract = contract
        self._group = group
        self._builtins = builtins
        self._plugin_dirs = tuple(plugin_dirs)
        self._installed = installed or InstalledPoints()
        self._registered: dict[str, type] = {}
        self._discovered: dict[str, ProviderSource] | None = None

    def register(self, cls: type, name: str = "") -> None:
        """Make ``cls`` available under its own name. Checks it first; wins over a built-in of its name, with a warning.

        Raises ``ProviderContractError`` for a class that breaks the contract or a name that another registered class has.
        """
        check_class(cls, self._contract)
        name = name or self._name_of(cls)
        if self._registered.get(name, cls) is not cls:
            raise ProviderContractError(
                f"two classes are registered as {name!r}: {self._registered[name].__qualname__} and {cls.__qualname__}"
            )
        if name in self._builtins:
            logger.warning("%s.%s replaces the built-in provider %r", cls.__module__, cls.__qualname__, name)
        self._registered[name] = cls

    def sources(self) -> dict[str, ProviderSource]:
        """Return every provider that can be named, by name. Raises ``ConfigError`` where two share a name."""
        found = {
            name: ProviderSource(name=name, origin="built-in", target=target) for name, target in self._builtins.items()
        }
        registered = {
            name: ProviderSource(name=name, origin=f"registered {cls.__module__}:{cls.__qualname__}", target=cls)
            for name, cls in self._registered.items()
        }
        for name, source in self._discover().items():
            other = registered.get(name) or found.get(name)
            if other is not None and other.target is not source.target:
                raise _clash(name, other.origin, source.origin)
            found[name] = source
        return found | registered

    def find(self, name: str, where: str) -> type:
        """Return the class called ``name``, checked. Raises ``ConfigError`` at ``where``, with what there is and a near miss."""
        source = self.sources().get(name)
        if source is None:
            known = sorted(self.sources())
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                Problem(
                    where,
                    f"{name!r}",
                    f"one of {', '.join(known)}",
                    (f"Did you mean {near[0]!r}? " if near else "")
                    + 'A class of your own: "class": "module:Class", or a file in the plugins folder beside the configuration.',
                )
            )
        return self.load(source.target, where) if isinstance(source.target, str) else source.target

    def load(self, target: str, where: str) -> type:
        """Return the class that ``module:Class`` names, checked. Raises ``ConfigError`` at ``where``."""
        return self.checked(self.imported(target, where), where)

    def imported(self, target: str, where: str) -> Any:
        """Return what ``module:Class`` names, whatever it is. Raises ``ConfigError`` at ``where`` where there is no such thing."""
        module_name, _, class_name = target.partition(":")
        if not module_name or not class_name:
            raise ConfigError(
                Problem(where, f"{target!r}", "module:Class", 'For example "my_company.auth:BadgeProvider".')
            )
        try:
            module = importlib.import_module(module_name)
        except (Exception, SystemExit) as error:  # a stranger's module
            raise ConfigError(
                Problem(
                    where,
                    f"module {module_name!r}, which fails to import ({type(error).__name__}: {error})",
                    "a module that can be imported",
                    missing_package(error) or "Install the package it comes from, or mend the module.",
                )
            ) from error
        cls = getattr(module, class_name, None)
        if cls is None:
            raise ConfigError(
                Problem(where, f"{target!r}", f"a class in {module_name}", "The module has no such name.")
            )
        return cls

    def checked(self, cls: Any, where: str) -> type:
        """Return ``cls`` if it is a complete class of this registry's kind. Raises ``ConfigError`` at ``where``."""
        try:
            return check_class(cls, self._contract)
        except ProviderContractError as error:
            page = "hooks" if self._contract.__name__ == "Plugin" else "writing-a-provider"
            hint = f"docs/{page}.md has one that is complete."
            raise ConfigError(Problem(where, str(error), f"a complete {self._contract.__name__}", hint)) from error

    def _discover(self) -> dict[str, ProviderSource]:
        if self._discovered is None:
            found: dict[str, ProviderSource] = {}
            for point in self._installed.of(self._group):
                _add(found, ProviderSource(name=point.name, origin=f"entry point {point.value}", target=point.value))
            for folder in self._plugin_dirs:
                # A leading underscore marks what is no plugin: `__init__.py`, and modules that plugins import.
                for path in sorted(path for path in folder.glob("*.py") if not path.name.startswith("_")):
                    for source in self._named_classes_in(path):
                        _add(found, source)
            self._discovered = found
        return self._discovered

    def _classes_in(self, path: Path) -> list[type]:
        module = self._installed.module(path)
        classes = [
            cls
            for cls in dict.fromkeys(value for value in vars(module).values() if isinstance(value, type))
            if issubclass(cls, self._contract) and cls.__module__ == module.__name__
        ]
        return [
            self.checked(cls, str(path)) for cls in classes if not inspect.isabstract(cls) or not cls.__subclasses__()
        ]

    def _named_classes_in(self, path: Path) -> Iterator[ProviderSource]:
        for cls in self._classes_in(path):
            try:
                name = self._name_of(cls)
            except ProviderContractError as error:
                raise ConfigError(
                    Problem("$.plugins", f"{path}: {error}", "a provider that can be found by its name")
                ) from error
            yield ProviderSource(name=name, origin=str(path), target=cls)


def provider_name(cls: Any) -> str:
    """Return the name a provider class gives itself, without building it.

    Raises ``ProviderContractError`` where the name depends on the instance: such a class is named by ``"class": "module:Class"``.
    """
    try:
        blank = cls.__new__(cls)
        name = cls.get_name(blank) if hasattr(cls, "get_name") else blank.name
    except (Exception, SystemExit) as error:  # a stranger's method on an instance that is not built
        raise ProviderContractError(
            f"{cls.__qualname__}: its name must be known before it is built ({type(error).__name__} was raised); return a constant"
        ) from error
    if not isinstance(name, str) or not name:
        raise ProviderContractError(f"{cls.__qualname__}: its name is {name!r}; expected a text that is not empty")
    return name


def import_file(path: Path) -> ModuleType:
    """Import the module at ``path``: once for all registries, and anew when its text has changed, so that a reload loads what is there."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            Problem("$.plugins", f"{path}, which cannot be read ({error.strerror})", "a module")
        ) from error
    digest = hashlib.sha256(os.fsencode(path) + b"\0" + source).hexdigest()[:16]
    name = f"secure_gateway_plugins_{digest}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        # Exactly the bytes that the name stands for: the import system might take them from a cache.
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - a plugin is code
    except (Exception, SystemExit) as error:  # a stranger's module
        del sys.modules[name]
        raise ConfigError(
            Problem(
                "$.plugins",
                f"{path}, which fails to import ({type(error).__name__}: {error})",
                "a module that can be imported",
                missing_package(error) or "Mend it or move it out of the plugins folder.",
            )
        ) from error
    return module


def missing_package(error: BaseException) -> str:
    """Say what to install for ``error``; nothing where it is no want of a module."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    root = error.name.partition(".")[0]
    return (
        f"Install the package that brings the module {root!r} beside the gateway: pip install {root.replace('_', '-')}."
    )


def _add(found: dict[str, ProviderSource], source: ProviderSource) -> None:
    other = found.get(source.name)
    # A package that is installed twice, as in development, names the same class twice.
    if other is not None and other.target != source.target:
        raise _clash(source.name, other.origin, source.origin)
    found[source.name] = source


def _clash(name: str, one: str, other: str) -> ConfigError:
    return ConfigError(
        Problem(
            "$.plugins",
            f"two providers called {name!r}: {one} and {other}",
            "one",
            "Rename yours, or remove one of them.",
        )
    )
