"""What `docker context` keeps, read as the command `docker` reads it: names, addresses, certificates.

Its store (docker/cli, cli/context/store): contexts/meta/<sha256 of the name>/meta.json and, beside it,
contexts/tls/<the same>/docker/ with ca.pem, cert.pem and key.pem; which one is used stands in config.json.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import docker.tls
import msgspec

from anyunix.errors import ConfigurationError, PlatformError
from anyunix.host.regular import read_text
from anyunix.text import nearest

T = TypeVar("T")
DEFAULT = "default"
"""The context that is in no file: the engine of this machine."""


class _Config(msgspec.Struct):
    current: str = msgspec.field(name="currentContext", default="")


class _Endpoint(msgspec.Struct):
    host: str = msgspec.field(name="Host", default="")
    unverified: bool = msgspec.field(name="SkipTLSVerify", default=False)


class _Meta(msgspec.Struct):
    name: str = msgspec.field(name="Name")
    endpoints: dict[str, _Endpoint] = msgspec.field(name="Endpoints", default_factory=dict)


@dataclass(frozen=True)
class Context:
    """A context's address, and how its engine's certificate is looked at."""

    host: str
    tls: docker.tls.TLSConfig | None


def folder_of(environment: Mapping[str, str]) -> Path:
    """Where Docker's client keeps its files."""
    return Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker")


def current_name(folder: Path) -> str:
    """The context that `docker context use` chose. Raises PlatformError for a file that cannot be read."""
    file = folder / "config.json"
    return (_read(file, _Config).current if file.exists() else "") or DEFAULT


def read_context(folder: Path, name: str, chosen_by: str) -> Context:
    """A context by its name. Raises PlatformError for one that is not there, or cannot be used."""
    key = hashlib.sha256(name.encode()).hexdigest()
    file = folder / "contexts" / "meta" / key / "meta.json"
    if not file.exists():
        known = [DEFAULT, *sorted(_names(folder))]
        raise PlatformError(
            f"the Docker context {name!r} ({chosen_by}) is not there{nearest(name, known)}: there are "
            f"{', '.join(known)} in {folder}; `docker context use NAME` or DOCKER_CONTEXT=NAME chooses one"
        )
    endpoint = _read(file, _Meta).endpoints.get("docker")
    if endpoint is None or not endpoint.host:
        raise PlatformError(f"the Docker context {name!r} ({chosen_by}) names no engine: {file} has no Host")
    certificates = folder / "contexts" / "tls" / key / "docker"
    secured = certificates.is_dir() or (endpoint.unverified and endpoint.host.startswith("tcp://"))
    return Context(endpoint.host, read_tls(certificates, verify=not endpoint.unverified) if secured else None)


def read_tls(folder: Path, *, verify: bool) -> docker.tls.TLSConfig:
    """The certificates of a folder: its ca.pem, else the authorities that everybody knows, and a client's own with
    its key, where it has them. Raises PlatformError.
    """
    authority, certificate, key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
    if certificate.is_file() != key.is_file():
        lacks = key if certificate.is_file() else certificate
        raise PlatformError(f"{lacks} is not there: a client of the Docker engine needs cert.pem and key.pem, or none")
    return docker.tls.TLSConfig(
        client_cert=(str(certificate), str(key)) if key.is_file() else None,
        ca_cert=str(authority) if authority.is_file() else None,
        verify=verify,
    )


def _names(folder: Path) -> Iterator[str]:
    for file in (folder / "contexts" / "meta").glob("*/meta.json"):
        yield _read(file, _Meta).name


def _read(file: Path, kind: type[T]) -> T:
    try:
        found: Any = msgspec.json.decode(read_text(file), type=kind)
    except (ConfigurationError, msgspec.MsgspecError, RecursionError) as error:
        raise PlatformError(f"{file}, a file of the command `docker`, cannot be read: {error}") from None
    return found  # type: ignore[no-any-return]
