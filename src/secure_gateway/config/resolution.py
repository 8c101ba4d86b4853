"""The configuration as plain JSON values with its secrets in place: what providers and hooks are built from."""

from __future__ import annotations

from typing import Any

from secure_gateway.config.loader import LoadedConfig
from secure_gateway.config.paths import parse_path
from secure_gateway.config.plugin_list import merge_settings, read_plugin_lists
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import ConfigError, Problem


def resolve_config(loaded: LoadedConfig, resolver: SecretResolver) -> dict[str, Any]:
    """Return what the file sets, checked and in its final form, with the secret references replaced by their secrets.

    ``include`` becomes the plugin lists that it names, and their settings are among those of the plugins. ``master_key`` stays a reference. The result holds secrets: hand its parts to constructors, keep and print nothing of it.

    Raises:
        ConfigError: with one problem, in its line, for each reference that cannot be resolved, and for all that is wrong with the lists.
    """
    values: dict[str, Any] = loaded.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    problems: list[Problem] = []
    for path, tree in loaded.config.reference_trees():
        if not isinstance(tree, dict):
            continue
        try:
            _put(values, path, resolver.resolve_tree(tree, path))
        except ConfigError as error:
            problems += map(loaded.placed, error.problems)
    try:
        lists = read_plugin_lists(loaded, resolver)
        if lists:
            plugins = values.setdefault("plugins", {})
            plugins["settings"] = merge_settings(plugins.get("settings", {}), lists)
            values["include"] = lists
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    return values


def _put(values: Any, path: str, resolved: dict[str, Any]) -> None:
    *above, key = parse_path(path)
    for step in above:
        values = values[step]
    if key in values:
        values[key] = resolved
