"""May this pass: the guardrail providers."""
