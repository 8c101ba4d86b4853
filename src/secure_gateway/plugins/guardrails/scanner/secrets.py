"""Credentials: all detectors. Each format is the issuer's own description of it; the tables stand by family beside this file."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.secrets_cloud import CLOUD_DETECTORS
from secure_gateway.plugins.guardrails.scanner.secrets_code import CODE_DETECTORS
from secure_gateway.plugins.guardrails.scanner.secrets_messages import MESSAGE_DETECTORS
from secure_gateway.plugins.guardrails.scanner.secrets_models import MODEL_DETECTORS
from secure_gateway.plugins.guardrails.scanner.secrets_named import NAMED_DETECTORS
from secure_gateway.plugins.guardrails.scanner.secrets_services import SERVICE_DETECTORS
from secure_gateway.plugins.guardrails.scanner.secrets_shapes import SHAPE_DETECTORS

SECRET_DETECTORS: Final[tuple[Detector, ...]] = (
    CLOUD_DETECTORS
    + CODE_DETECTORS
    + MODEL_DETECTORS
    + MESSAGE_DETECTORS
    + SERVICE_DETECTORS
    + SHAPE_DETECTORS
    + NAMED_DETECTORS
)
