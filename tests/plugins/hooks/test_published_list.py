"""ContextForge's own list of plugins loads here: what has a counterpart acts, what is off is left out, what is on is refused exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_gateway import ConfigError, PolicyDenied
from secure_gateway.config.context_forge import INSTEAD, MODE_REFUSALS, ON_ERROR_REFUSAL, instead_of
from tests.plugins.hooks.published import KINDS, published
from tests.plugins.hooks.test_plugin_list import DENY, gateway_with


async def test_the_list_loads_and_its_plugins_with_a_counterpart_act(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway_with(tmp_path, published()) as gateway:
        assert await gateway.call("t", {"a": "foo"}, lambda args: args["a"]) == "bar"
        with pytest.raises(PolicyDenied):
            await gateway.call("test_prompt", {"a": "bluebird"}, lambda a: a, operation="prompt")
        assert await gateway.call("other_prompt", {"a": "bluebird"}, lambda a: a, operation="prompt")
        with pytest.raises(PolicyDenied):
            await gateway.call("http://bad.example.com/x", {}, lambda a: a, operation="resource")
    for folder in KINDS.values():
        assert f"the plugin {folder} is disabled and has no counterpart here; it is left out" in caplog.text
    assert "RateLimiterPlugin is disabled and its package is not installed; it is left out" in caplog.text
    assert "include_user_info has no meaning here" in caplog.text


async def test_with_everything_off_the_list_loads_and_nothing_acts(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, published("disabled")) as gateway:
        assert await gateway.call("t", {"a": "foo"}, lambda args: args["a"]) == "foo"


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_on_and_has_no_counterpart_is_refused_with_what_to_use_instead(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        gateway_with(tmp_path, DENY + f"  - name: X\n    kind: {kind}\n")
    (problem,) = caught.value.problems
    assert problem.path == "$.plugins[1].kind"
    assert problem.line == 6
    assert problem.hint == INSTEAD[KINDS[kind]] == instead_of(kind)


def test_of_the_whole_list_only_what_is_on_is_refused(tmp_path: Path) -> None:
    on = "plugins.json_repair.json_repair.JSONRepairPlugin"
    with pytest.raises(ConfigError) as caught:
        gateway_with(tmp_path, published(on=on))
    (problem,) = caught.value.problems
    assert problem.hint == INSTEAD["json_repair"]


@pytest.mark.parametrize(
    ("mode", "denied"),
    [
        ("enforce, on_error: fail", True),
        ("enforce, on_error: ignore", True),
        ("enforce_ignore_error, on_error: ignore", True),
        ("permissive, on_error: ignore", False),
        ("disabled, on_error: disable", False),
    ],
)
async def test_on_error_beside_our_own_modes_means_what_it_says(tmp_path: Path, mode: str, denied: bool) -> None:
    text = f"plugins: [{{name: D, kind: deny_list, config: {{words: [blue]}}, mode: {mode}}}]"
    async with gateway_with(tmp_path, text) as gateway:
        if not denied:
            assert await gateway.call("t", {"text": "blue"}, lambda _a: 1) == 1
            return
        with pytest.raises(PolicyDenied):
            await gateway.call("t", {"text": "blue"}, lambda _a: 1)


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("enforce\n    on_error: disable", ON_ERROR_REFUSAL),
        ("permissive\n    on_error: fail", ON_ERROR_REFUSAL),
        ("enforce_ignore_error\n    on_error: fail", ON_ERROR_REFUSAL),
        ("enforce\n    on_error: 5", ON_ERROR_REFUSAL),
        *((word, reason) for word, reason in MODE_REFUSALS.items() if word != "sequential"),
        ("sequential\n    on_error: disable", MODE_REFUSALS["sequential"]),
    ],
)
def test_a_mode_that_means_nothing_here_is_refused_with_the_reason(tmp_path: Path, mode: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        gateway_with(tmp_path, DENY + f"    mode: {mode}\n")
    assert any(problem.hint == says and problem.line == 5 for problem in caught.value.problems), caught.value


def test_on_error_alone_is_that_of_the_default_mode(tmp_path: Path) -> None:
    gateway_with(tmp_path, DENY + "    on_error: ignore\n")
    with pytest.raises(ConfigError):
        gateway_with(tmp_path, DENY + "    on_error: disable\n")
