"""Configuration: from the bytes of ``config.json`` to frozen models, with every mistake named at once.

Nothing is imported here: the models need pydantic, which only whoever loads a configuration should pay for.
"""
