"""How much the guardrails find, and how often they are wrong: ours and the peers on the same lines."""
