"""Reads ``config.json``: the one way from a file to a :class:`GatewayConfig`. Acts on nothing that it reads."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from secure_gateway.config.models import GatewayConfig
from secure_gateway.config.ownership import expand_home, is_missing, read_trusted
from secure_gateway.config.paths import parse_path
from secure_gateway.config.positions import Document, JsonSyntaxError, parse
from secure_gateway.config.problems import describe, syntax_problem, validation_problems
from secure_gateway.errors import ConfigError, Problem

DEFAULT_PATH = "~/.gateway/config.json"
PATH_VARIABLE = "SECURE_GATEWAY_CONFIG"
MAX_CONFIG_BYTES = 1024 * 1024
_YAML = (".yaml", ".yml")
_AS_JSON = (
    'The configuration is JSON; only lists of plugins may be YAML, named by its "include". Write its values as JSON into config.json: '
    "`secure-gateway init` makes one to begin with, docs/configuration.md has every key."
)


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration and where it came from. ``digest`` is the SHA-256 of the file, in hexadecimal digits."""

    config: GatewayConfig
    path: Path
    digest: str
    raw: dict[str, Any] = field(repr=False)
    document: Document = field(repr=False)

    @property
    def folder(self) -> Path:
        """Where relative paths in the configuration start."""
        return self.path.parent

    def placed(self, problem: Problem) -> Problem:
        """Return ``problem``, found later by whoever used the configuration, with its file and line; one of another file keeps its own."""
        if problem.file:
            return problem
        line = self.document.line_of(parse_path(problem.path))
        return Problem(problem.path, problem.found, problem.expected, problem.hint, str(self.path), line)


def config_path(path: str | Path | None, env: Mapping[str, str]) -> Path:
    """Choose the file: ``path``, else ``SECURE_GATEWAY_CONFIG`` of ``env``, else ``~/.gateway/config.json``.

    Raises:
        ConfigError: because the variable is set and empty; falling back would load another policy than somebody meant.
    """
    if path is None:
        chosen = env.get(PATH_VARIABLE, DEFAULT_PATH)
        if not chosen:
            hint = "Unset it to use the default."
            raise ConfigError(Problem("$", f"an empty {PATH_VARIABLE}", "the path of a configuration", hint))
        path = Path(chosen)
    given: object = path  # whatever the annotation says
    if not isinstance(given, str | os.PathLike):
        kind = type(given).__name__
        raise TypeError(
            f"expected the path of a configuration file, not a {kind}: write the configuration as JSON into a file that only you can write"
        )
    return Path.cwd() / expand_home(path, env)


def load_config(path: str | Path | None, env: Mapping[str, str]) -> LoadedConfig:
    """Load the configuration that :func:`config_path` chooses.

    Raises:
        ConfigError: with everything that is wrong with it, in the order of its lines.
    """
    chosen = config_path(path, env)
    if is_missing(chosen):
        raise ConfigError(Problem("$", "no such file", "a configuration", _way_to(chosen), str(chosen)))
    data = read_trusted(chosen, limit=MAX_CONFIG_BYTES)
    document = _parsed(data, str(chosen))
    config = _validated(document, str(chosen))
    return LoadedConfig(config, chosen, hashlib.sha256(data).hexdigest(), document.value, document)


def _way_to(missing: Path) -> str:
    """Return what helps where there is no configuration at ``missing``."""
    beside = [other for suffix in _YAML if not is_missing(other := missing.with_suffix(suffix))]
    if beside and missing.suffix == ".json":
        return f"There is {beside[0].name}, but: {_AS_JSON}"
    return "Create one with `secure-gateway init`."


def _parsed(data: bytes, file: str) -> Document:
    try:
        return parse(data)
    except JsonSyntaxError as error:
        found = [syntax_problem(fault, file) for fault in (*error.earlier, error.fault)]
        if file.endswith(_YAML):
            found.insert(0, Problem("$", "a file that is called YAML", "JSON", _AS_JSON, file))
        raise ConfigError(found) from None


def _validated(document: Document, file: str) -> GatewayConfig:
    problems = [syntax_problem(fault, file) for fault in document.faults]
    reported = {problem.path for problem in problems}
    config: GatewayConfig | None = None
    if isinstance(document.value, dict):
        try:
            config = GatewayConfig.model_validate(document.value)
        except ValidationError as error:
            found = validation_problems(error, document, file)
            problems += [problem for problem in found if problem.path not in reported]
    else:
        found_instead = describe(document.value, shown=False)
        problems.append(Problem("$", found_instead, "an object: { … }", "", file, document.root.line))
    if problems or config is None:
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))
    return config
