"""Write the software bill of materials of what users install, sbom.cdx.json, from requirements.lock.

The same lock gives the same file, byte for byte: no time, no machine, no registry host. Run it with `make sbom`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
BOM = ROOT / "sbom.cdx.json"

_PIN = re.compile(r"^([a-z0-9][a-z0-9-]*)(?:\[[^\]]*\])?==")
_VIA = re.compile(r"^    # (?:via)?\s+(.+?)$")
_EXTRA = re.compile(r"\[.*\]| \(.*\)$")


def main() -> None:
    """Write the file, or say what the standard's schema has against it."""
    bom = _generate()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    root = bom["metadata"]["component"]
    root["bom-ref"] = root["purl"] = f"pkg:pypi/{project['name']}@{project['version']}"
    refs = {component["name"]: component["purl"] for component in bom["components"]}
    if len(refs) < len(bom["components"]):
        sys.exit(f"{LOCK.name} names a package twice; this script would lose one of the two.")
    bom["components"] = [_without_hosts(component) for component in bom["components"]]
    bom["metadata"]["tools"] = {"components": [_tool(tool) for tool in bom["metadata"]["tools"]["components"]]}
    bom["dependencies"] = _dependencies(LOCK.read_text(), {project["name"]: root["purl"], **refs})
    text = json.dumps(bom, indent=2, sort_keys=True) + "\n"
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"The bill of materials does not keep to its schema: {error}")
    BOM.write_text(text)


def _generate() -> dict[str, Any]:
    """Have cyclonedx-py read the lock."""
    tool = Path(sys.executable).with_name("cyclonedx-py")
    arguments = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library", "--output-reproducible"]
    done = subprocess.run(
        [str(tool), "requirements", *arguments, "--sv", "1.6", "--of", "JSON", str(LOCK)],
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        sys.exit(f"cyclonedx-py failed:\n{done.stderr}")
    bom: dict[str, Any] = json.loads(done.stdout)
    return bom


def _without_hosts(component: dict[str, Any]) -> dict[str, Any]:
    """Name a component by its package URL, and hang the hashes of its files there."""
    purl = component["purl"]
    hashes = [each for reference in component["externalReferences"] for each in reference.get("hashes", [])]
    files = [{"type": "distribution", "url": purl, "hashes": hashes}]
    kept = {key: component[key] for key in ("name", "version", "type", "purl")}
    return {**kept, "bom-ref": purl, "externalReferences": files}


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    return {key: tool[key] for key in ("name", "version", "type") if key in tool}


def _dependencies(lock: str, refs: dict[str, str]) -> list[dict[str, Any]]:
    """Turn the lock's ``# via`` comments (who asked for it) into the graph (what each asks for)."""
    wants: dict[str, set[str]] = {ref: set() for ref in refs.values()}
    current = ""
    for line in lock.splitlines():
        if pin := _PIN.match(line):
            current = pin[1]
        elif (via := _VIA.match(line)) and current:
            wants[refs[_EXTRA.sub("", via[1])]].add(refs[current])
    return [{"ref": ref, "dependsOn": sorted(asked)} for ref, asked in sorted(wants.items())]


if __name__ == "__main__":
    main()
