"""What a newcomer gets wrong is answered with what to do next, and never with a fault of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secure_gateway import load_gateway
from secure_gateway.cli.exit_codes import ExitCode
from tests.cli.conftest import Invoke, Run, Started

_NOTES_ITS_IMPORT = "with open({log!r}, 'a') as log:\n    log.write('imported\\n')\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("audit", "verify", "nothere"), ExitCode.REFUSED, ["nothere: no such file", "without FILE"]),
        (("policy", "test", "nothere"), ExitCode.FAILED, ["nothere cannot be read", "YAML file of cases"]),
        (("plugin", "serve", "nope.json"), ExitCode.CONFIGURATION, ["nope.json: there is no such", "external-plugins"]),
        (
            ("plugin", "serve", "nope.yaml"),
            ExitCode.CONFIGURATION,
            ["nope.yaml: there is no such", "a list of plugins"],
        ),
        (("hooks", "set-mode", "pii", "permisive"), ExitCode.USAGE, ['Did you mean "permissive"?']),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_name_of_something_that_is_not_there_is_answered_with_what_is_expected(
    invoke: Invoke, started: Started, arguments: tuple[str, ...], code: ExitCode, says: list[str]
) -> None:
    done = invoke(*arguments)
    assert done.exit_code == code, done.output
    for each in says:
        assert each in done.output


def test_a_missing_list_of_plugins_is_named_with_its_place_in_the_configuration(
    invoke: Invoke, started: Started
) -> None:
    started.edit(lambda config: config.update(include=["plugins/none.yaml"]))
    done = invoke("check", "--offline")
    assert done.exit_code == ExitCode.CONFIGURATION
    line = 1 + started.config.read_text().split("plugins/none.yaml")[0].count("\n")
    assert f"{started.folder}/plugins/none.yaml: $: found no such file; expected a list of plugins" in done.stderr
    assert f"named in {started.config}:{line}: $.include[0]" in done.stderr
    assert "take its name out" in done.stderr


def test_a_missing_master_key_is_not_to_be_replaced_lightly(invoke: Invoke, started: Started) -> None:
    key = started.folder / "master.key"
    key.unlink()
    done = invoke("check", "--offline")
    assert done.exit_code == ExitCode.CONFIGURATION
    assert f"{key}: $: found no such file; expected the master key" in done.stderr
    assert "Put it back from a copy" in done.stderr
    (command,) = [part.split(")")[0] for part in done.stderr.split("(") if part.startswith("umask")]
    assert command == f"umask 077; openssl rand -hex 32 > {key}"


def test_a_configuration_in_yaml_is_told_that_it_has_to_be_json(invoke: Invoke, started: Started) -> None:
    yaml = started.folder / "config.yaml"
    yaml.write_text("plugins:\n  hooks: []\n")
    yaml.chmod(0o600)
    for arguments in (("--config", str(yaml)), ()):
        done = invoke("check", "--offline", *arguments)
        assert done.exit_code == ExitCode.CONFIGURATION
        assert "The configuration is JSON; only lists of plugins may be YAML" in done.stderr
        assert "config.yaml" in done.stderr
        started.config.unlink(missing_ok=True)  # the second time, the YAML is all that there is


def test_a_configuration_that_is_given_as_a_value_is_told_to_become_a_file() -> None:
    with pytest.raises(TypeError, match=r"path of a configuration file, not a dict: write the configuration as JSON"):
        load_gateway({"plugins": {}})  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ["", "import no_such_module\n"], ids=["that works", "that fails"])
def test_a_module_of_the_plugins_folder_is_imported_once(
    run: Run, started: Started, tmp_path: Path, ending: str
) -> None:
    log = tmp_path / "imports"
    folder = started.folder / "plugins"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "noting.py").write_text(_NOTES_ITS_IMPORT.format(log=str(log)) + ending)
    done = run("check", "--offline", "--json")
    assert json.loads(done.stdout)["ok"] is not bool(ending)
    assert log.read_text() == "imported\n"
