"""State on a Redis or Valkey server, shared by every gateway that reaches it: the [redis] extra."""

from __future__ import annotations

import contextlib
import logging
import secrets
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from secure_gateway.errors import ConfigError, MissingDependencyError, Problem, StoreError
from secure_gateway.stores import redis_scripts as scripts
from secure_gateway.stores.base import StateStore, Unsubscribe, check_expiry
from secure_gateway.stores.rates import Admission, Claim
from secure_gateway.stores.subscribers import Subscribers

_log = logging.getLogger(__name__)

PLAIN: Final = frozenset({"redis", "valkey"})
SCHEMES: Final = PLAIN | {"rediss", "valkeys"}
SECONDS: Final = 2.0
"""How long a command may take. None is tried twice: one that did not answer may have been done."""
_MOST_CONNECTIONS: Final = 32
_PORT: Final = 6379
_PREFIX: Final = "secure-gateway"
_SEED_BITS: Final = 48


class RedisAddress(NamedTuple):
    """Where a server is, and who we are to it."""

    host: str
    port: int
    database: int
    encrypted: bool
    user: str | None
    password: str | None

    def __repr__(self) -> str:
        return f"RedisAddress({self.host!r}, {self.port})"


def parse_redis_url(url: str) -> RedisAddress:
    """Read ``redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]``, or with rediss, valkey, valkeys. Raises ``ConfigError`` that quotes none of it."""
    expected = "redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS"
    try:
        parts = urlsplit(url)
        port, host = parts.port or _PORT, parts.hostname
    except ValueError:
        raise ConfigError(Problem("$.state.url", "an address that cannot be read", expected)) from None
    database = parts.path.removeprefix("/") or "0"
    if not host or parts.scheme not in SCHEMES:
        raise ConfigError(Problem("$.state.url", "an address without a host", expected))
    if parts.query or parts.fragment:
        hint = "Options are not taken from the address: one of them turns the check of certificates off. SSL_CERT_FILE names other authorities."
        raise ConfigError(Problem("$.state.url", "something behind the database", expected, hint))
    if not (database.isascii() and database.isdecimal() and len(database) <= 4):  # noqa: PLR2004 - digits
        raise ConfigError(Problem("$.state.url", "a path that is no number of a database", expected))
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return RedisAddress(host, port, int(database), parts.scheme not in PLAIN, user, password)


class RedisStore(StateStore):
    """A store in one database of a server. Its clock is the server's, the same for every gateway; ``clock`` is for tests.

    Nothing is tried twice, and a server that does not answer within ``seconds`` is a ``StoreError``. Safe to use from several threads and after a
    ``fork``. Raises ``ConfigError`` for an address that is none and ``StoreError`` where nobody answers there.
    """

    is_shared = True
    may_forget = True  # whether the server writes anything to disk is its owner's affair

    def __init__(self, url: str, *, clock: Callable[[], float] | None = None, seconds: float = SECONDS) -> None:
        try:
            import redis  # the [redis] extra  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
            from redis.retry import Retry  # noqa: PLC0415
        except ImportError:
            raise MissingDependencyError(
                "state.url names a Redis or Valkey server, which needs the [redis] extra: pip install 'secure-gateway[redis]'"
            ) from None
        address = parse_redis_url(url)
        self._place = f"the state store at {address.host}:{address.port}"
        self._errors: Any = (redis.RedisError, OSError)
        self._clock = clock
        self._closed = False
        self._subscribers = Subscribers()
        options: dict[str, Any] = {
            "host": address.host,
            "port": address.port,
            "db": address.database,
            "username": address.user,
            "password": address.password,
            "socket_timeout": seconds,
            "socket_connect_timeout": seconds,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,  # what servers from 5.0 on speak
        }
        if address.encrypted:
            options |= {
                "connection_class": redis.SSLConnection,
                "ssl_cert_reqs": "required",
                "ssl_check_hostname": True,
                "ssl_min_version": ssl.TLSVersion.TLSv1_2,
            }
        self._pool: Any = redis.BlockingConnectionPool(max_connections=_MOST_CONNECTIONS, timeout=seconds, **options)  # type: ignore[no-untyped-call]
        self._client: Any = redis.Redis(connection_pool=self._pool)
        self._scripts = {
            text: self._client.register_script(text)
            for text in (
                scripts.WRITE,
                scripts.DELETE,
                scripts.GET,
                scripts.SCAN,
                scripts.APPEND,
                scripts.RECENT,
                scripts.ADMIT,
            )
        }
        try:
            self._look_at_server(address)
        except StoreError:
            self.close()
            raise

    def get(self, table: str, key: str) -> bytes | None:
        found: bytes | None = self._run(scripts.GET, self._keys(table, "exvk"), self._now(), _name(key))
        return found

    def put(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> None:
        self._write(table, key, value, expires_at, only_new=False)

    def create(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> bool:
        return self._write(table, key, value, expires_at, only_new=True)

    def delete(self, table: str, key: str) -> bool:
        gone = bool(self._run(scripts.DELETE, self._keys(table, "exg"), self._now(), _seed(), _name(key)))
        if gone:
            self._subscribers.notify(table)
        return gone

    def scan(self, table: str, prefix: str = "") -> list[tuple[str, bytes]]:
        flat = self._run(scripts.SCAN, self._keys(table, "ex"), self._now(), _name(prefix))
        return sorted(_pairs(flat), key=lambda entry: _name(entry[0]))

    def append(self, table: str, entries: list[tuple[str, bytes]], *, keep: int) -> None:
        if not entries:
            return
        kept = entries[-keep:] if keep > 0 else []
        flat = [part for key, value in kept for part in (_name(key), bytes(value))]
        self._run(scripts.APPEND, self._keys(table, "vnkp"), max(keep, 0), len(entries), *flat)

    def recent(self, table: str, limit: int) -> list[tuple[str, bytes]]:
        return _pairs(self._run(scripts.RECENT, self._keys(table, "vnp"), max(limit, 0)))

    def generation(self, table: str) -> int:
        with self._guarded():
            return int(self._client.get(self._keys(table, "g")[0]) or 0)

    def admit(self, table: str, claims: Sequence[Claim]) -> Admission:
        told: list[Any] = [self._now()]
        for _, rate in claims:
            told += [rate.algorithm, rate.limit, rate.seconds, rate.capacity, rate.lifetime]
        keys = [f"{_PREFIX}:{{{table}}}:r:{key}".encode("utf-8", "surrogatepass") for key, _ in claims]
        refused, wait = self._run(scripts.ADMIT, keys, *told)
        return Admission(allowed=refused < 0, refused=int(refused), wait=wait / 1e6)

    def subscribe(self, table: str, changed: Callable[[], None]) -> Unsubscribe:
        return self._subscribers.add(table, changed)

    def close(self) -> None:
        self._closed = True
        self._pool.disconnect()

    def _write(self, table: str, key: str, value: bytes, expires_at: float | None, *, only_new: bool) -> bool:
        check_expiry(expires_at)
        ends = "" if expires_at is None else repr(float(expires_at))
        told = (self._now(), _seed(), _name(key), bytes(value), ends, "1" if only_new else "0")
        made = bool(self._run(scripts.WRITE, self._keys(table, "exg"), *told))
        if made:
            self._subscribers.notify(table)
        return made

    def _look_at_server(self, address: RedisAddress) -> None:
        with self._guarded():
            policy = self._client.info("memory").get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            _log.warning(
                "%s may forget what it was told when its memory is full (maxmemory-policy %s): keys end early and limits start anew; set noeviction",
                self._place,
                policy,
            )
        if not address.encrypted and address.host not in ("localhost", "127.0.0.1", "::1"):
            _log.warning("%s is reached without encryption; use rediss:// where others share the network", self._place)

    def _keys(self, table: str, kinds: str) -> list[str]:
        return [f"{_PREFIX}:{{{table}}}:{kind}" for kind in kinds]

    def _now(self) -> str:
        return "" if self._clock is None else repr(self._clock())

    def _run(self, script: str, keys: Sequence[Any], *arguments: Any) -> Any:
        with self._guarded():
            return self._scripts[script](keys=keys, args=arguments)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn every fault of the client into ours. Its texts may quote what was sent: only their type is told."""
        if self._closed:
            raise StoreError(f"{self._place} is closed; whoever closed it has to open another")
        try:
            yield
        except self._errors as error:
            raise StoreError(f"{self._place}: {type(error).__name__}; {_way_out(error)}") from None


def _seed() -> int:
    """Return where a generation begins that the server does not know: another place each time, so that one that was lost is not taken for the same."""
    return secrets.randbits(_SEED_BITS) + 1


def _pairs(flat: Sequence[bytes]) -> list[tuple[str, bytes]]:
    return [(flat[at].decode("utf-8", "surrogatepass"), flat[at + 1]) for at in range(0, len(flat), 2)]


def _name(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _way_out(error: Exception) -> str:
    said = str(error)
    kind = type(error).__name__
    if "OOM" in said:
        return "its memory is full: give it more"
    if "READONLY" in kind.upper() or "READONLY" in said:
        return "it is a replica: name the primary"
    if kind in ("AuthenticationError", "NoPermissionError") or "NOAUTH" in said or "WRONGPASS" in said:
        return "look at the user, the password and what that user may do"
    if kind == "TimeoutError":
        return "it did not answer in time: see whether it runs and can be reached"
    return "see whether it runs and can be reached"
