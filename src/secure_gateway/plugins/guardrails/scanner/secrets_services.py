"""Credentials of secret stores, observability and other services."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.secrets_checks import age_key, grafana_token
from secure_gateway.plugins.guardrails.scanner.secrets_table import short, token

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

STORES: Final[tuple[Detector, ...]] = (
    token("vault", "VAULT_TOKEN", r"hv[sbr]\.[\w-]{8}", r"hv[sbr]\.[\w-]{24,}", "HashiCorp Vault tokens"),
    token("doppler", "DOPPLER_TOKEN", r"dp\.[a-z]{2,5}\.", r"dp\.(?:ct|pt|st|sa|scim|audit)\.(?:[\w-]{1,35}\.)?[A-Za-z0-9]{40,44}\b", "Doppler auth token formats"),
    token("onepassword", "ONEPASSWORD_TOKEN", r"ops_eyJ|A3-[A-Z0-9]{6}-", r"(?:ops_eyJ[A-Za-z0-9+/]{80,}={0,2}|A3-[A-Z0-9]{6}-[A-Z0-9]{6,11}(?:-[A-Z0-9]{5}){3,4}\b)",
          "1Password service accounts and secret keys"),
    token("age", "AGE_SECRET_KEY", r"AGE-SECRET-KEY-", r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{50,}", "age v1 specification (Bech32)", check=age_key),
    token("nostr", "NOSTR_KEY", r"nsec1[a-z0-9]{8}", r"nsec1[02-9ac-hj-np-z]{58}\b", "Nostr NIP-19 (Bech32)", check=age_key),
    token("gateway_key", "GATEWAY_KEY", r"sgw_[\w.-]{8}", r"sgw_[\w.-]{16,}", "keys that secure-gateway issues"),
)  # fmt: skip

OBSERVABILITY: Final[tuple[Detector, ...]] = (
    token("newrelic", "NEW_RELIC_KEY", r"NR(?:AK|II|IQ|RA|AL|JS|AA|SP)-[\w-]{4}|[0-9a-f]NRAL", r"(?:NR(?:AK|II|IQ|RA|AL|AA|SP)-[\w-]{20,}|(?:[a-z]{2}\d\dx{2})?[0-9a-f]{30,36}NRAL\b)",
          "New Relic API keys"),
    token("grafana", "GRAFANA_TOKEN", r"glsa_\w{8}", r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}\b", "Grafana service accounts (CRC-32)", check=grafana_token),
    token("grafana_cloud", "GRAFANA_TOKEN", r"glc_[\w+/]{8}", r"glc_[A-Za-z0-9+/]{32,}={0,2}", "Grafana Cloud access policies"),
    token("sentry", "SENTRY_TOKEN", r"sntry[ausi]_", r"sntry(?:[aui]_[0-9a-f]{64}\b|s_[A-Za-z0-9+/=_-]{60,})", "Sentry auth tokens"),
    token("honeycomb", "HONEYCOMB_KEY", r"hc[a-z]{1,3}[ik]k_", r"hc[a-z]{1,3}[ik]k_[a-z0-9]{40,}", "Honeycomb API keys"),
    token("dynatrace", "DYNATRACE_TOKEN", r"dt0[a-z]\d\d\.", r"dt0[a-z]\d\d\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}\b", "Dynatrace token format"),
    token("posthog", "POSTHOG_KEY", r"ph[xsr]_[A-Za-z0-9]{8}", r"ph[xsr]_[A-Za-z0-9]{40,}", "PostHog API keys"),
    short("pagerduty", "PAGERDUTY_KEY", r"u\+[\w-]{8}|pdus\+", r"(?:u\+[\w-]{18}|pdus\+_[\w-]{20,})", "PagerDuty REST API keys"),
    token("statsig", "STATSIG_KEY", r"(?:secret|console)-[A-Za-z0-9]{16}", r"(?:secret|console)-[A-Za-z0-9]{40,}", "Statsig server keys"),
    token("checkly", "CHECKLY_KEY", r"cu_[0-9a-f]{8}", r"cu_[0-9a-f]{32}\b", "Checkly API keys"),
)  # fmt: skip

APPLICATIONS: Final[tuple[Detector, ...]] = (
    token("linear", "LINEAR_KEY", r"lin_(?:api|oauth|wh)_", r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{32,}", "Linear API keys"),
    token("notion", "NOTION_TOKEN", r"ntn_\d{4}|secret_[A-Za-z0-9]{16}", r"(?:ntn_\d{10,12}[A-Za-z0-9]{32,}|secret_[A-Za-z0-9]{43}\b)", "Notion integration tokens"),
    token("airtable", "AIRTABLE_TOKEN", r"pat[A-Za-z0-9]{14}\.", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b", "Airtable personal access tokens"),
    token("asana", "ASANA_TOKEN", r"\d/\d{13}[/:\d]", r"\d/\d{13,17}(?:/\d{13,17})?:[0-9a-f]{32}\b", "Asana personal access tokens"),
    token("figma", "FIGMA_TOKEN", r"fig[dour]_[\w-]{8}", r"fig[dour]_[\w-]{38,}", "Figma access tokens"),
    token("postman", "POSTMAN_KEY", r"PM(?:AK|AT)-", r"(?:PMAK-[0-9a-f]{24}-[0-9a-f]{34}|PMAT-[A-Z0-9]{26})\b", "Postman API keys"),
    token("hubspot", "HUBSPOT_TOKEN", r"pat-[a-z]{2}\d-", rf"pat-[a-z]{{2}}\d-{_UUID}", "HubSpot private apps"),
    token("dropbox", "DROPBOX_TOKEN", r"sl\.[\w-]\.?[\w-]{8}", r"sl\.(?:u\.)?[\w-]{120,}", "Dropbox OAuth guide"),
    short("facebook", "FACEBOOK_TOKEN", r"EAA[A-Za-z0-9]{16}", r"EAA[A-Za-z0-9]{90,}(?:ZDZD)?\b", "Meta access tokens"),
    short("instagram", "INSTAGRAM_TOKEN", r"IG(?:QV|AA)[\w-]{8}", r"IG(?:QV|AA)[\w-]{100,}", "Instagram access tokens"),
    token("twitter", "TWITTER_TOKEN", r"A{20}", r"A{20,}[\w%]{60,}", "X API bearer tokens"),
    token("mapbox", "MAPBOX_TOKEN", r"sk\.eyJ", r"sk\.eyJ[\w-]{40,}\.[\w-]{20,}", "Mapbox secret tokens"),
    token("contentful", "CONTENTFUL_TOKEN", r"CFPAT-", r"CFPAT-[\w-]{43}", "Contentful personal access tokens"),
    token("readme", "README_KEY", r"rdme_[a-z0-9]{8}", r"rdme_[a-z0-9]{60,}", "ReadMe API keys"),
    token("typeform", "TYPEFORM_TOKEN", r"tfp_[\w-]{8}", r"tfp_[\w-]{40,}", "Typeform personal access tokens"),
    token("frameio", "FRAMEIO_TOKEN", r"fio-u-", r"fio-u-[\w-]{60,}", "Frame.io developer tokens"),
    token("linkedin", "LINKEDIN_SECRET", r"WPL_AP\d\.", r"WPL_AP\d\.[\w.]{8,}={0,2}", "LinkedIn client secrets"),
    short("segment", "SEGMENT_TOKEN", r"sgp_[A-Za-z0-9]{8}", r"sgp_[A-Za-z0-9]{50,}", "Twilio Segment Public API tokens"),
    token("clickup", "CLICKUP_TOKEN", r"pk_\d{4}", r"pk_\d{4,12}_[A-Z0-9]{32}\b", "ClickUp personal tokens"),
    token("trello", "TRELLO_TOKEN", r"ATTA[0-9a-fA-F]{8}", r"ATTA[0-9a-fA-F]{60,}", "Trello API tokens"),
    token("salesforce", "SALESFORCE_TOKEN", r"00D[A-Za-z0-9]{12,15}!", r"00D[A-Za-z0-9]{12,15}![\w.]{60,}", "Salesforce session ids"),
    token("pinterest", "PINTEREST_TOKEN", r"pina_[A-Z0-9]{8}", r"pina_[A-Z0-9]{32,}", "Pinterest access tokens"),
    token("calcom", "CALCOM_KEY", r"cal_[a-z0-9]{8}|cal_live_", r"cal_(?:live_)?[0-9a-f]{32}\b", "Cal.com API keys"),
    token("stytch", "STYTCH_SECRET", r"secret-(?:live|test)-", r"secret-(?:live|test)-[\w-]{36,}", "Stytch project secrets"),
    token("riot", "RIOT_KEY", r"RGAPI-", rf"RGAPI-{_UUID}", "Riot Games API keys"),
    token("wakatime", "WAKATIME_KEY", r"waka_[0-9a-f]{8}", rf"waka_{_UUID}", "WakaTime API keys"),
    token("okta", "OKTA_TOKEN", r"SSWS\s", r"SSWS\s+00[\w-]{38,}", "Okta API tokens"),
)  # fmt: skip

SERVICE_DETECTORS: Final[tuple[Detector, ...]] = STORES + OBSERVABILITY + APPLICATIONS
