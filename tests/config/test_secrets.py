"""A secret reference becomes its secret late, in documented places only, and shows itself nowhere."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.config.loader import LoadedConfig
from secure_gateway.config.resolution import resolve_config
from secure_gateway.config.secrets import Secret, SecretResolver
from secure_gateway.errors import ConfigError, SecretError

SECRET = "hunter2-hunter2"
Loaded = Callable[[dict[str, Any]], LoadedConfig]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


def _resolver(
    env: dict[str, str] | None = None, folder: Path | None = None, **schemes: Callable[[str], str]
) -> SecretResolver:
    return SecretResolver(env or {"KEY": SECRET, "EMPTY": ""}, schemes, folder=folder)


def test_a_secret_shows_itself_only_when_it_is_asked_to() -> None:
    secret = Secret(SECRET)
    assert secret.reveal() == SECRET
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret:>40}",
        f"{secret!r}",
        str.format("{}", secret),
        repr([secret]),
        repr({"a": secret}),
    ]
    assert SECRET not in " ".join(shown)
    assert not hasattr(secret, "__dict__")


def test_a_secret_cannot_be_pickled_or_serialised_and_copies_to_itself() -> None:
    secret = Secret(SECRET)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert copy.deepcopy([secret])[0] is secret
    assert copy.copy(secret) is secret


def test_secrets_compare_by_what_they_hold_and_only_with_each_other() -> None:
    assert Secret("ä") == Secret("ä")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    with pytest.raises(TypeError):
        hash(Secret("a"))


def test_a_variable_is_read_from_the_given_environment() -> None:
    assert _resolver().resolve("env://KEY").reveal() == SECRET


def test_a_file_is_read_from_an_absolute_a_relative_and_a_home_path(key_file: Path) -> None:
    resolver = _resolver({"HOME": str(key_file.parent)}, folder=key_file.parent)
    for reference in (f"file://{key_file}", "file://key", "file://./key", "file://~/key"):
        assert resolver.resolve(reference).reveal() == SECRET


@pytest.mark.parametrize(
    ("content", "secret"), [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("a", "a")]
)
def test_exactly_one_line_end_is_taken_off(key_file: Path, content: str, secret: str) -> None:
    key_file.write_bytes(content.encode())
    assert _resolver().resolve(f"file://{key_file}").reveal() == secret


def test_a_rotated_file_is_read_anew(key_file: Path) -> None:
    resolver = _resolver()
    resolver.resolve(f"file://{key_file}")
    key_file.write_text("rotated")
    assert resolver.resolve(f"file://{key_file}").reveal() == "rotated"


def test_a_literal_is_what_follows_its_scheme() -> None:
    assert _resolver().resolve("literal://env://KEY").reveal() == "env://KEY"


def test_a_scheme_of_another_package_gets_what_follows_it() -> None:
    assert _resolver(vault=lambda rest: f"from {rest}").resolve("vault://a/b#c").reveal() == "from a/b#c"


def _raise(_: str) -> str:
    raise ValueError(SECRET)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env://MISSING", "no environment variable MISSING"),
        ("env://EMPTY", "an empty secret"),
        ("env://", "malformed variable name"),
        ("env://A B", "malformed variable name"),
        ("file://", "no path"),
        ("file://nul\0byte", "no path"),
        ("file:///does/not/exist", "no such file at /does/not/exist"),
        ("file://relative", "a relative path"),
        ("literal://", "an empty secret"),
        (SECRET, "a plain value"),
        ("", "a plain value"),
        (f"ENV://{SECRET}", "a plain value"),
        (
            f"nowhere://{SECRET}",
            "the unknown scheme nowhere://; expected env://… or file://… or bad://… or none://… or raises://…",
        ),
        (f"https://{SECRET}@host", "the unknown scheme https://"),
        (f"raises://{SECRET}", "ValueError from the scheme raises://"),
        ("bad://x", "NoneType from the scheme bad://"),
        ("none://x", "an empty secret"),
    ],
)
def test_what_cannot_be_resolved_is_refused_without_repeating_it(reference: str, message: str) -> None:
    bad: Any = lambda _: None  # noqa: E731
    with pytest.raises(SecretError) as caught:
        _resolver(raises=_raise, bad=bad, none=lambda _: "").resolve(reference)
    assert message in str(caught.value)
    assert caught.value.__cause__ is None
    assert SECRET not in str(caught.value) or reference.startswith("raises://")


def test_a_key_file_that_others_can_read_or_write_is_refused(key_file: Path) -> None:
    for mode, remedy in ((0o644, "chmod 600"), (0o660, "chmod go-w")):
        key_file.chmod(mode)
        with pytest.raises(SecretError, match=remedy):
            _resolver().resolve(f"file://{key_file}")


def test_a_key_file_that_is_no_text_or_too_large_is_refused(key_file: Path) -> None:
    key_file.write_bytes(b"\xff\xfe")
    with pytest.raises(SecretError, match="no UTF-8"):
        _resolver().resolve(f"file://{key_file}")
    key_file.write_bytes(b"x" * (64 * 1024 + 1))
    with pytest.raises(SecretError, match="more than"):
        _resolver().resolve(f"file://{key_file}")


@pytest.mark.parametrize("scheme", ["env", "file", "literal", "https"])
def test_no_package_can_take_over_a_scheme_that_has_a_meaning(scheme: str) -> None:
    with pytest.raises(SecretError, match="reserved"):
        SecretResolver({}, {scheme: str}).resolve("other://x")


def test_references_are_found_by_their_known_schemes_with_their_paths() -> None:
    tree = {
        "a": "env://KEY",
        "b": [{"c d": "vault://x"}],
        "c": "https://host",
        "d": "see env://KEY",
        "e": "literal://env://KEY",
        "f": "other://x",
    }
    found = list(_resolver(vault=str).find_references(tree, "$.plugins.auth.config"))
    assert found == [("$.plugins.auth.config.a", "env://KEY"), ("$.plugins.auth.config.b[0]['c d']", "vault://x")]


def test_a_tree_is_copied_with_its_secrets_in_place() -> None:
    tree = {
        "key": "env://KEY",
        "list": ["env://KEY", 1, None],
        "url": "https://host/",
        "text": "literal://env://KEY",
        "at": "see env://KEY",
    }
    before = copy.deepcopy(tree)
    resolved = _resolver().resolve_tree(tree)
    assert resolved == {
        "key": SECRET,
        "list": [SECRET, 1, None],
        "url": "https://host/",
        "text": "env://KEY",
        "at": "see env://KEY",
    }
    assert tree == before
    assert resolved["list"] is not tree["list"]


def test_every_reference_that_fails_is_named_with_its_path() -> None:
    tree = {"a": "env://NO", "b": [{"c": "env://EMPTY"}], "d": "env://KEY"}
    with pytest.raises(ConfigError) as caught:
        _resolver().resolve_tree(tree, "$.plugins.auth.config")
    assert [problem.path for problem in caught.value.problems] == [
        "$.plugins.auth.config.a",
        "$.plugins.auth.config.b[0].c",
    ]


def test_an_unknown_scheme_under_a_key_that_names_a_secret_is_never_taken_as_the_secret() -> None:
    with pytest.raises(ConfigError, match="unknown scheme vault://"):
        _resolver().resolve_tree({"signing_key": "vault://jwt"})
    with pytest.raises(ConfigError, match="unknown scheme vault://"):
        _resolver().resolve_tree({"api_keys": ["vault://jwt"]})
    addresses = {"token_url": "https://id.example/token", "key_server": "ldaps://x", "DATABASE": "mongodb://host"}
    assert _resolver().resolve_tree(addresses, "$.servers.a.env") == addresses


def test_the_loaded_configuration_resolves_where_documented_and_names_failures_by_line(loaded: Loaded) -> None:
    config = {
        "plugins": {
            "auth": {"provider": "jwt", "config": {"secret": "env://KEY"}},
            "guardrails": {
                "providers": [{"provider": "pii"}, {"provider": "x", "config": {"token": "env://KEY", "keep": None}}]
            },
            "hooks": [{"name": "h", "kind": "k", "priority": None, "config": {"a": "env://KEY"}}],
        },
        "servers": {
            "my-files": {"url": "https://x", "headers": {"Authorization": "env://KEY"}},
            "b": {"command": "x", "env": {"A": "env://KEY"}},
        },
        "roles": {"r": {"resources": ["file:///data/*"]}},
        "master_key": "env://KEY",
    }
    values = resolve_config(loaded(config), _resolver())
    expected = json.loads(json.dumps(config).replace("env://KEY", SECRET))
    expected["plugins"]["hooks"][0]["priority"] = 100
    assert values == {**expected, "master_key": "env://KEY"}
    with pytest.raises(ConfigError) as caught:
        resolve_config(loaded(config), _resolver({"OTHER": "x"}))
    assert len(caught.value.problems) == 5
    assert all(problem.line > 0 and problem.file for problem in caught.value.problems)


def test_an_installed_package_supplies_a_scheme_through_its_entry_point(tmp_path: Path) -> None:
    metadata = tmp_path / "acme_vault-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-vault\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[secure_gateway.secrets]\nacme = acme_vault:fetch\n")
    (tmp_path / "acme_vault.py").write_text("def fetch(rest):\n    return 'secret of ' + rest\n")
    program = (
        "from secure_gateway.config.secrets import SecretResolver\n"
        "resolver = SecretResolver({})\n"
        "print(resolver.schemes, resolver.resolve('acme://db').reveal(), list(resolver.find_references({'a': 'acme://x'})))\n"
    )
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": paths}, check=True
    )
    assert run.stdout.strip() == "('env', 'file', 'acme') secret of db [('$.a', 'acme://x')]"


def test_two_packages_that_supply_one_scheme_are_a_mistake(tmp_path: Path) -> None:
    for name in ("one", "two"):
        metadata = tmp_path / f"acme_{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[secure_gateway.secrets]\nacme = acme_{name}:fetch\n")
    program = "from secure_gateway.config.secrets import SecretResolver; SecretResolver({}).resolve('acme://db')"
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": paths}, check=False
    )
    assert "two installed packages supply the secret scheme acme://" in run.stderr


def test_resolving_secrets_loads_no_pydantic() -> None:
    program = "import sys, secure_gateway.config.secrets; print('pydantic' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    assert run.stdout.strip() == "False"
