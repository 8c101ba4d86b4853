"""The stages of a request's walk. ``gateway.py`` puts them in line; each file here is one of them."""
