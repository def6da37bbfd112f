"""The signing key of the development authorization server: made once, then shared by every process and every start."""

import json
import os
import tempfile
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from facade.security.errors import ConfigurationError
from facade.security.keys import DEVELOPMENT_KID_PREFIX

FILE_NAME = "development-signing-key.json"


def development_key(state_dir: Path) -> RSAKey:
    """The key kept in a directory, made there when it is missing.

    Processes that start at the same time get the same key: each writes its own complete file (mode 0600), and the
    one whose link comes first stays. Raises ConfigurationError for a file that holds no
    development key, and for a directory that cannot keep one.
    """
    path = state_dir / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        key = RSAKey.import_key(json.loads(path.read_bytes()))
    except OSError as failure:
        raise ConfigurationError("state_dir", f"cannot keep the signing key at {path}: {failure.strerror}") from failure
    except (JoseError, ValueError, TypeError, KeyError) as failure:
        raise ConfigurationError("state_dir", f"{path} holds no signing key; remove it to get a new one") from failure
    if not str(key.kid).startswith(DEVELOPMENT_KID_PREFIX):
        # Production tells development keys by their id.
        raise ConfigurationError("state_dir", f"{path} was not made by the development server")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = RSAKey.generate_key(2048)
    kept = {**key.as_dict(private=True), "kid": DEVELOPMENT_KID_PREFIX + key.thumbprint()[:16], "alg": "RS256"}
    # mkstemp makes the file with mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({**kept, "use": "sig"}, file)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        # Another process was first; its key is read.
        pass
    finally:
        Path(name).unlink()
