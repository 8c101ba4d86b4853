"""AWS Signature Version 4 for one POST with a body ("Create a signed AWS API request" in the IAM user guide)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from urllib.parse import quote

import msgspec

_ALGORITHM = "AWS4-HMAC-SHA256"


class AwsKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, where and for which service."""

    access_key_id: str
    secret_access_key: str
    region: str
    service: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return f"AwsKeys({self.region!r}, {self.service!r})"


def signed_headers(keys: AwsKeys, path: str, headers: dict[str, str], body: bytes, now: dt.datetime) -> dict[str, str]:
    """Return the headers that sign a POST to ``path`` (as it is sent, escaped once, without a query) with ``headers`` in lower case, ``host`` among them."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    ours = {"x-amz-date": stamp}
    if keys.session_token is not None:
        ours["x-amz-security-token"] = keys.session_token
    signed = dict(sorted({**headers, **ours}.items()))
    names = ";".join(signed)
    lines = "".join(f"{name}:{' '.join(value.split())}\n" for name, value in signed.items())
    # Every service but S3 has the path escaped once more.
    request = "\n".join(("POST", quote(path, safe="/-_.~"), "", lines, names, hashlib.sha256(body).hexdigest()))
    scope = f"{stamp[:8]}/{keys.region}/{keys.service}/aws4_request"
    text = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{keys.secret_access_key}".encode()
    for part in (stamp[:8], keys.region, keys.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{keys.access_key_id}/{scope}"
    return {
        **ours,
        "authorization": f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}",
    }
