"""What `docker context create` writes."""

import json
import shutil
from hashlib import sha256
from pathlib import Path


def make_context(folder: Path, name: str, host: str, certificates: Path | None = None) -> None:
    """As `docker context create NAME --docker host=…,ca=…,cert=…,key=…` does it, in Docker's folder."""
    key = sha256(name.encode()).hexdigest()
    meta, tls = folder / "contexts" / "meta" / key, folder / "contexts" / "tls" / key / "docker"
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    if certificates:
        tls.mkdir(parents=True)
        for file in ("ca.pem", "cert.pem", "key.pem"):
            shutil.copy(certificates / file, tls)
