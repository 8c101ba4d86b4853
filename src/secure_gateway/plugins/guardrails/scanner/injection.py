"""Instructions to the model inside data: weighted signals over folded text, which the scanner adds up per string."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.injection_address import ADDRESS
from secure_gateway.plugins.guardrails.scanner.injection_english import INSTRUCTIONS
from secure_gateway.plugins.guardrails.scanner.injection_goals import GOALS
from secure_gateway.plugins.guardrails.scanner.injection_languages import OTHER_LANGUAGES
from secure_gateway.plugins.guardrails.scanner.injection_tools import FORGERY, HIDDEN, STEERING

INJECTION_DETECTORS: tuple[Detector, ...] = (
    INSTRUCTIONS + OTHER_LANGUAGES + FORGERY + STEERING + GOALS + ADDRESS + HIDDEN
)
