"""What credentials look like, from what their issuers publish. Made at run time from these shapes: no value stands anywhere in the repository.

A shape is text with ``[class]{count}`` in it; classes: ``a`` A-Za-z0-9, ``l`` a-z0-9, ``u`` A-Z0-9, ``h`` 0-9a-f, ``d`` 0-9, ``b`` A-Za-z0-9+/,
``w`` A-Za-z0-9_-, ``t`` A-Z2-7. Where the issuer says nothing but "opaque", the shape is that of the example in its documentation.
"""

from __future__ import annotations

import random
import re
import string
import uuid
import zlib
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Format:
    """One issuer's credential. ``names`` are the variables its documentation uses; ``bare``: it can be known without one."""

    kind: str
    shape: str
    names: tuple[str, ...]
    bare: bool = True


_ALPHABETS: Final = {
    "a": string.ascii_letters + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "u": string.ascii_uppercase + string.digits,
    "h": "0123456789abcdef",
    "d": string.digits,
    "b": string.ascii_letters + string.digits + "+/",
    "w": string.ascii_letters + string.digits + "_-",
    "t": string.ascii_uppercase + "234567",
}
_CLASS: Final = re.compile(r"\[([aluhdbwt])\]\{(\d+)\}")
_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


def draw(rng: random.Random, shape: str) -> str:
    """Return a value of ``shape``."""
    if shape.endswith("{crc}"):
        return _with_crc(rng, shape.removesuffix("{crc}"))
    if shape == "{uuid}":
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    def fill(match: re.Match[str]) -> str:
        text = "".join(rng.choices(_ALPHABETS[match[1]], k=int(match[2])))
        return "k" + text[1:] if text[0] in "-_+/" else text[:-1] + "Q" if text[-1] in "-_+/" else text

    text = _CLASS.sub(fill, shape)
    return text.replace("{uuid}", str(uuid.UUID(int=rng.getrandbits(128), version=4)))


def _with_crc(rng: random.Random, prefix: str) -> str:
    """GitHub, "Behind GitHub's new authentication token formats"; npm, "New npm access token format": 30 characters, then their CRC-32."""
    body = "".join(rng.choices(_ALPHABETS["a"], k=30))
    number, check = zlib.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        check = _BASE62[rest] + check
    return prefix + body + check.rjust(6, "0")


def _table(text: str) -> tuple[Format, ...]:
    rows = []
    for row in text.strip().splitlines():
        kind, shape, names = (cell.strip() for cell in row.split(" ; "))
        rows.append(Format(kind, shape, tuple(names.lstrip("!").split()), bare=not names.startswith("!")))
    return tuple(rows)


# Kind ; shape ; names. A leading ! on the names: without a name it is any random text.
FORMATS: Final = _table(
    """
AWS_ACCESS_KEY ; AKIA[t]{16} ; AWS_ACCESS_KEY_ID aws_access_key_id
AWS_TEMPORARY_KEY ; ASIA[t]{16} ; AWS_ACCESS_KEY_ID accessKeyId
AWS_SECRET_KEY ; [b]{40} ; ! AWS_SECRET_ACCESS_KEY aws_secret_access_key secretAccessKey
AWS_BEDROCK_KEY ; ABSKQmVkcm9ja0FQSUtleS[b]{100} ; AWS_BEARER_TOKEN_BEDROCK
GOOGLE_API_KEY ; AIza[w]{35} ; GOOGLE_API_KEY GEMINI_API_KEY maps_key
GOOGLE_OAUTH_SECRET ; GOCSPX-[w]{28} ; GOOGLE_CLIENT_SECRET client_secret
GOOGLE_ACCESS_TOKEN ; ya29.a0[w]{140} ; access_token GOOGLE_OAUTH_ACCESS_TOKEN
GOOGLE_REFRESH_TOKEN ; 1//0[w]{60} ; refresh_token
AZURE_STORAGE_KEY ; [b]{86}== ; ! AZURE_STORAGE_KEY AccountKey storage_account_key
AZURE_CLIENT_SECRET ; [a]{3}8Q~[w]{34} ; AZURE_CLIENT_SECRET clientSecret
AZURE_SAS ; sv=2023-11-03&ss=b&srt=sco&sp=rl&se=2025-01-01T00:00:00Z&sig=[a]{43}%3D ; SAS_TOKEN
AZURE_DEVOPS_PAT ; [a]{76}AZDO[a]{4} ; AZURE_DEVOPS_EXT_PAT
DIGITALOCEAN_TOKEN ; dop_v1_[h]{64} ; DIGITALOCEAN_TOKEN DO_TOKEN
DIGITALOCEAN_REFRESH ; dor_v1_[h]{64} ; refresh_token
ALIBABA_KEY ; LTAI5t[a]{18} ; ALIBABA_CLOUD_ACCESS_KEY_ID
CLOUDFLARE_TOKEN ; [w]{40} ; ! CLOUDFLARE_API_TOKEN CF_API_TOKEN
CLOUDFLARE_CA_KEY ; v1.0-[h]{24}-[h]{146} ; CLOUDFLARE_ORIGIN_CA_KEY
FLY_TOKEN ; fm2_[b]{180} ; FLY_API_TOKEN
HEROKU_KEY ; HRKU-AA[w]{58} ; HEROKU_API_KEY
VERCEL_BLOB_TOKEN ; vercel_blob_rw_[a]{16}_[a]{30} ; BLOB_READ_WRITE_TOKEN
NETLIFY_TOKEN ; nfp_[a]{36} ; NETLIFY_AUTH_TOKEN
RENDER_KEY ; rnd_[a]{32} ; RENDER_API_KEY
SUPABASE_TOKEN ; sbp_[h]{40} ; SUPABASE_ACCESS_TOKEN
SUPABASE_SECRET ; sb_secret_[w]{22}_[w]{8} ; SUPABASE_SERVICE_KEY
PLANETSCALE_TOKEN ; pscale_tkn_[w]{43} ; PLANETSCALE_SERVICE_TOKEN
PLANETSCALE_PASSWORD ; pscale_pw_[w]{43} ; DATABASE_PASSWORD
NEON_KEY ; napi_[l]{64} ; NEON_API_KEY
SCALEWAY_SECRET ; {uuid} ; ! SCW_SECRET_KEY
OPENSHIFT_TOKEN ; sha256~[w]{43} ; OC_TOKEN
FRAMEIO_TOKEN ; fio-u-[w]{64} ; FRAMEIO_TOKEN
LINKEDIN_SECRET ; WPL_AP1.[a]{16}.[a]{6}== ; LINKEDIN_CLIENT_SECRET
SEGMENT_TOKEN ; sgp_[a]{64} ; SEGMENT_TOKEN
ADYEN_KEY ; AQEy[a]{120}-[a]{43}=-[a]{16} ; ADYEN_API_KEY
FIREBASE_KEY ; AAAA[w]{7}:APA91b[w]{134} ; FCM_SERVER_KEY
AWS_SIGNED_URL ; X-Amz-Signature=[h]{64} ; signed_url
GITHUB_PAT ; ghp_{crc} ; GITHUB_TOKEN GH_TOKEN
GITHUB_OAUTH ; gho_{crc} ; GITHUB_TOKEN access_token
GITHUB_SERVER ; ghs_{crc} ; GITHUB_TOKEN
GITHUB_USER ; ghu_{crc} ; user_token
GITHUB_REFRESH ; ghr_[a]{76} ; refresh_token
GITHUB_FINE_PAT ; github_pat_[a]{22}_[a]{59} ; GITHUB_TOKEN GITHUB_PERSONAL_ACCESS_TOKEN
GITLAB_PAT ; glpat-[w]{20} ; GITLAB_TOKEN CI_TOKEN
GITLAB_ROUTABLE_PAT ; glpat-[w]{27}.01.0[l]{2}[l]{6} ; GITLAB_TOKEN
GITLAB_DEPLOY ; gldt-[w]{20} ; DEPLOY_TOKEN
GITLAB_RUNNER ; glrt-[w]{20} ; RUNNER_TOKEN
GITLAB_TRIGGER ; glptt-[h]{40} ; TRIGGER_TOKEN
BITBUCKET_APP ; ATBB[a]{32} ; BITBUCKET_APP_PASSWORD
ATLASSIAN_TOKEN ; ATATT3xFfGF0[w]{171}=[u]{8} ; JIRA_API_TOKEN ATLASSIAN_API_TOKEN
NPM_TOKEN ; npm_{crc} ; NPM_TOKEN NODE_AUTH_TOKEN _authToken
PYPI_TOKEN ; pypi-AgEIcHlwaS5vcmc[w]{130} ; TWINE_PASSWORD PYPI_API_TOKEN
RUBYGEMS_KEY ; rubygems_[h]{48} ; GEM_HOST_API_KEY
CRATES_TOKEN ; cio[a]{32} ; CARGO_REGISTRY_TOKEN
NUGET_KEY ; oy2[l]{43} ; NUGET_API_KEY
DOCKER_PAT ; dckr_pat_[w]{27} ; DOCKER_PASSWORD DOCKERHUB_TOKEN
ARTIFACTORY_KEY ; AKCp[a]{69} ; ARTIFACTORY_API_KEY
ARTIFACTORY_REFERENCE ; cmVmdGtuOjAx[a]{52} ; JFROG_TOKEN
OPENAI_KEY ; sk-[a]{20}T3BlbkFJ[a]{20} ; OPENAI_API_KEY
OPENAI_PROJECT_KEY ; sk-proj-[w]{74}T3BlbkFJ[w]{74} ; OPENAI_API_KEY openai_key
OPENAI_SERVICE_KEY ; sk-svcacct-[w]{74}T3BlbkFJ[w]{74} ; OPENAI_API_KEY
ANTHROPIC_KEY ; sk-ant-api03-[w]{93}AA ; ANTHROPIC_API_KEY
ANTHROPIC_ADMIN_KEY ; sk-ant-admin01-[w]{93}AA ; ANTHROPIC_ADMIN_KEY
HUGGINGFACE_TOKEN ; hf_[a]{34} ; HF_TOKEN HUGGING_FACE_HUB_TOKEN
REPLICATE_TOKEN ; r8_[a]{37} ; REPLICATE_API_TOKEN
GROQ_KEY ; gsk_[a]{52} ; GROQ_API_KEY
XAI_KEY ; xai-[a]{80} ; XAI_API_KEY
PERPLEXITY_KEY ; pplx-[a]{48} ; PERPLEXITY_API_KEY
OPENROUTER_KEY ; sk-or-v1-[h]{64} ; OPENROUTER_API_KEY
DEEPSEEK_KEY ; sk-[h]{32} ; DEEPSEEK_API_KEY
FIREWORKS_KEY ; fw_[a]{24} ; FIREWORKS_API_KEY
COHERE_KEY ; [a]{40} ; ! COHERE_API_KEY CO_API_KEY
MISTRAL_KEY ; [a]{32} ; ! MISTRAL_API_KEY
ELEVENLABS_KEY ; sk_[h]{48} ; ELEVENLABS_API_KEY
NVIDIA_KEY ; nvapi-[w]{64} ; NVIDIA_API_KEY
LANGSMITH_KEY ; lsv2_pt_[h]{32}_[h]{10} ; LANGSMITH_API_KEY
PINECONE_KEY ; pcsk_[a]{6}_[a]{63} ; PINECONE_API_KEY
TAVILY_KEY ; tvly-dev-[a]{32} ; TAVILY_API_KEY
SLACK_BOT ; xoxb-[d]{12}-[d]{13}-[a]{24} ; SLACK_BOT_TOKEN SLACK_TOKEN
SLACK_USER ; xoxp-[d]{12}-[d]{12}-[d]{13}-[h]{32} ; SLACK_TOKEN
SLACK_APP ; xapp-1-A[u]{10}-[d]{13}-[h]{64} ; SLACK_APP_TOKEN
SLACK_CONFIG ; xoxe.xoxp-1-[a]{163} ; SLACK_CONFIG_TOKEN
SLACK_WEBHOOK ; https://hooks.slack.com/services/T[u]{10}/B[u]{10}/[a]{24} ; SLACK_WEBHOOK_URL
DISCORD_BOT ; MT[a]{22}.G[w]{5}.[w]{38} ; DISCORD_TOKEN BOT_TOKEN
DISCORD_WEBHOOK ; https://discord.com/api/webhooks/1[d]{18}/[w]{68} ; DISCORD_WEBHOOK
TELEGRAM_BOT ; [d]{10}:AA[w]{33} ; TELEGRAM_BOT_TOKEN
TEAMS_WEBHOOK ; https://acme.webhook.office.com/webhookb2/{uuid}@{uuid}/IncomingWebhook/[h]{32}/{uuid} ; TEAMS_WEBHOOK
TWILIO_AUTH_TOKEN ; [h]{32} ; ! TWILIO_AUTH_TOKEN
TWILIO_API_KEY ; SK[h]{32} ; TWILIO_API_KEY
SENDGRID_KEY ; SG.[w]{22}.[w]{43} ; SENDGRID_API_KEY
MAILGUN_KEY ; key-[h]{32} ; MAILGUN_API_KEY
MAILCHIMP_KEY ; [h]{32}-us[d]{2} ; MAILCHIMP_API_KEY
POSTMARK_TOKEN ; {uuid} ; ! POSTMARK_SERVER_TOKEN
RESEND_KEY ; re_[a]{8}_[a]{24} ; RESEND_API_KEY
BREVO_KEY ; xkeysib-[h]{64}-[a]{16} ; BREVO_API_KEY
STRIPE_SECRET ; sk_live_[a]{24} ; STRIPE_SECRET_KEY STRIPE_API_KEY
STRIPE_LONG_SECRET ; sk_live_51[a]{97} ; STRIPE_SECRET_KEY
STRIPE_RESTRICTED ; rk_live_[a]{24} ; STRIPE_KEY
STRIPE_TEST ; sk_test_[a]{24} ; STRIPE_SECRET_KEY
STRIPE_WEBHOOK_SECRET ; whsec_[a]{32} ; STRIPE_WEBHOOK_SECRET
SQUARE_TOKEN ; EAAA[w]{60} ; SQUARE_ACCESS_TOKEN
SQUARE_SECRET ; sq0csp-[w]{43} ; SQUARE_APPLICATION_SECRET
PAYPAL_TOKEN ; access_token$production$[l]{16}$[h]{32} ; BRAINTREE_ACCESS_TOKEN
SHOPIFY_TOKEN ; shpat_[h]{32} ; SHOPIFY_ACCESS_TOKEN
SHOPIFY_SECRET ; shpss_[h]{32} ; SHOPIFY_API_SECRET
FLUTTERWAVE_KEY ; FLWSECK-[h]{32}-X ; FLW_SECRET_KEY
ADYEN_KEY ; AQE[w]{60} ; ! ADYEN_API_KEY
PLAID_SECRET ; [h]{30} ; ! PLAID_SECRET
CIRCLECI_TOKEN ; CCIPAT_[a]{22}_[h]{40} ; CIRCLE_TOKEN
BUILDKITE_TOKEN ; bkua_[h]{40} ; BUILDKITE_API_TOKEN
TERRAFORM_TOKEN ; [a]{14}.atlasv1.[w]{67} ; TFE_TOKEN TF_TOKEN_app_terraform_io
VAULT_TOKEN ; hvs.CAES[w]{90} ; VAULT_TOKEN
VAULT_BATCH ; hvb.AAAAAQ[w]{130} ; VAULT_TOKEN
PULUMI_TOKEN ; pul-[h]{40} ; PULUMI_ACCESS_TOKEN
DOPPLER_TOKEN ; dp.pt.[a]{43} ; DOPPLER_TOKEN
ONEPASSWORD_TOKEN ; ops_eyJ[b]{240} ; OP_SERVICE_ACCOUNT_TOKEN
SONAR_TOKEN ; squ_[h]{40} ; SONAR_TOKEN
SNYK_TOKEN ; snyk_uat.[h]{8}.[w]{120} ; SNYK_TOKEN
DATABRICKS_TOKEN ; dapi[h]{32} ; DATABRICKS_TOKEN
DATADOG_API_KEY ; [h]{32} ; ! DD_API_KEY DATADOG_API_KEY
DATADOG_APP_KEY ; [h]{40} ; ! DD_APP_KEY
NEWRELIC_KEY ; NRAK-[u]{27} ; NEW_RELIC_API_KEY
NEWRELIC_LICENSE ; [h]{36}NRAL ; NEW_RELIC_LICENSE_KEY
GRAFANA_TOKEN ; glsa_[a]{32}_[h]{8} ; GRAFANA_TOKEN
GRAFANA_CLOUD ; glc_eyJvIjoi[b]{90} ; GRAFANA_CLOUD_API_KEY
SENTRY_TOKEN ; sntryu_[h]{64} ; SENTRY_AUTH_TOKEN
SENTRY_ORG_TOKEN ; sntrys_eyJpYXQiOjE[b]{120}_[b]{43} ; SENTRY_AUTH_TOKEN
HONEYCOMB_KEY ; hcaik_01[l]{60} ; HONEYCOMB_API_KEY
DYNATRACE_TOKEN ; dt0c01.[t]{24}.[t]{64} ; DYNATRACE_TOKEN
POSTHOG_KEY ; phx_[a]{43} ; POSTHOG_PERSONAL_API_KEY
PAGERDUTY_KEY ; u+[w]{18} ; ! PAGERDUTY_TOKEN
LINEAR_KEY ; lin_api_[a]{40} ; LINEAR_API_KEY
NOTION_TOKEN ; ntn_[d]{11}[a]{35} ; NOTION_TOKEN NOTION_API_KEY
NOTION_SECRET ; secret_[a]{43} ; NOTION_TOKEN
AIRTABLE_PAT ; pat[a]{14}.[h]{64} ; AIRTABLE_API_KEY
ASANA_PAT ; 2/[d]{16}/[d]{16}:[h]{32} ; ASANA_TOKEN
FIGMA_TOKEN ; figd_[w]{40} ; FIGMA_TOKEN
POSTMAN_KEY ; PMAK-[h]{24}-[h]{34} ; POSTMAN_API_KEY
HUBSPOT_PAT ; pat-na1-{uuid} ; HUBSPOT_ACCESS_TOKEN
DROPBOX_TOKEN ; sl.u.[w]{140} ; DROPBOX_ACCESS_TOKEN
FACEBOOK_TOKEN ; EAA[a]{160} ; FB_ACCESS_TOKEN
MAPBOX_SECRET ; sk.eyJ1Ijoi[a]{70}.[w]{22} ; MAPBOX_SECRET_TOKEN
OKTA_TOKEN ; 00[w]{40} ; ! OKTA_API_TOKEN OKTA_TOKEN
TAILSCALE_KEY ; tskey-auth-k[a]{11}CNTRL-[a]{32} ; TS_AUTHKEY
LAUNCHDARKLY_KEY ; sdk-{uuid} ; LAUNCHDARKLY_SDK_KEY
CONTENTFUL_TOKEN ; CFPAT-[w]{43} ; CONTENTFUL_TOKEN
AGE_KEY ; AGE-SECRET-KEY-1[u]{58} ; SOPS_AGE_KEY
CLOJARS_TOKEN ; CLOJARS_[h]{60} ; CLOJARS_PASSWORD
PREFECT_KEY ; pnu_[a]{36} ; PREFECT_API_KEY
README_KEY ; rdme_[l]{70} ; README_API_KEY
TYPEFORM_TOKEN ; tfp_[a]{44}_[a]{14} ; TYPEFORM_TOKEN
"""
)
