"""The SSL context of a connection to a plugin server."""

from __future__ import annotations

import logging
import ssl

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.external.settings import TlsFiles

_log = logging.getLogger(__name__)


def make_context(name: str, files: TlsFiles | None) -> ssl.SSLContext:
    """Return the context for the plugin ``name``: the authorities of the machine, or those of ``files``. Raises ``ConfigError``."""
    if files is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=files.ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise _unusable("ca_bundle", error) from None
    if files.certfile is not None:
        # Without a password of its own, OpenSSL would ask at the terminal for the one of an encrypted key.
        password = files.keyfile_password or ""
        try:
            context.load_cert_chain(files.certfile, files.keyfile, lambda: password)
        except (OSError, ssl.SSLError, ValueError) as error:
            raise _unusable("certfile", error) from None
    if not files.verify:
        _log.warning("plugin %r: mcp.tls.verify is false, so anybody on the way can read and change its answers", name)
    elif not files.check_hostname:
        _log.warning("plugin %r: mcp.tls.check_hostname is false; any certificate of its authorities will do", name)
    context.check_hostname = files.verify and files.check_hostname
    context.verify_mode = ssl.CERT_REQUIRED if files.verify else ssl.CERT_NONE
    return context


def _unusable(key: str, error: Exception) -> ConfigError:
    found = f"a file that cannot be used ({type(error).__name__})"
    expected = (
        "PEM files that fit together, and their password" if key == "certfile" else "a PEM file with certificates"
    )
    return ConfigError(Problem(f"$.mcp.tls.{key}", found, expected))
