"""Ours and named peers, measured interleaved in one run. Only the ratios mean anything: machines drift."""
