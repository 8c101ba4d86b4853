"""Credentials are found by their issuers' formats and by their names, wholly or not at all; what stands for one is left alone."""

from __future__ import annotations

import random
import zlib
from typing import Any

import pytest

from benchmarks.quality.systems import ours
from secure_gateway.plugins.guardrails.scanner import (
    SECRET_DETECTORS,
    Detector,
    Finding,
    Scanner,
    redact_all,
    redact_type,
)
from secure_gateway.plugins.guardrails.scanner.secrets_values import (
    bech32,
    crc32_hex,
    is_generated,
    is_placeholder,
    is_worded,
)
from tests.corpora import build
from tests.plugins.guardrails.scanner.drawn import draw_match
from tests.plugins.guardrails.scanner.samples import HEX, WORDY, draw
from tests.plugins.guardrails.scanner.shared import scanner_of

_EDGE = r"(?:\b|\\[nrt])("
PREFIXED = [each for each in SECRET_DETECTORS if each.exact.startswith(_EDGE) and each.id != "secret.jwt"]


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return scanner_of("secrets")


def covered(text: str, found: list[Finding]) -> str:
    places = {place for each in found for place in range(each.start, each.end)}
    return "".join(char for place, char in enumerate(text) if place in places)


@pytest.mark.parametrize("detector", PREFIXED, ids=lambda detector: detector.id)
@pytest.mark.parametrize(
    "around", ["{}", "use {} now", "`{}`", 'x = "{}";', "({})", "a\\n{}\\n", "key={}", "für {}, 鍵"]
)
def test_a_token_of_each_issuer_is_found_wholly_wherever_it_stands(
    scanner: Scanner, detector: Detector, around: str
) -> None:
    rng = random.Random(detector.id + around)  # noqa: S311 - the same samples in every run
    body = detector.exact.removeprefix(_EDGE)[:-1]
    for _ in range(3):
        value = draw_match(body, rng)
        text = around.replace("{}", value)
        assert value in covered(text, scanner.scan_text(text)), text
        assert scanner.scan({"text": text}), text


def test_more_than_a_hundred_and_twenty_types_are_known_each_with_its_source() -> None:
    assert len({detector.type for detector in SECRET_DETECTORS}) > 120
    assert [detector.id for detector in SECRET_DETECTORS if not detector.source] == []
    assert {detector.category for detector in SECRET_DETECTORS} == {"secrets"}


def test_no_label_of_the_corpus_is_covered_in_part() -> None:
    lines = [line for line in build.corpus("secrets") if line.labels and not line.held]
    for judged in ours("secrets", lines):
        for label in judged.labels:
            places = {
                place for each in judged.found if each.place == label.place for place in range(each.start, each.end)
            }
            touched = places.intersection(range(label.start, label.end))
            assert not touched or len(touched) == label.end - label.start, judged.line.id


LONG = draw(40)
NAMED: list[tuple[Any, str]] = [
    (text.replace("{}", value) if isinstance(text, str) else text, value)
    for text, value in [
        ("password: {}", "correct-" + "Horse7"),
        ("Your new password is {} please change it", "Winter" + "2024!"),
        ("pw = '{}'", "Sommer" + "#22"),
        ("spring.datasource.password={}", "Zq8!" + "kd92"),
        ("DB_PASSWORD={}", "sun" + "shine"),
        ("PASS={}", "a&b;c" + "D7x!"),
        ("<password>{}</password>", "Hunter" + "22x"),
        ('<add key="ApiKey" value="{}" />', draw(32)),
        ("  - name: DB_PASS\n    value: {}\n", "s3cret" + "Pa55"),
        ('[{"key": "API_TOKEN", "value": "{}"}]', draw(32)),
        ("machine example.org login bob password {}", draw(20)),
        ("IDENTIFIED BY '{}'", "Abc" + "123!x"),
        ("requirepass {}", "Abc" + "123xyz"),
        ("setenv('STRIPE_SECRET', '{}')", draw(32)),
        ("SECRET_KEY_BASE={}", draw(128, HEX)),
        ('{\\"apiKey\\": \\"{}\\"}', draw(24)),
        ("client_secret={}&grant_type=x", draw(40)),
        ("https://api.example.org/v1?api_key={}&x=1", draw(32, HEX)),
        ("X-Api-Key: {}", draw(40)),
        ("Cookie: theme=dark; sessionid={}", draw(32)),
        ("Authorization: ApiKey {}", draw(40)),
        ("Authorization: {}", draw(40)),
        ("the api token for staging is {} ok?", draw(32)),
        ("here's the key: {}", draw(32)),
        ("curl -u bob:{} https://example.org", "letme" + "in9"),
        ("mysql -u root -p{} main", "h0rse$" + "Staple"),
        ("docker login -u bob -p {} registry.example.org", draw(16)),
        ("redis-cli -a {} ping", "Str0ng" + "Pass"),
        ("serve --password {} --port 80", "Str0ng" + "Pass"),
        ("https://{}@example.org/x.git", draw(40)),
        ("totp secret: {}", "JBSW" + "Y3DPEHPK3PXQ"),
        ("FROM python:3.12\nENV APP_TOKEN {}\nCOPY . /app", LONG),
        ("api_token: |-\n  {}\n", LONG),
        ('variable "api_token" {\n  type = string\n  default = "{}"\n}', LONG),
        ("const t = process.env.API_TOKEN || '{}';", LONG),
        ('const t = process.env.API_TOKEN ??= "{}";', LONG),
        ('let api_token: &str = "{}";', LONG),
        ('api_token: str = "{}"', LONG),
        ("| API_TOKEN | `{}` | rotate in May |", LONG),
        ('<entry key="api_token">{}</entry>', LONG),
        ('gh secret set API_TOKEN --body "{}"', LONG),
        ('{:api-token "{}" :retries 3}', LONG),
        ("API_TOKEN=${API_TOKEN:-{}}", LONG),
        ("CONFLUENT_API_SECRET=/{}", LONG + LONG[::-1]),
        ("//registry.npmjs.org/:_authToken={}", LONG),
        ("db.internal:5432:orders:app:{}", "h0rse$" + "Staple"),
        ("smtp.login('mailer', '{}')", "h0rse$" + "Staple"),
        ("auth = ('svc', '{}')", "h0rse$" + "Staple"),
        ("echo '{}' | sudo -S ls", "h0rse$" + "Staple"),
        ("chpasswd <<< 'root:{}'", "h0rse$" + "Staple"),
        ("unzip -P {} a.zip", "h0rse$" + "Staple"),
        ("net use Z: \\\\srv\\share /user:svc {}", "h0rse$" + "Staple"),
        ("ConvertTo-SecureString '{}' -AsPlainText", "h0rse$" + "Staple"),
        ("the api key is {}", "3f8a" * 2 + "91c2" + "d07b" * 2 + "5e64" + "a9b1" * 2),
        ("Wachtwoord: {}", "Fiets!" + "2024"),
        ("hasło: {}", "Zaq12" + "wsx!"),
        ("A senha é {}", "Futebol" + "10!"),
        ("La contraseña es: {}", "Gat0" + "Negro!"),
        ("Le mot de passe est {}", "Fromage" + "75!"),
        ("비밀번호는 {} 입니다", "Kimchi" + "99!"),
        ("密码是{}", "Panda" + "2024!"),
        ("パスワードは {} です", "Sakura" + "99!"),
        ("كلمة المرور: {}", "Jamal" + "2024!"),
        ("пароль — {}", "Medved" + "77!"),
        ("şifre: {}", "Istanbul" + "34!"),
        ("credentials: admin / {}", "S3cure" + "!pw"),
        ({"env": [{"name": "DB_PASS", "value": LONG}]}, LONG),
        ({"Value": LONG, "Key": "SmtpPassword"}, LONG),
        ({"headers": [{"name": "X-Api-Key", "value": LONG}]}, LONG),
        ({"auths": {"registry.example.org": {"auth": "Y2k6" + "TTBuZEB5MDk1UT8="}}}, "Y2k6" + "TTBuZEB5MDk1UT8="),
        ({"connectionString": "Server=x;User Id=app;Password=" + LONG + ";Encrypt=true"}, LONG),
    ]
]


def strings(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for each in node.values() for text in strings(each)]
    return [text for each in node for text in strings(each)] if isinstance(node, list) else [node]


@pytest.mark.parametrize(("value", "secret"), NAMED, ids=[str(value)[:30] for value, _ in NAMED])
def test_a_secret_without_a_prefix_is_known_by_its_name_and_none_of_it_is_left(
    scanner: Scanner, value: Any, secret: str
) -> None:
    cleaned = redact_all(value, scanner.scan, redact_type)
    assert cleaned != value
    for size in (len(secret), 5):
        assert not any(secret[:size] in text or secret[-size:] in text for text in strings(cleaned))


HARMLESS = [
    "The password is required and must match the confirmation", "password is SHA256 hashed", "password: must be 8+ characters",
    "password_hash_rounds=12", "PWD=/srv/app1", "pwd=/home/user/project2", "bypass=true1x", "pass: 12 fail: 3", "parola: cuvânt",
    'fields = ["password", "first_name"]', "token: 12345678901234567890", "next_page_token=CAUQAA9x8y7z6w5v", "max_tokens=4096",
    "pageToken: 'Cj9x8y7z6w5vAbC1'", "key: photos/2024/01/IMG_1234.jpg", "primary_key=order_item_2024_01", "monkey: banana123456789",
    "Cache miss for key: a94a8fe5ccb19ba61c4c0873d391e987982fbbd3", "Idempotency-Key: 550e8400-e29b-41d4-a716-446655440000",
    "partition key = user#1234567abc", "public_key: MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE", "secretName: tls-cert-2024a",
    "secretKeyRef:\n  name: app-secret-2\n  key: token", "const token = await getToken2(user);", "api_key = os.getenv('API_KEY_2')",
    "const key = crypto.randomBytes(32).toString('hex');", "self.token = response.json()['token1']", "auth = HTTPBasicAuth(user1, pass1)",
    "Basic Authentication is enabled2", "curl -u $USER:$PASS https://example.org", "mysql -u root -p main", "hotkey = ctrl+shift+alt+F12x",
    "docker login -u bob --password-stdin", "git commit -m 'token-based auth: v1.2.3-beta'", "turkey: 1234abcd5678efgh",
    "foreign_key: fk_orders_2024_customer_9", "sk-learn-contrib-0.24.1-py3-none-any.whl", "re_compile_pattern_with_flags_2024",
    "hf_transfer==0.1.4 hf_hub_download_file_name", "https://example.blob.core.windows.net/c/f?sv=2020&sig=REDACTED", "u+1F600 is an emoji",
    "password=&user=bob", "le mot de passe est obligatoire", "la clave es orden-2024", "das Passwort ist zu kurz2", "v1.0-rc1",
    "The key is 550e8400-e29b-41d4-a716-446655440000", "auth_token: Optional[str2] = None", "TOKEN=$(cat /run/secrets/token1)",
    "token: ${{ secrets.GITHUB_TOKEN }}", "live_preview_component_renderer_x1", "phc_abcdefghijklmnopqrstuvwxyz0123456789ABCD",
    "secret_santa_2024_list_of_participants_final", "console-application-framework-2024", "A" * 120, "hm: 1//0 is a division",
    "ENV NODE_ENV production", "ENV API_KEY changeme", "ENV KEY_PATH /etc/keys/app.pem", "export KEYBOARD_LAYOUT us", "setx PATH C:\\tools", "set password expiry to 90 days",
    'variable "db_password" {\n  type = string\n  sensitive = true\n}', 'variable "key_name" {\n  default = "deployer-key"\n}', "token: |-\n  The token to use",
    "process.env.TOKEN || 'test-token'", "${TOKEN:?missing}", '{:key "value" :name "app"}', "localhost:5432:postgres:postgres:postgres", "X-Amz-Signature=<signature>",
    "| password | required | see below |", "api_key: Optional[str] = None", "PASSWORD=~/.ssh/id_rsa", "password=#{api_key}", "the cache key is a94a8fe5ccb19ba61c4c0873d391e987",
    "secret: arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf", "the commit key is a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
    # what documentation shows
    "AK" + "IAIOSFODNN7EXAMPLE", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY", "gh" + "p_" + "x" * 36,
    "OPENAI_API_KEY=sk-" + "x" * 20, "API_KEY=YOUR_API_KEY", "api_key: <your key>", "token: REPLACE_ME", "SECRET=changeme",
    "API_TOKEN=${API_TOKEN}", "password: {{ vault_password }}", "password = env://DB_PASSWORD", "key: op://vault/item/credential",
    "API_KEY=insert_key_here", "password: ********", "api_key = settings.API_KEY_1", "Authorization: Bearer <token>", "API_KEY=API_KEY",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_speaks_of_a_secret_or_stands_for_one_is_left_alone(scanner: Scanner, text: str) -> None:
    assert scanner.scan_text(text) == []
    assert scanner.scan({"text": text, "more": [text]}) == []


@pytest.mark.parametrize("kind", ["AWS_ACCESS_KEY", "AWS_SECRET_KEY"])
def test_both_halves_of_a_key_pair_are_found_where_nothing_names_the_second(scanner: Scanner, kind: str) -> None:
    text = "AK" + "IA" + draw(16, "ABCDEFGHJKLMNPQR234567") + "," + draw(40)
    assert kind in {each.type for each in scanner.scan_text(text)}


def test_two_tokens_that_touch_at_one_sign_are_both_found(scanner: Scanner) -> None:
    first, second = ("r8" + "_" + draw(37, seed=seed) for seed in (1, 2))
    assert covered(f"{first},{second}", scanner.scan_text(f"{first},{second}")) == first + second


def test_a_checksum_in_a_token_makes_it_surer(scanner: Scanner) -> None:
    good = "glsa_" + "RjqmIXMEXcbo2DkVQYT8iOoxbWzzMBCj"
    token = f"{good}_{zlib.crc32(good.encode()):08x}"
    assert crc32_hex(token)
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert not crc32_hex(wrong)
    assert scanner.scan_text(token)[0].confidence > scanner.scan_text(wrong)[0].confidence


@pytest.mark.parametrize(
    "text", ["A12UEL5L", "a12uel5l", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"]
)
def test_a_bech32_text_of_the_specification_is_valid_and_a_slip_of_the_pen_is_not(text: str) -> None:
    assert bech32(text)
    assert not bech32(text[:-1] + ("q" if text[-1].lower() != "q" else "p"))
    assert not bech32(text.replace("1", "2"))


@pytest.mark.parametrize(
    "text", ["max_retries_2", "form.password", "customerIdentifier", "strict-12", "next-page-token"]
)
def test_joined_words_are_told_from_generated_text(text: str) -> None:
    assert is_worded(text)
    assert not is_generated(text, shortest=6)


@pytest.mark.parametrize(
    "alphabet", [WORDY, HEX, "abcdefghijklmnopqrstuvwxyz0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"]
)
def test_nearly_all_of_what_a_generator_draws_looks_generated(alphabet: str) -> None:
    drawn = [draw(32, alphabet, seed) for seed in range(500)]
    assert sum(is_generated(value) and not is_placeholder(value) for value in drawn) > 490


@pytest.mark.parametrize("value", ["\ud800" * 20, "a1\ud800B2" * 8, "p\udfffassw0rd!"])
@pytest.mark.parametrize(
    "around",
    [
        {"password": "{}"},
        {"api_key": "{}"},
        "password: {}",
        "token={}",
        "the password is {}",
        "Authorization: Bearer {}",
    ],
)
def test_lone_surrogates_in_a_value_stop_no_check(scanner: Scanner, around: Any, value: str) -> None:
    filled = dict.fromkeys(around, value) if isinstance(around, dict) else around.replace("{}", value)
    assert scanner.scan(filled) is not None
