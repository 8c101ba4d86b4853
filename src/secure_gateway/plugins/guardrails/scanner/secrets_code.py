"""Credentials of version control, package registries and build systems."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.secrets_checks import checksummed
from secure_gateway.plugins.guardrails.scanner.secrets_table import short, token

REPOSITORIES: Final[tuple[Detector, ...]] = (
    token("github", "GITHUB_TOKEN", r"gh[pousr]_\w{8}", r"gh[pousr]_\w{36,}", "GitHub authentication token formats (CRC-32 in base 62)",
          check=checksummed, confidence=0.9),
    token("github_pat", "GITHUB_TOKEN", r"github_pat_", r"github_pat_\w{60,}", "GitHub fine-grained tokens", confidence=0.97),
    token("gitlab", "GITLAB_TOKEN", r"gl[a-z]{2,7}-[\w.-]{8}", r"gl(?:pat|dt|rt|rtr|ptt|ft|soat|cbt|imt|agent|oas|ffct|wt|ffct)-[\w.-]{19,}\w",
          "GitLab token overview"),
    token("gitlab_runner", "GITLAB_TOKEN", r"GR1348941", r"GR1348941[\w-]{20,}", "GitLab runner registration tokens"),
    token("bitbucket", "BITBUCKET_TOKEN", r"ATBB[A-Za-z0-9=]{8}|BBDC-", r"(?:ATBB[A-Za-z0-9=]{24,}|BBDC-[\w+/@-]{40,})", "Bitbucket app passwords and access tokens"),
    token("atlassian", "ATLASSIAN_TOKEN", r"AT[ACS]TT3x", r"AT[ACS]TT3x[\w=-]{60,}", "Atlassian API tokens"),
    token("sourcegraph", "SOURCEGRAPH_TOKEN", r"sg[pd]_(?:local_|[a-f0-9]{8})", r"sg[pd]_(?:(?:local|[a-f0-9]{16})_)?[a-f0-9]{40}\b", "Sourcegraph access tokens"),
    token("jetbrains", "JETBRAINS_TOKEN", r"perm[:-][A-Za-z0-9+/=]{4}", r"perm[:-][A-Za-z0-9+/=]{4,}\.[A-Za-z0-9+/=-]{4,}\.[\w+/=-]{20,}", "JetBrains permanent tokens"),
)  # fmt: skip

REGISTRIES: Final[tuple[Detector, ...]] = (
    token(
        "npm",
        "NPM_TOKEN",
        r"npm_[A-Za-z0-9]{8}",
        r"npm_[A-Za-z0-9]{36}\b",
        "npm access token format (checksum as GitHub's)",
        check=checksummed,
        confidence=0.9,
    ),
    token("pypi", "PYPI_TOKEN", r"pypi-AgE", r"pypi-AgE[\w-]{50,}", "PyPI API tokens (macaroons)"),
    token("rubygems", "RUBYGEMS_KEY", r"rubygems_[a-f0-9]{4}", r"rubygems_[a-f0-9]{48}\b", "RubyGems API keys"),
    short("crates", "CRATES_TOKEN", r"cio[A-Za-z0-9]{8}", r"cio[A-Za-z0-9]{32}\b", "crates.io token format"),
    short("nuget", "NUGET_KEY", r"oy2[a-z0-9]{8}", r"oy2[a-z0-9]{43}\b", "NuGet scoped API keys"),
    token("docker_hub", "DOCKER_HUB_TOKEN", r"dckr_[po]at_", r"dckr_[po]at_[\w-]{20,}", "Docker access tokens"),
    short("artifactory", "ARTIFACTORY_KEY", r"AKCp[A-Za-z0-9]{8}", r"AKCp[A-Za-z0-9]{60,80}\b", "JFrog API keys"),
    token(
        "artifactory_reference",
        "ARTIFACTORY_KEY",
        r"cmVmdGtuOj",
        r"cmVmdGtuOj[A-Za-z0-9]{40,}={0,2}",
        "JFrog reference tokens",
    ),
    token(
        "clojars", "CLOJARS_TOKEN", r"(?i)CLOJARS_[a-f0-9]{4}", r"(?i:CLOJARS_)[a-f0-9]{60}\b", "Clojars deploy tokens"
    ),
    token(
        "packagist",
        "PACKAGIST_TOKEN",
        r"packagist_",
        r"packagist_[a-z]{2,3}_[a-f0-9]{40,}",
        "Private Packagist API tokens",
    ),
    token("open_vsx", "OPEN_VSX_TOKEN", r"ovsx(?:p|at)_", r"ovsx(?:p|at)_[\w-]{36}", "Open VSX access tokens"),
    token(
        "jsr",
        "JSR_TOKEN",
        r"jsr[dp]_|dd[opw]_[A-Za-z0-9]{8}",
        r"(?:jsr[dp]|dd[opw])_[A-Za-z0-9]{36}\b",
        "JSR and Deno Deploy tokens",
    ),
)

BUILDS: Final[tuple[Detector, ...]] = (
    token("circleci", "CIRCLECI_TOKEN", r"CCI(?:PAT|PRJ)_", r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{16,}_[a-f0-9]{40}\b", "CircleCI API tokens"),
    token("buildkite", "BUILDKITE_TOKEN", r"bk(?:ua|aj|ct|at|pt)_", r"bk(?:ua|aj|ct|at|pt)_[A-Za-z0-9]{40,}", "Buildkite token types"),
    token("terraform", "TERRAFORM_TOKEN", r"\.atlasv1\.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}", "HCP Terraform API tokens"),
    token("pulumi", "PULUMI_TOKEN", r"pul-[a-f0-9]{8}", r"pul-[a-f0-9]{40}\b", "Pulumi access tokens"),
    token("harness", "HARNESS_TOKEN", r"[ps]at\.[\w-]{8}", r"[ps]at\.[\w-]{22}\.[a-f0-9]{24}\.[A-Za-z0-9]{20}\b", "Harness API keys"),
    token("octopus", "OCTOPUS_KEY", r"API-[A-Z0-9]{8}", r"API-[A-Z0-9]{25,32}\b", "Octopus Deploy API keys"),
    token("sonar", "SONAR_TOKEN", r"sq[aup]_[a-f0-9]{8}", r"sq[aup]_[a-f0-9]{40}\b", "SonarQube tokens"),
    token("snyk", "SNYK_TOKEN", r"snyk_(?:uat|sat)\.", r"snyk_(?:uat|sat)\.[a-f0-9]{8}\.[\w.-]{40,}", "Snyk token formats"),
    token("prefect", "PREFECT_KEY", r"pn[ub]_[A-Za-z0-9]{8}", r"pn[ub]_[A-Za-z0-9]{36}\b", "Prefect Cloud API keys"),
    token("launchdarkly", "LAUNCHDARKLY_KEY", r"(?:sdk|api)-[a-f0-9]{8}-", r"(?:sdk|api)-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}\b",
          "LaunchDarkly SDK keys and access tokens"),
    token("tailscale", "TAILSCALE_KEY", r"tskey-[a-z]{2,10}-", r"tskey-[a-z]{2,10}-[A-Za-z0-9-]{16,}", "Tailscale key prefixes"),
)  # fmt: skip

CODE_DETECTORS: Final[tuple[Detector, ...]] = REPOSITORIES + REGISTRIES + BUILDS
