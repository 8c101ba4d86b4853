"""From the configuration to the chain in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from secure_gateway.errors import ConfigError, ProviderContractError
from secure_gateway.plugins.auth.api_key import APIKeyAuthProvider
from secure_gateway.plugins.auth.base import AuthCredentials, AuthMethod, AuthProvider, AuthResult, AuthStatus
from secure_gateway.plugins.auth.config_manager import BUILTINS, AuthConfigManager
from secure_gateway.plugins.auth.identity_chain import IdentityChain
from secure_gateway.plugins.auth.key_ring import KeyGrant, KeyRing
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.types import NoIdentity, Resolved
from tests.plugins.auth.tokens import SECRET, claims, token


class Badge(AuthProvider):
    closed: list[str] = []  # noqa: RUF012 - shared on purpose: it outlives the instances

    def __init__(self, reader: str = "front", methods: list[AuthMethod] | None = None) -> None:
        self.reader = reader

    def get_name(self) -> str:
        return "badge"

    def get_version(self) -> str:
        return "1"

    def get_supported_methods(self) -> list[AuthMethod]:
        return [AuthMethod.CUSTOM]

    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:
        return AuthResult(status=AuthStatus.SUCCESS, authenticated=True, user_id=credentials.headers["x-badge"])

    async def validate_session(self, session_id: str) -> bool:
        return False

    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        return await self.authenticate(credentials)

    async def shutdown(self) -> None:
        self.closed.append(self.reader)


def slot(*providers: dict[str, Any]) -> dict[str, Any]:
    return {"plugins": {"auth": {"providers": list(providers)}}}


@pytest.fixture
def manager(services: ProviderServices) -> AuthConfigManager:
    made = AuthConfigManager(services)
    made.register(Badge)
    Badge.closed.clear()
    return made


async def test_before_it_is_initialised_nobody_is_known(manager: AuthConfigManager) -> None:
    assert isinstance(await manager.snapshot.resolve(None), NoIdentity)
    with pytest.raises(ConfigError, match=r"\$\.plugins\.auth: found no provider"):
        manager.get_provider()


async def test_one_provider_and_several_are_built_in_order(
    manager: AuthConfigManager, services: ProviderServices
) -> None:
    manager.initialize({"auth": {"provider": "badge", "config": {"reader": "back"}}})
    provider = manager.get_provider()
    assert isinstance(provider, Badge)
    assert provider.reader == "back"
    manager.initialize(slot({"provider": "api_key"}, {"provider": "badge"}))
    assert [type(provider) for provider in manager.get_providers()] == [APIKeyAuthProvider, Badge]
    _, text = KeyRing(services).create(KeyGrant(user_id="alice"))
    for credentials, user in (
        (AuthCredentials(api_key=text), "alice"),
        (AuthCredentials(headers={"x-badge": "bob"}), "bob"),
    ):
        verdict = await manager.snapshot.resolve(credentials)
        assert isinstance(verdict, Resolved)
        assert verdict.principal.subject == user
    await manager.shutdown()


def test_a_provider_is_found_in_the_plugin_folder_and_by_its_class(tmp_path: Path) -> None:
    (tmp_path / "acme.py").write_text(
        "from secure_gateway.plugins.auth.base import *\n"
        "class Acme(AuthProvider):\n"
        "    def get_name(self): return 'acme'\n    def get_version(self): return '1'\n"
        "    def get_supported_methods(self): return [AuthMethod.API_KEY]\n"
        "    async def authenticate(self, credentials): ...\n    async def validate_session(self, session_id): ...\n"
        "    async def refresh_authentication(self, session_id, credentials): ...\n"
    )
    manager = AuthConfigManager(plugin_dirs=[tmp_path])
    manager.initialize({"plugins": {"auth": {"provider": "acme"}}})
    assert manager.get_provider().get_name() == "acme"
    manager.initialize({"plugins": {"auth": {"class": "tests.plugins.auth.test_config_manager:Badge"}}})
    assert manager.get_provider().get_name() == "badge"


def test_every_built_in_can_be_loaded(manager: AuthConfigManager) -> None:
    for name in BUILTINS:
        assert issubclass(manager.registry.find(name, "$"), AuthProvider)


def test_an_unknown_provider_stops_the_start_with_the_near_miss(manager: AuthConfigManager) -> None:
    with pytest.raises(ConfigError, match=r"\$\.plugins\.auth\.provider: found 'api-key'.*Did you mean 'api_key'"):
        manager.initialize({"plugins": {"auth": {"provider": "api-key"}}})


def test_a_class_that_breaks_the_contract_cannot_be_registered(manager: AuthConfigManager) -> None:
    with pytest.raises(ProviderContractError, match="does not implement"):
        manager.register(AuthProvider)  # type: ignore[type-abstract]


async def test_a_configuration_with_mistakes_names_all_of_them_and_changes_nothing(manager: AuthConfigManager) -> None:
    manager.initialize(slot({"provider": "badge", "config": {"reader": "first"}}))
    before = manager.snapshot
    with pytest.raises(ConfigError) as refused:
        manager.initialize(
            slot(
                {"provider": "badge", "config": {"reader": "unused", "raeder": 1}},
                {"provider": "nobody"},
                {"provider": "api_key", "config": {"header": "x"}},
            )
        )
    assert [problem.path for problem in refused.value.problems] == [
        "$.plugins.auth.providers[0].config.raeder",
        "$.plugins.auth.providers[1].provider",
        "$.plugins.auth.providers[2].config.header",
    ]
    assert "Did you mean 'reader'?" in str(refused.value)
    assert manager.snapshot is before
    await manager.shutdown()
    assert Badge.closed == ["unused", "first"]


def test_a_provider_that_could_never_be_asked_stops_the_start(manager: AuthConfigManager) -> None:
    with pytest.raises(ConfigError, match=r"providers\[1\].*never asked: badge takes every method"):
        manager.initialize(slot({"provider": "badge"}, {"provider": "badge"}))


async def test_a_replaced_chain_goes_on_serving_whoever_holds_it(
    manager: AuthConfigManager, services: ProviderServices
) -> None:
    manager.initialize(slot({"provider": "badge"}))
    held = manager.snapshot
    manager.initialize(slot({"provider": "api_key"}))
    assert isinstance(await held.resolve(AuthCredentials(headers={"x-badge": "bob"})), Resolved)
    assert manager.snapshot is not held


@pytest.mark.parametrize(
    ("member", "answer"),
    [
        ("get_supported_methods", []),
        ("get_supported_methods", None),
        ("get_supported_methods", ["api_key"]),
        ("get_supported_methods", "api_key"),
        ("get_version", None),
        ("get_version", ValueError),
        ("get_supported_methods", SystemExit),
    ],
)
def test_a_provider_that_does_not_say_what_it_takes_stops_the_start(
    services: ProviderServices, member: str, answer: Any
) -> None:
    def say(_self: object) -> Any:
        if isinstance(answer, type):
            raise answer("hunter2")
        return answer

    manager = AuthConfigManager(services)
    manager.register(type("Silent", (Badge,), {member: say, "__init__": object.__init__}))
    with pytest.raises(ConfigError) as refused:
        manager.initialize(slot({"provider": "badge"}))
    assert "hunter2" not in str(refused.value)
    assert refused.value.problems[0].path == "$.plugins.auth.providers[0]"


async def test_a_caller_who_is_recognised_at_once_is_the_one_that_authenticate_vouches_for(
    manager: AuthConfigManager, services: ProviderServices
) -> None:
    jwt = {"algorithms": ["HS256"], "key": SECRET, "audience": "gateway"}
    manager.initialize(slot({"provider": "api_key"}, {"provider": "jwt", "config": jwt}))
    grant = KeyGrant(user_id="alice", project_id="p", tenant_id="t", roles=("r",), permissions=("x",))
    _, key = KeyRing(services).create(grant)
    body = claims(roles=["r"], scope="x", email="e", tenant_id="t", project_id="p")
    thorough = IdentityChain([msgspec.structs.replace(link, recognise=None) for link in manager.snapshot.links])
    for shown in (AuthCredentials(api_key=key), AuthCredentials(access_token=token(body))):
        verdicts = [await chain.resolve(shown) for chain in (thorough, manager.snapshot, manager.snapshot)]
        assert isinstance(verdicts[0], Resolved)
        assert verdicts[0] == verdicts[1] == verdicts[2]
        assert verdicts[1].principal is not verdicts[2].principal
    await manager.shutdown()


def test_a_built_in_that_needs_a_gateway_says_so_without_one() -> None:
    with pytest.raises(ConfigError, match="load_gateway"):
        AuthConfigManager().initialize({"auth": {"provider": "api_key"}})


def test_a_failing_key_store_stops_the_start(services: ProviderServices) -> None:
    services.store.close()
    with pytest.raises(ConfigError, match="APIKeyAuthProvider, which cannot work here: the store in memory is closed"):
        AuthConfigManager(services).initialize({"auth": {"provider": "api_key"}})
