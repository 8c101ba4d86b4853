"""Lines that look like credentials and are not."""

from __future__ import annotations

import base64
import random
import uuid
from typing import Any, Final

from tests.corpora.generators import benign
from tests.corpora.generators.secret_formats import FORMATS, draw


def _name(rng: random.Random) -> str:
    return rng.choice(rng.choice(FORMATS).names)


def placeholder(rng: random.Random) -> Any:
    """Return what documentation puts where a credential goes."""
    name = _name(rng)
    value = rng.choice(
        [
            "YOUR_API_KEY",
            "your-token-here",
            "<token>",
            "xxxxxxxxxxxxxxxxxxxx",
            "changeme",
            "REPLACE_ME",
            "...",
            "********",
            "[REDACTED]",
            "<your key>",
            "TODO",
            "insert_key_here",
            "sk-xxxxxxxxxxxxxxxx",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ]
    )
    return rng.choice(
        [
            f"{name}={value}",
            {"env": {name: value}},
            f"export {name}='{value}'  # step {rng.randint(1, 9)}",
            f"{name}: {value}",
        ]
    )


def reference(rng: random.Random) -> Any:
    """Return references to secrets that stand elsewhere."""
    name = _name(rng)
    return rng.choice(
        [
            f'{name} = os.environ["{name}"]',
            f"{name}=${{{name}}}",
            f"{name}: ${{{{ secrets.{name} }}}}",
            {"config": {name: f"env://{name}"}},
            f"password: {{{{ vault_{name.lower()} }}}}",
            f"const token = process.env.{name};",
            f"{name}: file:///run/secrets/{name.lower()}",
            f"valueFrom:\n  secretKeyRef:\n    name: {name.lower().replace('_', '-')}\n    key: token",
            f"op://vault/{name}/credential",
            f'api_key = settings.get("{name}")',
            f"password = getpass('{name}: ')",
            f"auth_token: str | None = None  # {name}",
            f"{name} = var.{name.lower()}",
            f"aws secretsmanager get-secret-value --secret-id {name.lower()}",
        ]
    )


def about(rng: random.Random) -> Any:
    """Return talk about credentials."""
    name, n = _name(rng), rng.randint(2, 999)
    return rng.choice(
        [
            f"Set {name} before you start; see page {n}.",
            f"GitHub tokens begin with ghp_, gho_ or github_pat_ (note {n}).",
            f"Rotate your API keys every {n} days.",
            f"The password must have {n % 20 + 8} characters, a digit and a sign.",
            f"Invalid {name}: 401 after {n} ms",
            f"secret scanning found {n} alerts",
            f"Password reset link sent, expires in {n} minutes",
            f"The token bucket holds {n} tokens",
            f"max_tokens={n}, temperature=0.2",
            {"usage": {"prompt_tokens": n, "completion_tokens": n // 2, "total_tokens": n + n // 2}},
            f"tokenizer: {n} tokens per line",
            f"AWS access key ids are 20 characters long and start with AKIA ({n})",
            {
                "type": "object",
                "properties": {
                    "password": {"type": "string", "minLength": n % 30, "description": "The user's password"},
                    "api_key": {"type": "string"},
                },
            },
            f"def set_password(self, password: str, rounds: int = {n}) -> None:",
            f'<input type="password" name="password" maxlength="{n}">',
            f"passwordPolicy: strict-{n}",
            f"secretName: tls-{n}",
            f"primary key: orders_{n}_pkey",
            f"keyboard shortcut ctrl+k {n}",
        ]
    )


def public_key(rng: random.Random) -> Any:
    """Return what is meant to be known: public keys, certificates, publishable keys, client ids."""
    body = base64.b64encode(rng.randbytes(rng.randint(90, 300))).decode()
    kind = rng.choice(["PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST", "PGP PUBLIC KEY BLOCK", "PGP SIGNATURE"])
    block = "\n".join(
        [f"-----BEGIN {kind}-----", *(body[at : at + 64] for at in range(0, len(body), 64)), f"-----END {kind}-----"]
    )
    return rng.choice(
        [
            block,
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{draw(rng, '[b]{43}')} ops@build",
            f"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{draw(rng, '[b]{200}')} ci",
            {"publishableKey": draw(rng, "pk_live_[a]{24}")},
            f"client_id={draw(rng, '[d]{12}-[l]{32}')}.apps.googleusercontent.com",
            {"kty": "RSA", "kid": f"k{rng.randint(1, 99)}", "use": "sig", "e": "AQAB", "n": draw(rng, "[w]{86}")},
            f"fingerprint SHA256:{draw(rng, '[b]{43}')}",
        ]
    )


def opaque(rng: random.Random) -> Any:
    """Return random texts that open nothing: cursors, ids, digests, session-less links."""
    return rng.choice(
        [
            {"nextPageToken": draw(rng, "C[a]{11}"), "items": []},
            {"next_cursor": draw(rng, "[a]{24}"), "has_more": True},
            f"charge ch_{draw(rng, '[a]{24}')} of customer cus_{draw(rng, '[a]{14}')}",
            f"request id req_{draw(rng, '[a]{24}')}",
            f"https://example.org/d/{draw(rng, '[w]{44}')}/edit",
            {"digest": f"sha256:{draw(rng, '[h]{64}')}", "size": rng.randint(1, 9999)},
            f"videos/{draw(rng, '[w]{11}')} was uploaded",
            f"user_id={uuid.UUID(int=rng.getrandbits(128))}",
            f"cache-key: v2-linux-{draw(rng, '[h]{64}')}",
            f'nonce="{draw(rng, "[b]{22}")}=="',
            f"build-{draw(rng, '[h]{40}')}.tar.gz",
            f".css-{draw(rng, '[l]{6}')} {{ top: 0 }}",
            {"public_id": draw(rng, "[l]{20}"), "etag": draw(rng, "[h]{32}")},
            f"https://db.example.org:{rng.randint(1000, 9999)}/main?sslmode=require",
            f"postgres://db.internal/{draw(rng, '[l]{6}')}",
            f"ssh deploy@{draw(rng, '[l]{8}')}.example.org",
            f"redis://localhost:{rng.randint(1000, 9999)}/0",
            f"ENV NODE_ENV production # {rng.randint(2, 999)}",
            f'variable "{_name(rng).lower()}" {{\n  type      = string\n  sensitive = true # {rng.randint(2, 999)}\n}}',
            f"const value = process.env.{_name(rng)} || 'test-{rng.randint(2, 9)}';",
            f"${{{_name(rng)}:?set it, see step {rng.randint(2, 999)}}}",
            f"| {_name(rng)} | required | see page {rng.randint(2, 999)} |",
            f"secret: arn:aws:secretsmanager:eu-west-1:{rng.randint(10**11, 10**12 - 1)}:secret:prod/app-AbCdEf",
            f"public_key: {draw(rng, '[b]{43}')}=",
        ]
    )


def short_of_it(rng: random.Random) -> Any:
    """Return prefixes of credentials without the rest, and values cut for display."""
    form = rng.choice([each for each in FORMATS if each.bare and "{crc}" not in each.shape])
    value = draw(rng, form.shape)
    return rng.choice(
        [
            f"key {value[:7]}…{value[-4:]} was revoked",
            f"{value[:6]}*************",
            {"keyHint": f"{value[:6]}..."},
            f"token ending in {value[-4:]}",
        ]
    )


SPECIAL: Final[tuple[benign.Make, ...]] = (placeholder, reference, about, public_key, opaque, short_of_it)
