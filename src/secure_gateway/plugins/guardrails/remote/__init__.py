"""Guardrails that ask a service elsewhere. Whatever it answers that is not exactly what was agreed is an error, and an error denies."""
