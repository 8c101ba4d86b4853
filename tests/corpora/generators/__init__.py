"""The generators of the corpora: seeded, built from the issuers' specifications, never from anybody's patterns."""
