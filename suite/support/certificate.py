"""TLS with the one certificate that a subject file names, whoever signed it and whenever it ends."""

import re
import socket
import ssl
from pathlib import Path

from support.voice import Unserved

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class WrongCertificate(Unserved):
    """The server showed another certificate, or the file holds none."""

    answered = True


def pinned(peer: socket.socket, file: Path) -> ssl.SSLSocket:
    """The same connection behind a handshake, with whoever has that certificate's key.

    Raises OSError, WrongCertificate.

    RFC 8446 4.4.3: the server's signature proves that it has the key. That the certificate is the very same one says
    who it is; its dates, names and issuer say nothing more.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        wanted = _first_of(file)
        secured = context.wrap_socket(peer)
    except BaseException:
        peer.close()
        raise
    if secured.getpeercert(binary_form=True) != wanted:
        secured.close()
        raise WrongCertificate(f"the server shows another certificate than the one in {file}")
    return secured


def _first_of(file: Path) -> bytes:
    try:
        found = PEM.search(file.read_text())
    except OSError as error:
        raise WrongCertificate(f"talk.tls: {file} cannot be read: {error.strerror}") from None
    if found is None:
        raise WrongCertificate(f"talk.tls: no certificate in {file} (PEM)")
    return ssl.PEM_cert_to_DER_cert(found[0])
