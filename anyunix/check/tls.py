"""TLS with one address: what a handshake shows of it, and errors in plain words."""

import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

from anyunix.check.certificate import Certificate, read_certificate
from anyunix.check.der import DerError
from anyunix.check.reach import connect
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text

SELF_SIGNED, EXPIRED, NOT_YET = (18, 19), 10, 9
"""Of `man openssl-verification-options`: X509_V_ERR_…"""
UNTRUSTED = {
    EXPIRED: "a certificate of its chain is expired",
    NOT_YET: "a certificate of its chain is not valid yet",
    18: "it is signed by itself, and not among those trusted here",
    19: "its chain ends in a root that is not trusted here",
    20: "its issuer is not known here: the server does not send the intermediate, or the root is not trusted",
    21: "its issuer is not known here: the server does not send the intermediate, or the root is not trusted",
}
REASONS = {
    "WRONG_VERSION_NUMBER": "it answers, but not with TLS",
    "RECORD_LAYER_FAILURE": "it answers, but not with TLS",
    "HTTP_REQUEST": "it answers, but not with TLS",
    "UNEXPECTED_EOF_WHILE_READING": "it ends the connection in the middle of TLS",
    "UNSUPPORTED_PROTOCOL": "it has no version of TLS that this machine still takes",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it takes no version of TLS that this machine has",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it serves clients with a certificate alone",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it refuses the handshake: no cipher in common, or it wants a client certificate",
    "TLSV1_UNRECOGNIZED_NAME": "it does not know the name",
}
"""OpenSSL's names of reasons, as `ssl.SSLError.reason` has them, where they can be said plainly."""


@dataclass(frozen=True)
class Handshake:
    """With one address."""

    error: str = ""
    """Why there is none; empty when it succeeded."""
    version: str = ""
    milliseconds: float = 0.0
    certificate: Certificate | None = None
    untrusted: str = ""
    """Why its chain is not trusted here; empty when it is."""


@dataclass(frozen=True)
class TlsClient:
    """A client that asks for one name, and what it trusts."""

    name: str
    trusted: ssl.SSLContext

    def handshake(self, address: str, port: int, seconds: float) -> Handshake:
        """One for what there is to see, then one that trusts nobody without a chain."""
        try:
            with connect(address, port, seconds) as peer:
                begun = time.monotonic()
                with self.over(peer) as shown:
                    took = (time.monotonic() - begun) * 1000
                    version, der = shown.version() or "", shown.getpeercert(binary_form=True)
            certificate = read_certificate(der) if der else None
        except DerError as error:
            return Handshake(f"its certificate cannot be read: {error}")
        except (OSError, ValueError) as error:
            return Handshake(why(error, seconds))
        return Handshake("", version, took, certificate, self._untrusted(address, port, seconds))

    def over(self, peer: socket.socket) -> ssl.SSLSocket:
        """TLS on a connected socket, which it takes over, with whatever certificate. Raises OSError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(peer, server_hostname=self._asked)

    def _untrusted(self, address: str, port: int, seconds: float) -> str:
        try:
            with connect(address, port, seconds) as peer, self.trusted.wrap_socket(peer, server_hostname=self._asked):
                return ""
        except ssl.SSLCertVerificationError as error:
            return UNTRUSTED.get(error.verify_code, error.verify_message)
        except (OSError, ValueError) as error:
            return f"its chain is not known: at the second handshake {why(error, seconds)}"

    @property
    def _asked(self) -> str:
        return self.name.partition("%")[0].rstrip(".")


def trusted(pinned: Path | None) -> ssl.SSLContext:
    """The system's store, or the certificates of one PEM file, roots or not. Names are compared elsewhere.

    Raises ConfigurationError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if pinned is None:
        context.load_default_certs()
        return context
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=read_text(pinned))
    except (ssl.SSLError, ValueError):
        raise ConfigurationError(f"--ca {pinned}: expected certificates in PEM, found none that can be read") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"--ca {error}") from None
    return context


def why(error: OSError | ValueError, seconds: float) -> str:
    """In plain words."""
    if isinstance(error, TimeoutError):
        return f"nothing within {seconds:g} s"
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        return REASONS.get(reason) or f"TLS fails: {reason.lower().replace('_', ' ') or error.strerror or error}"
    return getattr(error, "strerror", "") or str(error)
