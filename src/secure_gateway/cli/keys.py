"""``secure-gateway keys``: API keys, from their making to their end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from secure_gateway.cli.durations import Duration, shown_time
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.opening import opened_services
from secure_gateway.cli.session import GatewayGroup, Session
from secure_gateway.cli.tables import print_json, print_line, print_note, print_table
from secure_gateway.config.faults import did_you_mean
from secure_gateway.config.loader import LoadedConfig
from secure_gateway.pipeline.permissions import KINDS
from secure_gateway.plugins.auth.key_ring import KeyEntry, KeyGrant, KeyRing
from secure_gateway.plugins.services import ProviderServices

_DEFAULT_OVERLAP = "1d"
_OTHER_KEY = "other master key"


@click.group(cls=GatewayGroup)
def keys() -> None:
    """Make, list and end API keys.

    A key is shown once, when it is made; what is kept is a keyed hash. Every change holds at once in every gateway on the same state.
    """


@keys.command("create")
@click.option("--user", required=True, metavar="ID", help="Whom the key stands for.")
@click.option("--role", "roles", metavar="NAME", multiple=True, help="A role of the configuration; may be repeated.")
@click.option(
    "--permission",
    "permissions",
    metavar="KIND:GLOB",
    multiple=True,
    help="A permission beside the roles, such as tools:read_*.",
)
@click.option("--project", metavar="ID", help="Project of the user.")
@click.option("--tenant", metavar="ID", help="Tenant of the user.")
@click.option("--name", default="", metavar="TEXT", help="What the key is for.")
@click.option("--expires", type=Duration(), metavar="DURATION", help="When it ends by itself, such as 30d; else never.")
@click.pass_obj
def create(
    session: Session, /, *, roles: tuple[str, ...], permissions: tuple[str, ...], expires: float | None, **who: str
) -> None:
    """Make a key and show it, this once."""
    with _opened(session) as (loaded, services, ring):
        _check_rights(loaded, roles, permissions)
        grant = KeyGrant(
            user_id=who["user"],
            project_id=who["project"],
            tenant_id=who["tenant"],
            name=who["name"],
            roles=roles,
            permissions=permissions,
            expires_at=None if expires is None else services.clock() + expires,
        )
        entry, key = ring.create(grant)
        _warn_if_unused(loaded)
    _show_key(session, entry, key, services.clock())


@keys.command("list")
@click.pass_obj
def list_keys(session: Session) -> None:
    """List the keys: whom each stands for, what it may use, how long it lives. Never the keys themselves."""
    with _opened(session) as (_, services, ring):
        entries, now = ring.list(), services.clock()
    strange = {entry.key_id for entry in entries if not ring.recognizes(entry)}
    statuses = {entry.key_id: _OTHER_KEY if entry.key_id in strange else _status(entry, now) for entry in entries}
    if session.json:
        print_json([{**_facts(entry, now), "status": statuses[entry.key_id]} for entry in entries])
        return
    print_table(
        ("id", "user", "roles", "name", "made", "ends", "status"),
        (
            (
                entry.key_id,
                entry.grant.user_id,
                ", ".join((*entry.grant.roles, *entry.grant.permissions)),
                entry.grant.name,
                shown_time(entry.created_at),
                shown_time(entry.expires_at),
                statuses[entry.key_id],
            )
            for entry in entries
        ),
        empty="There is no key. `secure-gateway keys create --user ID --role NAME` makes one.",
    )
    if strange:
        print_note(
            f"{len(strange)} of these keys open nothing: they were made under another master key. Put that one back, or revoke them."
        )


@keys.command("disable")
@click.argument("key_id")
@click.pass_obj
def disable(session: Session, *, key_id: str) -> None:
    """Refuse a key until it is enabled again."""
    with _opened(session) as (_, services, ring):
        _show_entry(session, ring.disable(key_id), services.clock())


@keys.command("enable")
@click.argument("key_id")
@click.pass_obj
def enable(session: Session, *, key_id: str) -> None:
    """Accept a disabled key again."""
    with _opened(session) as (_, services, ring):
        _show_entry(session, ring.enable(key_id), services.clock())


@keys.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap",
    type=Duration(),
    default=_DEFAULT_OVERLAP,
    show_default=True,
    metavar="DURATION",
    help="How long the old key goes on working.",
)
@click.pass_obj
def rotate(session: Session, *, key_id: str, overlap: float) -> None:
    """Make a new key with the same rights, and let the old one end."""
    with _opened(session) as (_, services, ring):
        entry, key = ring.rotate(key_id, overlap=overlap)
        until = ring.get(key_id).expires_at
    _show_key(session, entry, key, services.clock(), replaces=key_id)
    if not session.json:
        print_line(f"The old key, {key_id}, works until {shown_time(until)}.")


@keys.command("revoke")
@click.argument("key_id")
@click.pass_obj
def revoke(session: Session, *, key_id: str) -> None:
    """End a key for good and forget it."""
    with _opened(session) as (_, _services, ring):
        ring.revoke(key_id)
    if session.json:
        print_json({"revoked": key_id})
    else:
        print_line(f"Key {key_id} is revoked.")


@contextmanager
def _opened(session: Session) -> Iterator[tuple[LoadedConfig, ProviderServices, KeyRing]]:
    with opened_services(session) as (loaded, services):
        if loaded.config.state.url == "memory:":
            raise CommandError(
                "The configuration keeps its state in memory, where no other process sees it and keys end with the process. "
                'Give it a file: "state": {"url": "sqlite:///./state.db"}.'
            )
        yield loaded, services, KeyRing(services)


def _check_rights(loaded: LoadedConfig, roles: tuple[str, ...], permissions: tuple[str, ...]) -> None:
    defined = loaded.config.roles
    for role in roles:
        if role not in defined:
            raise CommandError(
                f"There is no role {role!r} in {loaded.path}; there are: {', '.join(defined) or 'none'}. {did_you_mean(role, defined)}".rstrip()
            )
    for permission in permissions:
        kind, colon, glob = permission.partition(":")
        if not colon or not glob or kind not in KINDS.values():
            raise click.UsageError(f"--permission takes KIND:GLOB, with {', '.join(KINDS.values())} as KIND.")
    if not roles and not permissions:
        raise click.UsageError(
            f"A key without --role or --permission could do nothing. The configuration has the roles: {', '.join(defined) or 'none'}."
        )


def _warn_if_unused(loaded: LoadedConfig) -> None:
    slot = loaded.config.plugins.auth
    names = [] if slot is None else [entry.label for _, entry in slot.entries("$")]
    if "api_key" not in names:
        print_note('Warning: the provider "api_key" is not among plugins.auth, so no key opens anything.')


def _show_key(session: Session, entry: KeyEntry, key: str, now: float, *, replaces: str = "") -> None:
    if session.json:
        print_json({**_facts(entry, now), "key": key, **({"replaces": replaces} if replaces else {})})
        return
    rights = ", ".join((*entry.grant.roles, *entry.grant.permissions))
    print_line(
        f"Key {entry.key_id} for {entry.grant.user_id} ({rights}) ends: {shown_time(entry.expires_at)}. It is shown this once:"
    )
    print_line()
    print_line(f"  {key}")
    print_line()


def _show_entry(session: Session, entry: KeyEntry, now: float) -> None:
    if session.json:
        print_json(_facts(entry, now))
    else:
        print_line(f"Key {entry.key_id} of {entry.grant.user_id} is {_status(entry, now)}.")


def _status(entry: KeyEntry, now: float) -> str:
    if entry.disabled:
        return "disabled"
    if entry.expires_at is not None and entry.expires_at <= now:
        return "expired"
    return "rotated" if entry.rotated else "active"


def _facts(entry: KeyEntry, now: float) -> dict[str, Any]:
    grant = entry.grant
    return {
        "key_id": entry.key_id,
        "user_id": grant.user_id,
        "project_id": grant.project_id,
        "tenant_id": grant.tenant_id,
        "roles": list(grant.roles),
        "permissions": list(grant.permissions),
        "name": grant.name,
        "created_at": entry.created_at,
        "expires_at": entry.expires_at,
        "status": _status(entry, now),
    }
