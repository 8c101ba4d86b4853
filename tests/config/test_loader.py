"""A configuration comes from one file, chosen plainly; what is wrong with it is said at once, in its lines, without its secrets."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_gateway.config.loader import MAX_CONFIG_BYTES, LoadedConfig, config_path, load_config
from secure_gateway.errors import ConfigError, Problem

Loaded = Callable[[str | bytes | dict[str, Any]], LoadedConfig]
Refused = Callable[[str | bytes | dict[str, Any]], tuple[Problem, ...]]
Written = Callable[[str | bytes | dict[str, Any]], Path]

TEN_MISTAKES = """{
  "plugins": {
    "auth": {"provder": "jwt"},
    "guardrails": {"providers": []},
    "hooks": [
      {"name": "Deny", "kind": "deny_list",
       "mode": "enforced"}
    ],
    "settings": {"plugin_timeout": 5000,
                 "fail_on_plugin_error": "no"}
  },
  "servers": {
    "files": {"command": "ls",
              "url": "http://localhost:1"},
    "broken": {}
  },
  "roles": {"analyst": {"tools": "read_*"}},
  "limits": {"max_depth": 0},
  "master_key": "hunter2"
}
"""


def test_ten_mistakes_are_all_named_in_one_run_each_in_its_line(refused: Refused) -> None:
    problems = {problem.path: problem for problem in refused(TEN_MISTAKES)}
    assert {path: problem.line for path, problem in problems.items()} == {
        "$.plugins.auth.provder": 3,
        "$.plugins.guardrails.providers": 4,
        "$.plugins.hooks[0].mode": 7,
        "$.plugins.settings.plugin_timeout": 9,
        "$.plugins.settings.fail_on_plugin_error": 10,
        "$.servers.files.url": 14,
        "$.servers.broken": 15,
        "$.roles.analyst.tools": 17,
        "$.limits.max_depth": 18,
        "$.master_key": 19,
    }
    assert problems["$.plugins.auth.provder"].hint == 'Did you mean "provider"?'
    assert problems["$.plugins.hooks[0].mode"].hint == 'Did you mean "enforce"?'
    assert problems["$.plugins.settings.plugin_timeout"].hint == "Seconds are meant; did you mean 5?"
    assert problems["$.plugins.hooks[0].mode"].found == 'the string "enforced"'


def test_the_message_of_all_mistakes_speaks_to_people(refused: Refused) -> None:
    text = str(ConfigError(refused(TEN_MISTAKES)))
    assert text.startswith("10 problems in the configuration:")
    for jargon in ("Input should", "pydantic", "validation error", "type=", "input_value", "tuple", "dict", "None"):
        assert jargon not in text


def test_the_smallest_configuration_is_an_empty_object_and_refuses_everybody(loaded: Loaded) -> None:
    config = loaded("{}").config
    assert config.plugins.auth is None
    assert config.anonymous.roles == ()
    assert config.roles == {}
    assert config.unknown_methods == "inspect"
    assert config.plugins.settings.plugin_timeout == 5
    assert config.master_key == "file://~/.gateway/master.key"


def test_the_configuration_of_the_architecture_is_accepted(loaded: Loaded) -> None:
    config = loaded(
        {
            "plugins": {
                "auth": {"provider": "jwt", "config": {"jwks_url": "https://id.example/keys", "audience": "gateway"}},
                "guardrails": {
                    "providers": [{"provider": "pii", "config": {"strategy": "partial"}}, {"provider": "secrets"}]
                },
                "telemetry": {"provider": "opentelemetry", "config": {"endpoint": "http://localhost:4318"}},
                "hooks": [
                    {
                        "name": "Deny",
                        "kind": "deny_list",
                        "hooks": ["tool_pre_invoke"],
                        "mode": "enforce",
                        "priority": None,
                        "conditions": [{"tools": ["send_*"]}],
                        "config": {"words": ["x"]},
                    }
                ],
                "settings": {"plugin_timeout": 5, "fail_on_plugin_error": False},
            },
            "servers": {
                "files": {
                    "command": "run",
                    "args": ["-x"],
                    "tools": {"allow": ["read_*"]},
                    "guardrails": {"input": {}, "output": {}},
                }
            },
            "state": {"url": "sqlite:///~/.gateway/state.db"},
            "include": ["plugins/config.yaml"],
        }
    ).config
    assert config.plugins.guardrails is not None
    entries = config.plugins.guardrails.entries("$.plugins.guardrails")
    assert [(path, entry.label) for path, entry in entries] == [
        ("$.plugins.guardrails.providers[0]", "pii"),
        ("$.plugins.guardrails.providers[1]", "secrets"),
    ]
    assert config.plugins.hooks[0].priority == 100
    assert config.servers["files"].tools.allow == ("read_*",)


def test_the_digest_is_that_of_the_bytes_on_disk(written: Written) -> None:
    path = written('{ "roles": {} }\n')
    loaded_config = load_config(path, {})
    assert loaded_config.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded_config.raw == {"roles": {}}
    assert loaded_config.folder == path.parent


def test_the_argument_wins_over_the_variable_and_the_variable_over_the_default() -> None:
    env = {"HOME": "/home/ada", "SECURE_GATEWAY_CONFIG": "~/other.json"}
    assert config_path(Path("/etc/gateway.json"), env) == Path("/etc/gateway.json")
    assert config_path(None, env) == Path("/home/ada/other.json")
    assert config_path(None, {"HOME": "/home/ada"}) == Path("/home/ada/.gateway/config.json")
    assert config_path(Path("here.json"), env) == Path.cwd() / "here.json"


def test_an_empty_variable_is_a_mistake_and_not_the_default() -> None:
    with pytest.raises(ConfigError, match="empty SECURE_GATEWAY_CONFIG"):
        config_path(None, {"HOME": "/home/ada", "SECURE_GATEWAY_CONFIG": ""})


def test_a_missing_file_is_answered_with_the_command_that_makes_one(tmp_path: Path) -> None:
    for path in (tmp_path / "config.json", tmp_path / "no" / "config.json"):
        with pytest.raises(ConfigError, match="secure-gateway init") as caught:
            load_config(path, {})
        assert str(path) in str(caught.value)


def test_a_path_that_cannot_be_looked_at_is_not_called_missing(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    for path in (tmp_path / "circle", Path("nul\0byte")):
        with pytest.raises(ConfigError, match="cannot be opened"):
            load_config(path, {})


def test_a_configuration_that_others_can_write_is_refused_unread(written: Written) -> None:
    path = written("not even JSON")
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="chmod go-w"):
        load_config(path, {})


def test_a_configuration_that_is_a_folder_or_too_large_is_refused(written: Written, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a regular file"):
        load_config(tmp_path, {})
    with pytest.raises(ConfigError, match="more than"):
        load_config(written(b" " * (MAX_CONFIG_BYTES + 1)), {})


@pytest.mark.parametrize("text", ["[]", "null", '"hunter2"', "1", "true"])
def test_anything_but_an_object_is_refused(refused: Refused, text: str) -> None:
    (problem,) = refused(text)
    assert "an object" in problem.expected
    assert "hunter2" not in str(problem)


def test_a_syntax_error_names_line_and_column(refused: Refused) -> None:
    (problem,) = refused('{\n  "roles": {},\n}')
    assert problem.line == 2
    assert "column 14" in problem.found


def test_duplicates_and_wrong_values_are_named_in_the_same_run(refused: Refused) -> None:
    problems = refused('{"serve": {"port": 1,\n "port": "x"},\n "limits": {"max_depth": NaN},\n "rolls": {}}')
    assert [(problem.path, problem.line) for problem in problems] == [
        ("$.serve.port", 2),
        ("$.limits.max_depth", 3),
        ("$.rolls", 4),
    ]


def test_a_place_that_is_found_later_gets_its_file_and_line(loaded: Loaded) -> None:
    loaded_config = loaded('{\n "plugins": {\n  "auth": {"provider": "x",\n   "config": {}}}}')
    placed = loaded_config.placed(Problem("$.plugins.auth.config.secret", "nothing", "a value"))
    assert (placed.line, placed.file) == (4, str(loaded_config.path))


def test_neither_repr_nor_models_show_what_a_provider_is_built_with(loaded: Loaded) -> None:
    server = {"url": "https://x.example", "headers": {"X-Key": "hunter2"}}
    slot = {"provider": "jwt", "config": {"secret": "hunter2"}}
    hook = {"name": "a", "kind": "b", "config": {"secret": "hunter2"}}
    loaded_config = loaded(
        {
            "plugins": {"auth": slot, "hooks": [hook]},
            "servers": {"x": server, "y": {"command": "z", "env": {"K": "hunter2"}}},
        }
    )
    assert (
        "hunter2" not in f"{loaded_config!r} {loaded_config.config!r} {loaded_config.config} {loaded_config.document!r}"
    )


SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    "config",
    [
        {"master_key": SECRET},
        {"master_key": [SECRET]},
        {"servers": {"a": {"url": f"https://u:{SECRET}@host/"}}},
        {"servers": {"a": {"url": f"ftp://{SECRET}"}}},
        {"servers": {"a": {"url": "http://x", "headers": {"Authorization": [SECRET]}}}},
        {"servers": {"a": {"url": "http://x", "headers": {"X": SECRET + "\n"}}}},
        {"servers": {"a": {"url": "http://x", "headers": SECRET}}},
        {"servers": {"a": {"command": "x", "env": SECRET}}},
        {"servers": {"a": {"command": "x", "env": {"A": SECRET + "\0"}}}},
        {"servers": {"a": {"command": "x", "api_key": SECRET}}},
        {"plugins": {"auth": {"provider": "jwt", "config": SECRET}}},
        {"plugins": {"auth": {"provider": "jwt", "secret": SECRET}}},
        {"serve": {"tls": {"cert": "x", "key": {SECRET: 1}}}},
        {"state": {"url": f"postgresql://gateway:{SECRET}@db"}},
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(refused: Refused, config: dict[str, Any]) -> None:
    assert SECRET not in str(ConfigError(refused(config)))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FULL: dict[str, Any] = {
    "plugins": {
        "auth": {"provider": "a", "config": {}},
        "guardrails": {"providers": [{"provider": "b", "class": "m:C"}]},
        "hooks": [
            {
                "name": "h",
                "kind": "external",
                "mode": "enforce",
                "priority": 5,
                "timeout": 1,
                "hooks": ["x"],
                "conditions": [{"tools": ["a"]}],
                "mcp": {"proto": "STDIO", "script": "x", "env": {"A": "b"}},
            }
        ],
        "settings": {"plugin_timeout": 5, "fail_on_plugin_error": True},
    },
    "servers": {
        "a": {
            "url": "https://x.example/mcp",
            "headers": {"A": "b"},
            "forward_headers": ["X-A"],
            "tools": {"deny": ["x"]},
            "timeout": 2,
        }
    },
    "roles": {"r": {"tools": ["*"]}},
    "anonymous": {"roles": ["r"]},
    "unknown_methods": "refuse",
    "limits": {"max_depth": 5, "max_payload_bytes": 2000},
    "serve": {"port": 1, "tls": {"cert": "c", "key": "k"}, "allowed_hosts": ["a:1"], "allowed_origins": ["https://a"]},
    "state": {"url": "memory:"},
    "master_key": "env://K",
    "include": ["x"],
}


def _containers(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ([value] if isinstance(value, (dict, list)) else []) + [each for item in inner for each in _containers(item)]


def test_the_configuration_that_is_damaged_below_is_good_by_itself(loaded: Loaded) -> None:
    loaded(_FULL)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(data=st.data(), value=_JSON)
def test_whatever_stands_anywhere_is_accepted_or_refused_in_our_own_words(
    written: Written, data: st.DataObject, value: Any
) -> None:
    config = copy.deepcopy(_FULL)
    container = data.draw(st.sampled_from(_containers(config)))
    if isinstance(container, dict):
        container[data.draw(st.sampled_from([*container, "new"]))] = value
    else:
        container[:] = [value]
    path = written(json.dumps(config))
    try:
        load_config(path, {})
    except ConfigError as error:
        for problem in error.problems:
            assert problem.line > 0
            assert problem.found
            assert problem.expected
            assert problem.expected != "a value of another form"
            assert len(str(problem)) < 1000
