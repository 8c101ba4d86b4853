"""Plugin lists in YAML load as they are, and what is wrong with one is named with its line."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import ConfigError, PolicyDenied, load_gateway

SEED = """\
plugins:
  - name: "PIIFilterPlugin"
    kind: "plugins.pii_filter.pii_filter.PIIFilterPlugin"
    hooks: ["prompt_pre_fetch", "prompt_post_fetch", "tool_pre_invoke", "tool_post_invoke"]
    mode: "permissive"
    priority: 50
    config:
      detect_ssn: true
      detect_email: true
      detect_credit_card: true
      default_mask_strategy: "partial"
  - name: "ReplaceBadWordsPlugin"
    kind: "plugins.regex_filter.search_replace.SearchReplacePlugin"
    hooks: ["prompt_pre_fetch", "prompt_post_fetch", "tool_pre_invoke", "tool_post_invoke"]
    mode: "enforce"
    priority: 150
    config:
      words:
        - { search: "crap", replace: "crud" }
        - { search: "crud", replace: "yikes" }
  - name: "DenyListPlugin"
    kind: "plugins.deny_filter.deny.DenyListPlugin"
    hooks: ["prompt_pre_fetch"]
    mode: "enforce"
    priority: 100
    config:
      words: ["innovative", "groundbreaking", "revolutionary"]
  - name: "ResourceFilterExample"
    kind: "plugins.resource_filter.resource_filter.ResourceFilterPlugin"
    hooks: ["resource_pre_fetch", "resource_post_fetch"]
    mode: "enforce"
    priority: 75
    config:
      max_content_size: 1048576
      allowed_protocols: ["http", "https"]
      blocked_domains: ["malicious.example.com"]
      content_filters:
        - { pattern: "password\\\\s*[:=]\\\\s*\\\\S+", replacement: "password: [REDACTED]" }
plugin_settings:
  parallel_execution_within_band: false
  plugin_timeout: 30
  fail_on_plugin_error: false
  enable_plugin_api: true
  plugin_health_check_interval: 60
"""

OWN = """\
from secure_gateway.plugins.framework import Plugin, ToolPreInvokeResult

class MyPlugin(Plugin):
    async def tool_pre_invoke(self, payload, context):
        payload.args["seen"] = self.config.config
        return ToolPreInvokeResult(modified_payload=payload)
"""

ENTRY = "plugins:\n  - name: My\n    kind: plugins.my_plugin.plugin.MyPlugin\n"
DENY = "plugins:\n  - name: D\n    kind: deny_list\n    config: {words: [x]}\n"


def gateway_with(folder: Path, text: str, env: dict[str, str] | None = None, **more: Any) -> Any:
    (folder / "plugins").mkdir(exist_ok=True)
    (folder / "plugins" / "config.yaml").write_text(text)
    everything = {kind: ["*"] for kind in ("tools", "prompts", "resources")}
    config = {
        "include": ["plugins/config.yaml"],
        "anonymous": {"roles": ["all"]},
        "roles": {"all": everything},
        "state": {"url": "memory:"},
        "master_key": "env://MASTER",
        **more,
    }
    (folder / "config.json").write_text(json.dumps(config))
    for path in (folder, folder / "plugins", folder / "plugins" / "config.yaml", folder / "config.json"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return load_gateway(
        folder / "config.json", env={"HOME": str(folder), "MASTER": secrets.token_hex(32), **(env or {})}
    )


def own_plugin(folder: Path, text: str = OWN, manifest: str = "") -> None:
    home = folder / "plugins" / "my_plugin"
    home.mkdir(parents=True)
    (home / "plugin.py").write_text(text)
    (home / "plugin.py").chmod(0o600)
    home.chmod(0o700)
    if manifest:
        (home / "plugin-manifest.yaml").write_text(manifest)
        (home / "plugin-manifest.yaml").chmod(0o600)


async def test_the_documented_list_loads_and_acts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with gateway_with(tmp_path, SEED) as gateway:
        assert (
            await gateway.call("t", {"text": "crap, jane@example.org"}, lambda a: a["text"])
            == "yikes, j***@example.org"
        )
        with pytest.raises(PolicyDenied):
            await gateway.call("p", {"text": "innovative"}, lambda a: a, operation="prompt")
        with pytest.raises(PolicyDenied):
            await gateway.call("http://malicious.example.com/x", {}, lambda a: a, operation="resource")
    assert "config.yaml:43: enable_plugin_api has no meaning here" in caplog.text


async def test_a_kind_is_found_from_the_folder_above_the_list_and_its_manifest_gives_defaults(tmp_path: Path) -> None:
    manifest = 'description: "Mine"\navailable_hooks: [tool_pre_invoke]\ndefault_config:\n  one: 1\n  two: 2\n'
    own_plugin(tmp_path, manifest=manifest)
    async with gateway_with(tmp_path, ENTRY + "    config: {two: 3}\n") as gateway:
        assert await gateway.call("t", {}, lambda a: a["seen"]) == {"one": 1, "two": 3}


async def test_a_kind_in_the_configuration_itself_is_found_from_its_folder(tmp_path: Path) -> None:
    own_plugin(tmp_path)
    hooks = [{"name": "My", "kind": "plugins.my_plugin.plugin.MyPlugin"}]
    async with gateway_with(tmp_path, DENY, plugins={"hooks": hooks}) as gateway:
        assert await gateway.call("t", {}, lambda a: a["seen"]) == {}


async def test_a_kind_is_found_in_plugin_dirs(tmp_path: Path) -> None:
    own_plugin(tmp_path)
    text = "plugin_dirs: [plugins/my_plugin, plugins/none]\nplugins:\n  - {name: My, kind: plugin.MyPlugin}\n"
    async with gateway_with(tmp_path, text) as gateway:
        assert await gateway.call("t", {}, lambda a: a["seen"]) == {}


async def test_only_the_environment_is_resolved_in_a_template_and_what_it_holds_is_final(tmp_path: Path) -> None:
    own_plugin(tmp_path)
    config = '    config: {a: "x-{{ env.ONE }}", b: "{{env.TWO}}", c: env://ONE}\n'
    env = {"ONE": "1", "TWO": "env://MASTER {{ env.ONE }}"}
    async with gateway_with(tmp_path, ENTRY + config, env) as gateway:
        seen = await gateway.call("t", {}, lambda a: a["seen"])
    assert seen == {"a": "x-1", "b": "env://MASTER {{ env.ONE }}", "c": "1"}


async def test_settings_of_the_list_hold_and_a_null_priority_is_the_default(tmp_path: Path) -> None:
    own_plugin(tmp_path, OWN.replace('payload.args["seen"]', 'raise ValueError\n        payload.args["seen"]'))
    text = ENTRY + "    mode: permissive\n    priority: null\n    description: null\n"
    async with gateway_with(tmp_path, text) as gateway:
        assert await gateway.call("t", {}, lambda _a: 1) == 1
    async with gateway_with(tmp_path, text + "plugin_settings: {fail_on_plugin_error: true}\n") as gateway:
        with pytest.raises(Exception, match="plugin"):
            await gateway.call("t", {}, lambda _a: 1)


@pytest.mark.parametrize(
    ("mode", "denied"),
    [("sequential", True), ("sequential, on_error: ignore", True), ("transform, on_error: ignore", False)],
)
async def test_newer_mode_words_mean_what_they_mean_elsewhere(tmp_path: Path, mode: str, denied: bool) -> None:
    text = f"plugins: [{{name: D, kind: deny_list, config: {{words: [blue]}}, mode: {mode}}}]"
    async with gateway_with(tmp_path, text) as gateway:
        if not denied:
            assert await gateway.call("t", {"text": "blue"}, lambda _a: 1) == 1
            return
        with pytest.raises(PolicyDenied):
            await gateway.call("t", {"text": "blue"}, lambda _a: 1)


def test_a_disabled_plugin_without_a_counterpart_is_left_out_with_a_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway_with(tmp_path, "plugins: [{name: Robots, kind: plugins.robots.robots.Robots, mode: disabled}]")
    assert "Robots is disabled and has no counterpart here" in caplog.text


def test_the_policy_version_follows_the_list(tmp_path: Path) -> None:
    one, other = (gateway_with(tmp_path, DENY + tail) for tail in ("", "# changed\n"))
    assert one.snapshot.policy_version != other.snapshot.policy_version


OURS = ENTRY.replace("plugins.my_plugin.plugin.MyPlugin", "deny_list")
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nplugins: *b\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (BOMB, 2, "found an alias"),
        ("plugins: []\nplugins: []\n", 2, "a key a second time"),
        ("plugins:\n  - {name: a,\n     name: b}\n", 3, "$.plugins[0].name: found a key a second time"),
        ("plugins: !!python/object:os.system []\n", 1, "a tag"),
        ("plugins: []\n---\nplugins: []\n", 2, "a second document"),
        ("plugins: [\n", 2, "no YAML"),
        ("plugins:\n  - {<<: {name: x}}\n", 2, "a merge key"),
        ("plugins:\n  - {yes: x}\n", 2, "reads as bool"),
        (DENY + "    version: 2024-01-01\n", 5, "reads as timestamp"),
        (DENY + "    priority: 1:30\n", 5, "reads as int"),
        (DENY + "    priority: .inf\n", 5, "no value"),
        ("", 1, "an empty file"),
        ("- x\n", 1, "found a list"),
        ("[" * 100, 1, "levels"),
        ("plugins: [" + "x," * 60_000 + "x]", 1, "more than 50000 values"),
        ("\xff", 1, ""),
        (DENY + "    prioriti: 5\n", 5, 'Did you mean "priority"?'),
        ("plugin_setings: {}\n", 1, 'Did you mean "plugin_settings"?'),
        ("plugin_settings:\n  plugin_timeout: 5000\n", 2, "did you mean 5?"),
        (OURS + '    config: {a: "{{ env.A | default(1) }}"}\n', 4, "{{ env.NAME }} and no other"),
        (OURS + "    config:\n      a: {{ env.A }}\n", 5, "belongs into quotes"),
        (OURS + '    config:\n      a: "{{ env.UNSET_ONE }}"\n', 5, "UNSET_ONE"),
        ('plugins:\n  - name: D\n    kind: "{{ env.A }}"\n', 3, "only below config"),
        (DENY + "    mode: audit\n", 5, "telemetry provider"),
        (DENY + "    mode: transform\n", 5, "on_error: ignore"),
        ("plugins: [{name: L, kind: plugins.llamaguard.x.LlamaGuardModerationPlugin}]", 1, "deny_list"),
        ("plugins: [{name: C, kind: cpex_rate_limiter.RateLimiterPlugin}]", 1, "pip install cpex-rate-limiter"),
        (DENY + "  - name: D\n    kind: deny_list\n    config: {words: [y]}\n", 5, "the name of another plugin"),
        (DENY.replace("words", "word"), 4, "'words'"),
    ],
)
def test_what_is_wrong_with_a_list_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        gateway_with(tmp_path, text, {"A": "1"})
    where = "config.json" if not line else f"config.yaml:{line}"
    assert any(where in str(problem) and says in str(problem) for problem in caught.value.problems), caught.value


def test_a_setting_that_contradicts_the_configuration_is_an_error(tmp_path: Path) -> None:
    text = DENY + "plugin_settings: {plugin_timeout: 30}\n"
    with pytest.raises(ConfigError, match=r"config\.yaml:5: .*another value than elsewhere"):
        gateway_with(tmp_path, text, plugins={"settings": {"plugin_timeout": 5}})
    gateway_with(tmp_path, text, plugins={"settings": {"plugin_timeout": 30}})


def test_a_list_that_others_could_write_is_refused(tmp_path: Path) -> None:
    gateway_with(tmp_path, DENY)
    (tmp_path / "plugins" / "config.yaml").chmod(0o666)
    with pytest.raises(ConfigError, match="other users can write"):
        load_gateway(tmp_path / "config.json", env={"HOME": str(tmp_path), "MASTER": secrets.token_hex(32)})


def test_a_plugin_that_others_could_write_is_refused(tmp_path: Path) -> None:
    own_plugin(tmp_path)
    (tmp_path / "plugins" / "my_plugin" / "plugin.py").chmod(0o666)
    with pytest.raises(ConfigError, match="other users can write"):
        gateway_with(tmp_path, ENTRY)


def test_a_plugin_for_another_gateway_is_told_the_name_of_this_framework(tmp_path: Path) -> None:
    own_plugin(tmp_path, OWN.replace("secure_gateway.", "mcpgateway."))
    with pytest.raises(ConfigError, match=r"from secure_gateway\.plugins\.framework import"):
        gateway_with(tmp_path, ENTRY)


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ("available_hooks: [tool_post_invoke]\n", "hooks that its manifest names"),
        ("descripton: x\n", 'Did you mean "description"?'),
        ('default_config: {a: "{{ env.A }}"}\n', "only below config"),
    ],
)
def test_what_contradicts_a_manifest_or_is_wrong_with_it_is_named(tmp_path: Path, manifest: str, says: str) -> None:
    own_plugin(tmp_path, manifest=manifest)
    with pytest.raises(ConfigError) as caught:
        gateway_with(tmp_path, ENTRY + "    hooks: [tool_pre_invoke]\n")
    assert says in str(caught.value)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: .*no such file"):
        gateway_with(tmp_path, DENY, include=["none.yaml"])
