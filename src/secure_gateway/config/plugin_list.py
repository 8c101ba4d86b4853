"""Plugin lists in YAML, as ContextForge reads them: what ``include`` names, checked like the configuration itself."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationError

from secure_gateway.config.context_forge import (
    MODE_REFUSALS,
    MODES,
    NOTICED_SETTINGS,
    ON_ERROR_REFUSAL,
    TEMPLATE,
    TEMPLATE_SIGNS,
)
from secure_gateway.config.fields import LAX, FreeText, Names, Texts
from secure_gateway.config.loader import MAX_CONFIG_BYTES, LoadedConfig
from secure_gateway.config.ownership import is_missing, read_trusted
from secure_gateway.config.paths import Steps, json_path, parse_path
from secure_gateway.config.plugin_kinds import has_no_counterpart, why_left_out
from secure_gateway.config.plugin_models import HookConfig, PluginSettings
from secure_gateway.config.positions import Document
from secure_gateway.config.problems import validation_problems
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.config.section import Section, section_field
from secure_gateway.config.yaml_text import YamlReader
from secure_gateway.errors import ConfigError, Problem, SecretError

logger = logging.getLogger(__name__)

# What may be null there and is left out here.
_NULLABLE = ("description", "author", "version", "hooks", "tags", "conditions", "config", "mcp", "priority", "mode")


class _ListFile(Section):
    """A plugin list."""

    plugins: Annotated[tuple[HookConfig, ...], LAX] = Field((), description="Plugins at hook points.")
    plugin_settings: PluginSettings = section_field(PluginSettings, "What holds for every plugin.")
    plugin_dirs: Texts = Field((), description="Folders in which kinds are looked up.")


class PluginManifest(Section):
    """What a plugin says about itself in the file ``plugin-manifest.yaml`` beside its module: defaults, and the hooks it is for."""

    name: FreeText = Field("", description="What it is called.")
    description: FreeText = Field("", description="What it is for.")
    author: FreeText = Field("", description="Who maintains it.")
    version: FreeText = Field("", description="Its version.")
    tags: Names = Field((), description="Words to find it by.")
    available_hooks: Names = Field((), description="Hook points it can be set to.")
    default_config: dict[str, Any] = Field(
        default_factory=dict, repr=False, description="Its configuration, unless set."
    )

    instead: ClassVar[Mapping[str, str]] = {"default_configs": 'Did you mean "default_config"?'}

    def under(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``entry``, a plugin of a list, with what it leaves out taken from here."""
        given = self.model_dump(mode="json", exclude_unset=True)
        defaults: dict[str, Any] = {
            key: given[key] for key in ("description", "author", "version", "tags") if key in given
        }
        return {**defaults, **entry, "config": {**self.default_config, **entry.get("config", {})}}


@dataclass(frozen=True, slots=True)
class PluginList:
    """One list: its plugins as plain values with secrets in place, and where kinds of it are looked up, in this order."""

    file: Path
    digest: str
    settings: Mapping[str, Any]
    folders: tuple[Path, ...]
    hooks: tuple[dict[str, Any], ...] = field(repr=False)
    document: Document = field(repr=False)

    def placed(self, problem: Problem) -> Problem:
        """Return ``problem``, found later by whoever built a plugin of this list, with its file and line."""
        if problem.file:
            return problem
        line = self.document.line_of(parse_path(problem.path))
        return Problem(problem.path, problem.found, problem.expected, problem.hint, str(self.file), line)


def read_plugin_lists(loaded: LoadedConfig, resolver: SecretResolver) -> tuple[PluginList, ...]:
    """Read every list that the configuration includes; paths start at its folder.

    Raises:
        ConfigError: with everything that is wrong with them, and with them beside the configuration.
    """
    if not loaded.config.include:
        return ()
    reader = YamlReader()
    lists: list[PluginList] = []
    problems: list[Problem] = []
    for index, name in enumerate(loaded.config.include):
        path = loaded.folder / name
        if is_missing(path):
            # In the name of the file: it is watched for from then on, if this was a reload.
            named = loaded.placed(Problem(f"$.include[{index}]", "", ""))
            hint = (
                f"It is named in {named.file}:{named.line}: {named.path}; paths start at {loaded.folder}. "
                "Put the file there, or take its name out."
            )
            problems.append(Problem("$", "no such file", "a list of plugins", hint, str(path)))
            continue
        try:
            lists.append(_read(path, reader, resolver))
        except ConfigError as error:
            problems += error.problems
    problems += _same_names((hook.name for hook in loaded.config.plugins.hooks), lists)
    if problems:
        raise ConfigError(problems)
    return tuple(lists)


def read_plugin_list(path: Path, resolver: SecretResolver) -> PluginList:
    """Read the list at ``path`` alone. Raises ``ConfigError`` with everything that is wrong with it."""
    found = _read(path, YamlReader(), resolver)
    problems = list(_same_names((), [found]))
    if problems:
        raise ConfigError(problems)
    return found


def read_manifest(path: Path) -> PluginManifest:
    """Read the manifest at ``path``. Raises ``ConfigError`` with everything that is wrong with it."""
    document = YamlReader().read(read_trusted(path, limit=MAX_CONFIG_BYTES), str(path))
    problems = list(_templates(document.value, (), document, str(path)))
    if isinstance(document.value, dict) and "default_config" not in document.value:
        published = document.value.pop("default_configs", None)  # the plural is as common
        if published is not None:
            document.value["default_config"] = published
    try:
        manifest = PluginManifest.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError([*problems, *validation_problems(error, document, str(path))]) from None
    if problems:
        raise ConfigError(problems)
    return manifest


def merge_settings(given: Mapping[str, Any], lists: Sequence[PluginList]) -> dict[str, Any]:
    """Return ``given``, the settings of the configuration, with those of ``lists``. Raises ``ConfigError`` where two disagree."""
    merged = dict(given)
    problems: list[Problem] = []
    for each in lists:
        for key, value in each.settings.items():
            if merged.setdefault(key, value) != value:
                found, expected = "another value than elsewhere in the configuration", "one value"
                problems.append(
                    each.placed(Problem(f"$.plugin_settings.{key}", found, expected, "Take one of them out."))
                )
    if problems:
        raise ConfigError(problems)
    return merged


def _read(path: Path, reader: YamlReader, resolver: SecretResolver) -> PluginList:
    data = read_trusted(path, limit=MAX_CONFIG_BYTES)
    document = reader.read(data, str(path))
    problems = list(_adapt(document, path))
    config: _ListFile | None = None
    try:
        config = _ListFile.model_validate(document.value)
    except ValidationError as error:
        problems += validation_problems(error, document, str(path))
    if problems or config is None:
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))
    found = PluginList(
        file=path,
        digest=hashlib.sha256(data).hexdigest(),
        settings=config.plugin_settings.model_dump(mode="json", exclude_unset=True),
        folders=_folders(path, config.plugin_dirs),
        hooks=tuple(config.model_dump(mode="json", by_alias=True, exclude_unset=True).get("plugins", ())),
        document=document,
    )
    _resolve(found, resolver)
    return found


def _adapt(document: Document, path: Path) -> Iterator[Problem]:
    """Bring what is spelt otherwise there into our spelling, in place; yield what cannot be."""
    value, file = document.value, str(path)
    _strip_unusable(value, path)
    yield from _templates(value, (), document, file)
    if not isinstance(value, dict):
        return
    for key in ("plugins", "plugin_settings", "plugin_dirs"):
        if key in value and value[key] is None:
            del value[key]
    settings: Any = value.get("plugin_settings")
    for key in sorted(NOTICED_SETTINGS & settings.keys()) if isinstance(settings, dict) else ():
        line = document.line_of(("plugin_settings", key))
        logger.warning("%s:%d: %s has no meaning here and is left out", file, line, key)
        del settings[key]
    plugins = value.get("plugins")
    for index, plugin in enumerate(plugins if isinstance(plugins, list) else ()):
        if not isinstance(plugin, dict):
            continue
        for key in _NULLABLE:
            if key in plugin and plugin[key] is None:
                del plugin[key]
        problem = _mode(plugin)
        if problem is not None:
            steps = ("plugins", index, "mode")
            yield Problem(json_path(steps), *problem, file, document.line_of(steps))


def _strip_unusable(value: Any, path: Path) -> None:
    """Take from plugins that will be left out or refused all that nobody will read: their templates and keys are not ours to understand."""
    plugins = value.get("plugins") if isinstance(value, dict) else None
    dirs = value.get("plugin_dirs") if isinstance(value, dict) else None
    names = [name for name in dirs if isinstance(name, str)] if isinstance(dirs, list) else []
    folders = _folders(path, names, quiet=True)
    for plugin in plugins if isinstance(plugins, list) else ():
        if isinstance(plugin, dict) and (
            why_left_out(plugin, folders) or has_no_counterpart(plugin.get("kind"), folders)
        ):
            for key in plugin.keys() - {"name", "kind", "mode"}:
                del plugin[key]


def _mode(plugin: dict[str, Any]) -> tuple[str, str, str] | None:
    """Translate a newer mode word, and ``on_error`` beside any; return what was found, expected and a hint where it means nothing here."""
    mode = plugin.get("mode", "enforce")
    if not isinstance(mode, str) or (mode not in MODE_REFUSALS and "on_error" not in plugin):
        return None
    on_error = plugin.pop("on_error", "fail")
    if mode == "disabled":
        return None
    ours = MODES.get((mode, on_error)) if isinstance(on_error, str) else None
    if ours is None:
        plugin["mode"] = "enforce"
        found = f'the mode "{mode}"' if mode in MODE_REFUSALS else f'the mode "{mode}" with this on_error'
        hint = MODE_REFUSALS.get(mode, ON_ERROR_REFUSAL)
        return found, "enforce, enforce_ignore_error, permissive or disabled", hint
    plugin["mode"] = ours
    return None


def _templates(value: Any, steps: Steps, document: Document, file: str) -> Iterator[Problem]:
    """Yield each template that is not ``{{ env.NAME }}``, or stands where nothing is resolved."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _templates(item, (*steps, key), document, file)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _templates(item, (*steps, index), document, file)
    elif isinstance(value, str) and any(sign in value for sign in TEMPLATE_SIGNS):
        line = document.line_of(steps)
        if any(sign in TEMPLATE.sub("", value) for sign in TEMPLATE_SIGNS):
            yield Problem(json_path(steps), "a template", "{{ env.NAME }} and no other", "", file, line)
        elif not _may_hold_secrets(steps):
            yield Problem(
                json_path(steps), "a template", "one only below config, mcp.env, mcp.headers or mcp.tls", "", file, line
            )


def _may_hold_secrets(steps: Steps) -> bool:
    inside = steps[2:] if steps[:1] == ("plugins",) else ()
    return inside[:1] == ("config",) or inside[:2] in {("mcp", "env"), ("mcp", "headers"), ("mcp", "tls")}


def _resolve(found: PluginList, resolver: SecretResolver) -> None:
    """Put secrets in place of references and templates in what ``found`` holds."""
    problems: list[Problem] = []
    for index, hook in enumerate(found.hooks):
        external = hook.get("mcp", {})
        holders = ((hook, "config", "config"), *((external, key, f"mcp.{key}") for key in ("env", "headers", "tls")))
        for holder, key, name in holders:
            if key not in holder:
                continue
            path = f"$.plugins[{index}].{name}"
            try:
                holder[key] = _resolved(holder[key], path, resolver)
            except ConfigError as error:
                problems += map(found.placed, error.problems)
    if problems:
        raise ConfigError(problems)


def _resolved(tree: Mapping[str, Any], path: str, resolver: SecretResolver) -> dict[str, Any]:
    # What a variable holds is final: it is filled in after references are resolved, and never read as one.
    filled: list[tuple[Any, Any, str]] = []
    problems: list[Problem] = []
    try:
        resolved = resolver.resolve_tree(tree, path)
    except ConfigError as error:
        problems += error.problems
        resolved = {}
    pending: list[tuple[Any, Steps]] = [(resolved, parse_path(path))]
    while pending:
        node, steps = pending.pop()
        for key, item in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(item, dict | list):
                pending.append((item, (*steps, key)))
            elif isinstance(item, str) and TEMPLATE.search(item) and isinstance(_at(tree, (*steps, key), path), str):
                if _at(tree, (*steps, key), path) != item:
                    continue  # a secret that happens to look like a template
                try:
                    filled.append(
                        (node, key, TEMPLATE.sub(lambda match: resolver.resolve(f"env://{match[1]}").reveal(), item))
                    )
                except SecretError as error:
                    problems.append(Problem(json_path((*steps, key)), str(error), "a variable that is set"))
    if problems:
        raise ConfigError(problems)
    for node, key, text in filled:
        node[key] = text
    return resolved


def _at(tree: Any, steps: Steps, path: str) -> Any:
    for step in steps[len(parse_path(path)) :]:
        tree = tree[step]
    return tree


def _folders(path: Path, plugin_dirs: Sequence[str], *, quiet: bool = False) -> tuple[Path, ...]:
    """Return where kinds are looked up: beside the list, above it, in ``plugin_dirs`` (from above, as they are written there)."""
    folder = path.parent
    found = [folder.parent, folder]
    for name in plugin_dirs:
        candidates = [base / name for base in (folder.parent, folder) if (base / name).is_dir()]
        if not candidates and not quiet:
            logger.warning("%s: plugin_dirs names %s, which is no folder", path, name)
        found += candidates[:1]
    return tuple(dict.fromkeys(found))


def _same_names(taken: Iterable[str], lists: Sequence[PluginList]) -> Iterator[Problem]:
    seen = set(taken)
    for each in lists:
        for index, hook in enumerate(each.hooks):
            if hook["name"] in seen:
                yield each.placed(
                    Problem(f"$.plugins[{index}].name", "the name of another plugin", "a name of its own")
                )
            seen.add(hook["name"])
