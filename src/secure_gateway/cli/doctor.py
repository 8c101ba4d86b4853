"""``secure-gateway doctor``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click
import msgspec

from secure_gateway.cli.diagnosis import Diagnosis, diagnose
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.tables import print_json, print_table
from secure_gateway.native import chosen


@click.command(cls=GatewayCommand)
@click.pass_obj
def doctor(session: Session) -> None:
    """Report what runs here: versions, the scanner and its speed, extras.

    Says which implementation of the scanner is in use and why, measures on the spot how fast it scans, and whether there is a configuration that can be
    read; `secure-gateway check` looks at the rest of that. Starts nothing and changes nothing.
    Exit code 0, whatever the report says; 3 where SECURE_GATEWAY_SCANNER asks for what cannot be had.
    """
    found = diagnose(session, chosen())
    if session.json:
        print_json(msgspec.to_builtins(found))
    else:
        print_table(("what", "found"), _rows(found))


def _rows(found: Diagnosis) -> Iterator[tuple[str, str]]:
    yield "secure-gateway", found.version
    yield "Python", f"{found.python} on {found.system}, {found.machine}"
    yield "scanner", f"{found.scanner} ({found.reason}), {found.detectors} detectors"
    yield "CPU features", "unknown" if found.cpu_features is None else ", ".join(found.cpu_features) or "none"
    for each in found.throughput:
        yield f"scanning {each.what}", f"{each.mb_per_s} MB/s"
    configuration = found.configuration
    yield "configuration", f"{configuration.status}: {configuration.path or 'no place'}: {configuration.detail}"
    for name, packages in found.extras.items():
        yield f"extra [{name}]", _shown_extra(name, packages)


def _shown_extra(name: str, packages: Mapping[str, str | None]) -> str:
    there = [f"{package} {version}" for package, version in packages.items() if version is not None]
    missing = [package for package, version in packages.items() if version is None]
    if missing:
        there.append(f"not installed: {', '.join(missing)} (pip install 'secure-gateway[{name}]')")
    return "; ".join(there)
