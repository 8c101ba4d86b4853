"""The README's commands and code work typed as they stand there, in an empty home."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from secure_gateway import PolicyDenied, load_gateway
from secure_gateway.integrations.asgi import SecureGatewayMiddleware
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = Path(sys.executable).parent
LONGEST = 10


def block(language: str, containing: str) -> str:
    (found,) = [text for kind, text in BLOCKS if kind == language and containing in text]
    return found


def shell(text: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"HOME": str(home), "PATH": f"{COMMANDS}:{os.environ['PATH']}", **more}
    return subprocess.run(["sh", "-ec", text], env=env, cwd=home, input="", capture_output=True, text=True, check=False)


def test_the_first_two_commands_are_the_demo_and_the_tests() -> None:
    first = BLOCKS[0][1].split("\n")
    assert [line.split("#")[0].strip() for line in first if line] == ["make demo", "make test"]


def test_each_path_is_under_ten_lines() -> None:
    assert all(len(text.splitlines()) < LONGEST for _, text in BLOCKS)


def test_a_newcomer_gets_a_key_and_a_configuration_that_checks(tmp_path: Path) -> None:
    commands = [line for line in block("sh", "secure-gateway init").splitlines() if not line.startswith("pip ")]
    done = shell("\n".join(commands), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sgw_" in done.stdout


def test_the_json_of_the_readme_loads(tmp_path: Path) -> None:
    assert shell("secure-gateway init", tmp_path).returncode == 0
    path = tmp_path / ".gateway" / "config.json"
    path.write_text(block("json", '"plugins"'), encoding="utf-8")
    gateway = load_gateway(env={"HOME": str(tmp_path)})
    assert json.loads(path.read_text())["roles"]
    assert "Gateway(" in repr(gateway)
    gateway.close_sync()


@pytest.mark.parametrize(
    "text", [text for kind, text in BLOCKS if kind == "python"], ids=lambda text: text.split("\n")[0]
)
def test_the_python_of_the_readme_runs(text: str, tmp_path: Path) -> None:
    assert shell("secure-gateway init", tmp_path).returncode == 0
    script = tmp_path / "script.py"
    script.write_text(text, encoding="utf-8")
    done = shell(f"{sys.executable} {script}", tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_plugin_of_the_readme_refuses_what_it_says(tmp_path: Path) -> None:
    assert shell("secure-gateway init", tmp_path).returncode == 0
    home = tmp_path / ".gateway"
    (home / "plugins").mkdir(mode=0o700)
    (home / "plugins" / "tables.py").write_text(block("python", "Plugin"), encoding="utf-8")
    config = json.loads((home / "config.json").read_text())
    (named,) = re.findall(r'`"hooks": (\[\{.*?\}\])`', README)
    config["plugins"]["hooks"] = json.loads(named)
    (home / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (key,) = re.findall(r"sgw_\w+", shell("secure-gateway keys create --user ann --role everything", tmp_path).stdout)
    gateway = load_gateway(env={"HOME": str(tmp_path)})
    try:
        assert gateway.call_sync("sql", {"query": "select 1"}, lambda _: "one", credentials=key) == "one"
        with pytest.raises(PolicyDenied, match="drops a table"):
            gateway.call_sync("sql", {"query": "drop table users"}, lambda _: "gone", credentials=key)
    finally:
        gateway.close_sync()


def test_a_protected_function_of_the_readme_is_called_as_the_readme_says(tmp_path: Path) -> None:
    (key,) = re.findall(r"sgw_\w+", shell("secure-gateway init", tmp_path).stdout)
    (line,) = re.findall(r"`(with acting_as\(key\): .*?)`", README)
    called = f"from secure_gateway import acting_as\nimport asyncio\nkey = {key!r}\n\nasync def main():\n    {line}\n"
    script = tmp_path / "script.py"
    script.write_text(f"{block('python', 'gateway.protect')}\n{called}\nasyncio.run(main())\n", encoding="utf-8")
    done = shell(f"{sys.executable} {script}", tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_middleware_is_where_the_readme_says() -> None:
    assert "`secure_gateway.integrations.asgi`" in README
    assert SecureGatewayMiddleware.__name__ in README


def test_there_are_as_many_hook_points_as_the_readme_says() -> None:
    assert f"at {len(HOOK_POINTS)} points" in README
