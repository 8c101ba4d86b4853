"""Tool calls that hold code by right, or look like it: queries for databases, commands for shells, prose about both, paths, addresses, names with quotes."""

# ruff: noqa: S608, S108 - lines of a corpus, run by nobody

from __future__ import annotations

import random
from typing import Any, Final

from tests.corpora.generators import benign, words
from tests.corpora.generators.code_injection import call

_TABLES: Final = ("users", "orders", "accounts", "invoices", "sessions", "customers")
_NOUNS: Final = ("report", "invoice", "photo", "setup", "summary", "index", "main", "schema", "notes", "readme")


def queries(rng: random.Random) -> Any:
    """Return queries where queries belong."""
    n, table = rng.randint(1, 9999), rng.choice(_TABLES)
    text = rng.choice(
        [
            f"SELECT * FROM {table} WHERE id = {n}", f"SELECT name, email FROM {table} WHERE city = 'Berlin' OR city = 'Bonn' LIMIT {n}", f"UPDATE {table} SET status = 'done' WHERE id = {n};", f"SELECT a.id FROM {table} a UNION SELECT b.id FROM archive b WHERE b.n > {n}",
            f"DELETE FROM {table} WHERE created < '2021-01-01' AND id < {n}", f"INSERT INTO {table} (id, name) VALUES ({n}, 'O''Brien')", f"DROP TABLE IF EXISTS tmp_{table}_{n};", f"WITH t AS (SELECT * FROM {table}) SELECT COUNT(*) FROM t WHERE n = {n} -- totals",
            f"SELECT table_name FROM information_schema.tables WHERE n < {n}", f"CREATE INDEX ix_{n} ON {table} (name)", f"BEGIN; UPDATE {table} SET n = {n}; COMMIT;", f"SELECT * FROM {table} WHERE 1=1 AND id > {n}",
        ]
    )  # fmt: skip
    tool, argument = rng.choice(
        [
            ("run_query", "query"),
            ("execute_sql", "sql"),
            ("postgres_query", "query"),
            ("sqlite", "sql"),
            ("query_database", "query"),
            ("mysql", "statement"),
        ]
    )
    return call(rng, tool, argument, text)


def commands(rng: random.Random) -> Any:
    """Return commands and code where they belong."""
    n = rng.randint(1, 9999)
    text = rng.choice(
        [
            f"ls -la /srv/{n} | head -n 5", f"git log --oneline | head -{n}; git status", f"cat notes-{n}.txt && wc -l notes-{n}.txt", f"for f in *.txt; do echo $f {n}; done", f"rm -rf build/{n}", f"x = {n}\nprint(f'{{x * 2}}')", f"curl https://api.example.com/{n} | jq .", f"echo $(date) > log-{n}",
            f"{{% for item in items %}}{{{{ item.price * {n} }}}}{{% endfor %}}", f"npm test && npm run build -- --n={n}",
        ]
    )  # fmt: skip
    return call(
        rng,
        rng.choice(["run_command", "shell", "execute_code", "render", "terminal"]),
        rng.choice(["command", "script", "code", "cmd", "template"]),
        text,
    )


def talk(rng: random.Random) -> Any:
    """Return prose about code, in messages."""
    n = rng.randint(1, 9999)
    text = rng.choice(
        [
            f"Never run rm -rf / on host {n}; rm -rf ./build is enough.", f"The bug: `SELECT * FROM users WHERE id = '{n}' OR '1'='1'` is not escaped.", f"Use {{{{ name }}}} in the mail; {{{{7*7}}}} shows {n % 50}.", f"See http://localhost:{n % 60000 + 1024} after you start it && open ../docs.", f"Attackers try ../../etc/passwd, we answer 404 (case {n}).", f"1 OR 1=1 is a classic; lesson {n} explains it.",
            f"Ping 10.0.{n % 250}.7; if it is down, call me.", f"Add ${{VERSION}} to the footer, ticket {n}", f"Steps: cd app; ls; cat log-{n}", words.prose(rng, rng.choice(["en", "de", "fr"])) + f" {n}",
        ]
    )  # fmt: skip
    return call(
        rng,
        rng.choice(["send_message", "create_issue", "add_comment", "post", "reply"]),
        rng.choice(["message", "body", "text", "comment", "description", "content", "title"]),
        text,
    )


def paths(rng: random.Random) -> Any:
    """Return paths as people write them."""
    n, noun = rng.randint(1, 9999), rng.choice(_NOUNS)
    text = rng.choice(
        [
            f"/home/anna/docs/{noun}-{n}.md", f"src/{noun}/{n}.py", f"./{noun}_{n}.txt", f"C:\\Users\\Anna\\{noun} {n}.docx", f"docs/../src/{noun}{n}.ts", f"~/projects/{noun}/{n}", f"/var/log/{noun}.{n}.log", f"{noun} (final) v{n}.pdf", f"/data/{noun}...{n}.csv", f"../{noun}-{n}.md", f"/etc/nginx/sites/{noun}{n}.conf",
            f"photos/2024-0{n % 9 + 1}/{noun} & co {n}.jpg", f"assets/{noun}@2x-{n}.png", f"/srv/a{n}/b;c/{noun}", f"файлы/{noun}-{n}.txt", f"/tmp/{noun}%20{n}.txt", f"packages/{noun}/../shared/{n}.json",
        ]
    )  # fmt: skip
    return call(
        rng,
        rng.choice(["read_file", "write_file", "list_directory", "open_document"]),
        rng.choice(["path", "file", "filename", "file_path", "directory"]),
        text,
    )


def addresses(rng: random.Random) -> Any:
    """Return public addresses."""
    n, noun = rng.randint(1, 9999), rng.choice(_NOUNS)
    text = rng.choice(
        [
            f"https://example.org/{noun}?id={n}&sort=desc", f"https://api.github.com/repos/a/b/issues/{n}", f"http://{noun}.example.com:8080/{n}", f"https://8.8.{n % 250}.8/dns", f"https://user:pw@files.example.com/{n}", f"https://example.com/@anna/{n}", f"https://en.wikipedia.org/wiki/{noun}_({n})", f"https://[2606:4700::{n:x}]/", f"https://example.org/go?next=https%3A%2F%2Fexample.com%2F{n}",
            f"https://example.org/a/../b/{n}", f"git@github.com:org/{noun}{n}.git", f"https://m\xfcnchen.example/{n}#top", f"https://internal-tools.example.com/{n}", f"https://localhost.example.net/{n}", f"https://203.0.113.{n % 250}/{n}",
        ]
    )  # fmt: skip
    return call(
        rng,
        rng.choice(["fetch", "open_page", "add_webhook", "get_feed"]),
        rng.choice(["url", "uri", "link", "webhook_url", "endpoint"]),
        text,
    )


def odd_values(rng: random.Random) -> Any:
    """Return plain values with quotes, semicolons, braces and words of languages for machines."""
    n = rng.randint(1, 9999)
    text = rng.choice(
        [
            f"O'Brien {n}", f"Fish & Chips; since {n}", f"R&D | team {n}", f"Hello {{{{first_name}}}} {n}", f">= {n}.0 || <2", f"Select Comfort {n}", f"Drop Table Tennis Club {n}", f"d'Artagnan's 'Inn' {n}", f"C# -- part {n}", f"50% off; ends {n}", f"cat {n}; dog", f"${n}.00", f"#{n}",
            f"rock 'n' roll {n}", f"id={n};v=2", f"a{n}|b|c", f"Union Square {n}", f"N'Djamena {n}", f"(a OR b) AND c{n}", f"L'Or {n} et 'autres'", f"feature/{n}-sql-or-not", f"user+tag{n}@example.com", f"$HOME sweet home {n}", f"5'{n % 12}\" tall", f"<b>{n}</b>", f"key: {{a: {n}}}",
        ]
    )  # fmt: skip
    return call(
        rng,
        rng.choice(["get_user", "search", "create_item", "lookup", "update"]),
        rng.choice(["name", "id", "label", "company", "q", "query", "tag", "city", "filter", "user"]),
        text,
    )


def everyday(rng: random.Random) -> Any:
    """Return everyday traffic in arguments whose names say nothing."""
    argument = rng.choice(["value", "data", "payload", "input", "record", "item", "context", "entry", "log"])
    return call(
        rng, rng.choice(["store", "submit", "log_event", "update_record"]), argument, rng.choice(benign.COMMON)(rng)
    )


SPECIAL: Final[tuple[benign.Make, ...]] = (queries, commands, talk, paths, addresses, odd_values, everyday)
