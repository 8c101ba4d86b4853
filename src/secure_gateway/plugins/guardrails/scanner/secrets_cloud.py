"""Credentials of clouds, hosts and databases."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.secrets_checks import aws_secret, near_key_id
from secure_gateway.plugins.guardrails.scanner.secrets_table import half, short, token

_AWS: Final = "AWS IAM unique identifiers and access keys"
_AZURE_KEYS: Final = "Microsoft security utilities: identifiable keys"

AMAZON: Final[tuple[Detector, ...]] = (
    token("aws_access_key", "AWS_ACCESS_KEY", r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{4}", r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}\b", _AWS),
    half(
        "aws_secret_key", "AWS_SECRET_KEY", r"(?i:secret.?access.?key|aws.{0,2}secret)|AKIA|ASIA",
        r"(?:^|[^A-Za-z0-9/+])([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)", _AWS,
        r"secret[ _-]?access[ _-]?key", r"aws[ _-]?secret(?:[ _-]?key)?", r"(?-i:A[KS]IA[A-Z0-9]{16})", check=aws_secret,
    ),
    token("aws_session", "AWS_SESSION_TOKEN", r"FwoGZXIv|IQoJb3Jp", r"(?:FwoGZXIvYXdzE|IQoJb3JpZ2lu)[A-Za-z0-9+/]{80,}={0,2}", "AWS STS temporary credentials"),
    token("aws_bedrock", "AWS_BEDROCK_KEY", r"ABSKQmVk|bedrock-api-key-", r"(?:ABSKQmVkcm9ja0FQSUtleS[A-Za-z0-9+/]{60,}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{40,})",
          "Amazon Bedrock API keys"),
    token("aws_signature", "AWS_SIGNED_URL", r"X-Amz-Signature=[0-9a-f]{8}", r"X-Amz-Signature=[0-9a-f]{64}\b", "AWS Signature Version 4, query parameters"),
    token("amazon_mws", "AMAZON_MWS_TOKEN", r"amzn\.mws\.", r"amzn\.mws\.[0-9a-f]{8}-[0-9a-f-]{27}", "Amazon MWS developer guide"),
    token("amazon_lwa", "AMAZON_OAUTH_SECRET", r"amzn1\.oa2-cs\.", r"amzn1\.oa2-cs\.v\d\.[0-9a-f]{64}", "Login with Amazon"),
)  # fmt: skip

GOOGLE: Final[tuple[Detector, ...]] = (
    token(
        "google_api_key",
        "GOOGLE_API_KEY",
        r"AIza[\w-]{4}|AQ\.Ab8",
        r"(?:AIza[\w-]{35,}|AQ\.Ab8[\w-]{40,})",
        "Google Cloud API keys",
    ),
    token(
        "google_oauth", "GOOGLE_OAUTH", r"GOCSPX-|ya29\.", r"(?:GOCSPX-[\w-]{20,}|ya29\.[\w-]{20,})", "Google OAuth 2.0"
    ),
    token(
        "google_refresh", "GOOGLE_REFRESH_TOKEN", r"1//0[\w-]{8}", r"1//0[\w-]{38,}", "Google OAuth 2.0 refresh tokens"
    ),
)

AZURE: Final[tuple[Detector, ...]] = (
    Detector(
        id="secret.azure_storage", type="AZURE_STORAGE_KEY", category="secrets", confidence=0.95, source="Azure Storage connection strings",
        candidate=r"(?i)(?:Account|Access)Key=", exact=r"(?i)(?:Account|SharedAccess)Key=([A-Za-z0-9+/]{40,}={0,2})",
    ),
    token("azure_client_secret", "AZURE_CLIENT_SECRET", r"[78]Q~", r"\w[\w~.-]{2}[78]Q~[\w~.-]{31,34}", "Entra ID client secrets"),
    token("azure_devops", "AZURE_DEVOPS_PAT", r"AZDO[A-Za-z0-9]{4}", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b", "Azure DevOps personal access tokens"),
    Detector(
        id="secret.azure_sas", type="AZURE_SAS", category="secrets", confidence=0.95, source="Azure Storage shared access signatures",
        candidate=r"sig=[A-Za-z0-9%/+_-]{8}",
        exact=r"((?:[a-z]{2,6}=[^&\s\"'<>]*&(?:amp;)?)*sig=(?:[A-Za-z0-9/+_-]|%[0-9A-Fa-f]{2}){43,}=?(?:&(?:amp;)?[a-z]{2,6}=[^&\s\"'<>]*)*)",
    ),
    token("azure_key_64", "AZURE_KEY", r"\+ASt|ACDb|\+ABa|\+AMC|APIM", r"[A-Za-z0-9+/]{76}(?:\+ASt|ACDb|\+ABa|\+AMC|APIM)[A-Za-z0-9+/]{5}[AQgw]==", _AZURE_KEYS),
    token("azure_key_32", "AZURE_KEY", r"AzFu|AzSe|\+ACR|AzCa|\+ARm|\+AEh|\+ASb|AIoT|AZEG",
          r"[A-Za-z0-9+/]{33,46}(?:AzFu|AzSe|\+ACR|AzCa|\+ARm|\+AEh|\+ASb|AIoT|AZEG)[A-Za-z0-9+/]{5,6}=?", _AZURE_KEYS),
    token("azure_key_84", "AZURE_KEY", r"JQQJ9", r"[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{20,}", _AZURE_KEYS),
)  # fmt: skip

HOSTS: Final[tuple[Detector, ...]] = (
    token("digitalocean", "DIGITALOCEAN_TOKEN", r"do[opr]_v1_", r"do[opr]_v1_[a-f0-9]{64}\b", "DigitalOcean API tokens"),
    token("alibaba", "ALIBABA_KEY", r"LTAI[A-Za-z0-9]{8}", r"LTAI[A-Za-z0-9]{12,26}\b", "Alibaba Cloud AccessKey pairs"),
    half("alibaba_secret", "ALIBABA_SECRET", r"LTAI[A-Za-z0-9]{8}", r"\b[A-Za-z0-9]{30}\b", "Alibaba Cloud AccessKey pairs",
         r"(?-i:LTAI)[a-z0-9]{12,26}", check=near_key_id),
    token("tencent", "TENCENT_KEY", r"AKID[A-Za-z0-9]{8}", r"AKID[A-Za-z0-9]{32}\b", "Tencent Cloud API keys"),
    half("tencent_secret", "TENCENT_SECRET", r"AKID[A-Za-z0-9]{8}", r"\b[A-Za-z0-9]{32}\b", "Tencent Cloud API keys", r"(?-i:AKID)[a-z0-9]{32}", check=near_key_id),
    token("yandex", "YANDEX_KEY", r"AQVN[\w-]{8}|y0_[\w-]{8}", r"(?:AQVN[\w-]{35,38}|y0_[\w-]{50,})", "Yandex Cloud API keys and OAuth tokens"),
    token("cloudflare", "CLOUDFLARE_TOKEN", r"cf(?:k|ut|at)_[A-Za-z0-9]{8}", r"cf(?:k|ut|at)_[A-Za-z0-9]{40,}", "Cloudflare token formats"),
    token("cloudflare_ca", "CLOUDFLARE_CA_KEY", r"v1\.0-[a-f0-9]{8}", r"v1\.0-[a-f0-9]{24}-[a-f0-9]{140,}", "Cloudflare Origin CA keys"),
    token("fly", "FLY_TOKEN", r"f(?:m[12][ar]?|o1)_[\w+/=-]{8}", r"(?:fm[12][ar]?_[A-Za-z0-9+/=_-]{60,}(?:,fm[12][ar]?_[A-Za-z0-9+/=_-]+)*|fo1_[\w-]{40,})",
          "Fly.io access tokens"),
    token("heroku", "HEROKU_KEY", r"HRKU-[\w-]{8}", r"HRKU-[\w-]{36,}", "Heroku platform API authorizations"),
    token("vercel_blob", "VERCEL_TOKEN", r"vercel_blob_", r"vercel_blob_(?:rw|ro)_[A-Za-z0-9]{8,}_[A-Za-z0-9]{20,}", "Vercel Blob tokens"),
    token("vercel", "VERCEL_TOKEN", r"vc[aikpr]_[A-Za-z0-9]{8}", r"vc[aikpr]_[A-Za-z0-9]{24,}", "Vercel token formats"),
    token("netlify", "NETLIFY_TOKEN", r"nf[bcopu]_[A-Za-z0-9]{8}", r"nf[bcopu]_[A-Za-z0-9]{36,}", "Netlify access tokens"),
    short("render", "RENDER_KEY", r"rnd_[A-Za-z0-9]{8}", r"rnd_[A-Za-z0-9]{24,}", "Render API keys"),
    token("openshift", "OPENSHIFT_TOKEN", r"sha256~", r"sha256~[\w-]{43}", "OpenShift OAuth access tokens"),
    token("supabase", "SUPABASE_TOKEN", r"sbp_|sb_secret_", r"(?:sbp_(?:oauth_|v0_)?[a-f0-9]{40}\b|sb_secret_[\w-]{20,})", "Supabase API keys"),
    token("neon", "NEON_KEY", r"napi_[a-z0-9]{8}", r"napi_[a-z0-9]{40,}", "Neon API keys"),
    token("scaleway", "SCALEWAY_KEY", r"SCW[A-Z0-9]{8}", r"SCW[A-Z0-9]{17}\b", "Scaleway API keys"),
    token("backblaze", "BACKBLAZE_KEY", r"K00\d[\w/+]{8}", r"K00\d[A-Za-z0-9/+]{27}", "Backblaze B2 application keys"),
)  # fmt: skip

DATABASES: Final[tuple[Detector, ...]] = (
    token(
        "planetscale",
        "PLANETSCALE_TOKEN",
        r"pscale_",
        r"pscale_(?:tkn|pw|oauth|otkn)_[\w.=-]{30,}",
        "PlanetScale service tokens and passwords",
    ),
    token(
        "mongodb_atlas",
        "MONGODB_ATLAS_KEY",
        r"mdb_sa_",
        r"mdb_sa_(?:sk|id)_[\w-]{24,}",
        "MongoDB Atlas service accounts",
    ),
    token("cockroach", "COCKROACHDB_KEY", r"CCDB1_", r"CCDB1_\w{20,}", "CockroachDB Cloud API keys"),
    token("aiven", "AIVEN_PASSWORD", r"AVNS_[\w-]{8}", r"AVNS_[\w-]{17,}", "Aiven service passwords"),
    token(
        "confluent",
        "CONFLUENT_SECRET",
        r"cflt[A-Za-z0-9+/]{8}",
        r"cflt[A-Za-z0-9+/]{60}",
        "Confluent Cloud API secrets",
    ),
    token(
        "databricks",
        "DATABRICKS_TOKEN",
        r"(?:dapi|dose|dkea)[0-9a-f]{8}",
        r"(?:dapi|dose|dkea)[0-9a-f]{32}(?:-\d)?\b",
        "Databricks access tokens and secrets",
    ),
    token("elastic", "ELASTIC_KEY", r"essu_", r"essu_[\w+/=-]{30,}", "Elastic Cloud API keys"),
)

CLOUD_DETECTORS: Final[tuple[Detector, ...]] = AMAZON + GOOGLE + AZURE + HOSTS + DATABASES
