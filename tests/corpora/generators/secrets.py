"""Lines that hold credentials, where tools come across them: configuration, headers, code, logs, chat, results."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.corpora.generators import words
from tests.corpora.generators.secret_formats import FORMATS, draw
from tests.corpora.lines import Hit, Line, Parts, fill, laid_out, parts

PER_FORMAT: Final = 18


def lines(rng: random.Random) -> Iterator[Line]:
    """Yield positive lines."""
    for form in FORMATS:
        places = _NAMED + (_BARE if form.bare else ())
        for number in range(PER_FORMAT):
            place = places[number % len(places)]
            content = place(rng, Hit(form.kind, draw(rng, form.shape)), rng.choice(form.names))
            yield laid_out("secrets", f"{form.kind}/{place.__name__.strip('_')}", content)
    for make in _OTHERS:
        for _ in range(110):
            yield laid_out("secrets", make.__name__.strip("_"), make(rng))


def _environment(rng: random.Random, hit: Hit, name: str) -> Parts:
    return fill(
        rng.choice(
            [
                "{name}={v}",
                "export {name}={v}",
                'export {name}="{v}"',
                "LOG_LEVEL=info\n{name}={v}\nPORT=8080",
                "docker run -e {name}={v} acme/app:2",
            ]
        ),
        hit,
        name=name.upper() if name.islower() else name,
    )


def _object(rng: random.Random, hit: Hit, name: str) -> Any:
    return rng.choice(
        [
            {"env": {name: hit, "PORT": 8080}},
            {"server": "crm", "config": {"region": "eu", name: hit}},
            {"variables": [{"key": name, "value": hit}]},
            {name: hit},
        ]
    )


def _yaml(rng: random.Random, hit: Hit, name: str) -> Parts:
    return fill(
        rng.choice(
            [
                "env:\n  {name}: {v}\n  DEBUG: false",
                "{name}: '{v}'",
                '  {name}: "{v}"\n  retries: 3',
                "[default]\n{name} = {v}\n",
            ]
        ),
        hit,
        name=name,
    )


def _code(rng: random.Random, hit: Hit, name: str) -> Parts:
    return fill(
        rng.choice(
            [
                '{name} = "{v}"\nclient = connect({name})',
                "const {name} = '{v}';",
                'os.environ["{name}"] = "{v}"',
                'String {name} = "{v}"; // TODO move',
                '{name} := "{v}"',
                'client = Client({name}="{v}", timeout=5)',
            ]
        ),
        hit,
        name=name,
    )


def _said(rng: random.Random, hit: Hit, name: str) -> Parts:
    return fill(
        rng.choice(
            [
                "Here is the {name} you asked for: {v}",
                "use {v} for now, I will rotate it tomorrow",
                "My key is {v} but the call returns 403",
                "The new token: {v}",
                "`{v}` stopped working since Monday",
                "please test with {v}, thanks!",
                "{v}",
            ]
        ),
        hit,
        name=name,
    )


def _header(rng: random.Random, hit: Hit, _name: str) -> Any:
    return rng.choice(
        [
            fill("curl -H 'Authorization: Bearer {v}' https://api.example.org/v1/items", hit),
            fill("X-Api-Key: {v}\r\nAccept: */*", hit),
            {"method": "GET", "headers": {"Authorization": fill("Bearer {v}", hit)}},
            fill("GET /v1/me HTTP/1.1\nHost: api.example.org\nAuthorization: token {v}", hit),
        ]
    )


def _log(rng: random.Random, hit: Hit, _name: str) -> Parts:
    return fill(
        rng.choice(
            [
                "2024-05-01T10:00:00Z DEBUG http: request headers {authorization: {v}}",
                "ERROR auth failed for credential {v} (status 401)",
                "[worker-3] retrying with {v}",
            ]
        ),
        hit,
    )


def _result(rng: random.Random, hit: Hit, _name: str) -> Any:
    return {
        "content": [
            {
                "type": "text",
                "text": fill(
                    rng.choice(
                        ["created: {v}", "line 14: {v}", words.prose(rng, rng.choice(["en", "de", "ja"])) + " {v}"]
                    ),
                    hit,
                ),
            }
        ],
        "isError": False,
    }


def _statement(rng: random.Random, hit: Hit, name: str) -> Parts:
    """The manuals of Docker, Terraform, YAML, gh and others: what gives a name its value without being an assignment."""
    return fill(
        rng.choice(
            [
                "FROM python:3.12\nENV {name} {v}\nCOPY . /app",
                "{name}: |-\n  {v}\n",
                'variable "{name}" {\n  type    = string\n  default = "{v}"\n}',
                "const value = process.env.{name} || '{v}';",
                'let {name}: &str = "{v}";',
                '{name}: str = "{v}"',
                "| {name} | `{v}` | rotate in May |",
                '<entry key="{name}">{v}</entry>',
                'gh secret set {name} --body "{v}"',
                '{:{name} "{v}" :retries 3}',
            ]
        ),
        hit,
        name=name,
    )


_NAMED: Final = (_environment, _object, _yaml, _code, _statement)
_BARE: Final = (_said, _header, _log, _result)


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _jwt(rng: random.Random) -> Any:
    """RFC 7519 and RFC 7515, compact form."""
    header = {
        "alg": rng.choice(["HS256", "RS256", "ES256", "EdDSA"]),
        "typ": "JWT",
        **({"kid": f"k{rng.randint(1, 99)}"} if rng.random() < 0.4 else {}),
    }
    claims = {
        "sub": f"u{rng.randint(1, 99999)}",
        "iat": 1_700_000_000 + rng.randint(1, 9_000_000),
        "scope": "read write",
        "iss": "https://id.example.org",
    }
    token = f"{_encoded(header)}.{_encoded(claims)}.{base64.urlsafe_b64encode(rng.randbytes(rng.choice([32, 64, 256]))).rstrip(b'=').decode()}"
    return rng.choice(_BARE)(rng, Hit("JWT", token), "token")


_PEM: Final = (
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "DSA PRIVATE KEY",
)


def _pem(rng: random.Random) -> Any:
    """RFC 7468, RFC 1421 and OpenSSH PROTOCOL.key."""
    kind = rng.choice(_PEM)
    body = base64.b64encode(rng.randbytes(rng.randint(120, 600))).decode()
    block = "\n".join(
        [f"-----BEGIN {kind}-----", *(body[at : at + 64] for at in range(0, len(body), 64)), f"-----END {kind}-----"]
    )
    hit = Hit("PRIVATE_KEY", block)
    return rng.choice(
        [
            parts(hit),
            {"path": "deploy.pem", "content": parts(hit, "\n")},
            {"key": Hit("PRIVATE_KEY", block.replace("\n", "\\n"))},
            parts("cat id_key\n", hit, "\n$ exit"),
            {"type": "service_account", "project_id": "acme", "private_key": parts(hit, "\n")},
        ]
    )


def _pgp(rng: random.Random) -> Any:
    """RFC 9580, section 6.2."""
    body = base64.b64encode(rng.randbytes(rng.randint(200, 500))).decode()
    block = "\n".join(
        [
            "-----BEGIN PGP PRIVATE KEY BLOCK-----",
            "",
            *(body[at : at + 64] for at in range(0, len(body), 64)),
            f"={base64.b64encode(rng.randbytes(3)).decode()}",
            "-----END PGP PRIVATE KEY BLOCK-----",
        ]
    )
    return rng.choice([parts(Hit("PRIVATE_KEY", block)), {"file": "key.asc", "data": parts(Hit("PRIVATE_KEY", block))}])


_STARTS: Final = "Tr0ub4dor Gr33nTea! h0rse$Staple Zx9# kiwi_Plane7 M0nd@y vQ3xv8 Blau-Wal22 s3cur1ty! n3wYork".split()


def password(rng: random.Random, *, plain: bool = False) -> str:
    """Return a password such as people and generators make; ``plain``: of letters and digits only."""
    if plain or rng.random() < 0.4:
        return draw(rng, f"[a]{{{rng.randint(10, 24)}}}")
    return rng.choice(_STARTS) + draw(rng, f"[a]{{{rng.randint(2, 8)}}}") + rng.choice(["", "!", "?", "*"])


def _connection(rng: random.Random) -> Any:
    """RFC 3986 userinfo in the connection URLs that the drivers document; ADO, JDBC and libpq strings. What counts is the password."""
    secret = password(rng, plain=True)
    user, host = (
        rng.choice(["app", "admin", "svc_etl", "root"]),
        rng.choice(["db.internal", "10.1.2.3", "prod.example.org", "cache-1"]),
    )
    scheme = rng.choice(
        [
            "postgres",
            "postgresql",
            "mysql",
            "mongodb",
            "mongodb+srv",
            "redis",
            "rediss",
            "amqp",
            "amqps",
            "mssql",
            "postgresql+asyncpg",
            "ftp",
            "https",
            "smtp",
            "clickhouse",
            "ldap",
        ]
    )
    url = f"{scheme}://{user}:{secret}@{host}:{rng.randint(1000, 9999)}/main"
    if rng.random() < 0.25:
        text = rng.choice(
            [
                f"Server={host};Database=main;User Id={user};Password={secret};Encrypt=true",
                f"host={host} dbname=main user={user} password={secret}",
                f"jdbc:postgresql://{host}/main?user={user}&password={secret}",
                f"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={(key := draw(rng, '[b]{86}=='))};EndpointSuffix=core.windows.net",
            ]
        )
        secret = secret if secret in text else key
        return rng.choice(
            [
                parts(Hit("CONNECTION_PASSWORD", text, core=secret)),
                {"connectionString": Hit("CONNECTION_PASSWORD", text, core=secret)},
            ]
        )
    hit = Hit("CONNECTION_PASSWORD", url, core=secret)
    return rng.choice(
        [
            fill("DATABASE_URL={v}", hit),
            {"config": {"url": hit}},
            fill("could not connect to {v}: timeout", hit),
            fill('engine = create_engine("{v}")', hit),
            fill("git clone {v}", hit),
        ]
    )


_NAMES: Final = "password passwd pwd db_password DB_PASS adminPassword secret client_secret api_key apiKey API_SECRET access_token auth_token smtp_password root_password SECRET_KEY encryption_key signing_secret webhook_secret private_token MYSQL_ROOT_PASSWORD PGPASSWORD passphrase".split()


def _assignment(rng: random.Random) -> Any:
    """A value whose field says that it is secret."""
    name = rng.choice(_NAMES)
    loose = any(word in name.lower() for word in ("pass", "pwd"))
    secret = password(rng) if loose else draw(rng, f"[a]{{{rng.randint(20, 44)}}}")
    return rng.choice(_NAMED)(rng, Hit("ASSIGNED_SECRET", secret), name)


_SPOKEN: Final = (
    "The password is {v}",
    "login: admin, password: {v}",
    "Das Passwort lautet {v}",
    "mot de passe : {v}",
    "la contrase\xf1a es {v}",
    "\u5bc6\u7801\uff1a{v}",
    "\u30d1\u30b9\u30ef\u30fc\u30c9: {v}",
    "\u043f\u0430\u0440\u043e\u043b\u044c: {v}",
    "wifi pw: {v}",
    "senha: {v}",
    "user=deploy pass={v}",
    "mysql -u root -p{v} main",
    "sshpass -p '{v}' ssh deploy@host",
    "curl -u admin:{v} https://api.example.org/",
    "smtp.login('mailer', '{v}')",
    "auth = ('svc', '{v}')",
    "echo '{v}' | sudo -S systemctl restart app",
    "chpasswd <<< 'deploy:{v}'",
    "unzip -P '{v}' archive.zip",
    "db.internal:5432:orders:app:{v}",
    "ConvertTo-SecureString '{v}' -AsPlainText -Force",
)


def _spoken(rng: random.Random) -> Any:
    """A password told in a sentence or a command."""
    return fill(rng.choice(_SPOKEN), Hit("SPOKEN_PASSWORD", password(rng).replace("'", "") or "x"))


def _key_pair(rng: random.Random) -> Any:
    """Both halves of a cloud key."""
    first, second = Hit("AWS_ACCESS_KEY", draw(rng, "AKIA[t]{16}")), Hit("AWS_SECRET_KEY", draw(rng, "[b]{40}"))
    return rng.choice(
        [
            parts("[default]\naws_access_key_id = ", first, "\naws_secret_access_key = ", second),
            {"AccessKeyId": first, "SecretAccessKey": second},
            parts("key ", first, " / ", second),
            parts(first, ",", second),
        ]
    )


def _basic(rng: random.Random) -> Any:
    """RFC 7617: the name and the password in base64 after the scheme."""
    pair = base64.b64encode(f"{rng.choice(['svc', 'admin', 'ci'])}:{password(rng)}".encode()).decode()
    return rng.choice(
        [
            fill("Authorization: Basic {v}", Hit("BASIC_AUTH", pair)),
            {"headers": {"Authorization": fill("Basic {v}", Hit("BASIC_AUTH", pair))}},
        ]
    )


def _docker_auth(rng: random.Random) -> Any:
    pair = base64.b64encode(f"ci:{password(rng)}".encode()).decode()
    return {"auths": {"registry.example.org": {"auth": Hit("DOCKER_AUTH", pair)}}}


_OTHERS: Final[tuple[Callable[[random.Random], Any], ...]] = (
    _jwt,
    _pem,
    _pgp,
    _connection,
    _connection,
    _assignment,
    _assignment,
    _spoken,
    _key_pair,
    _basic,
    _docker_auth,
)
