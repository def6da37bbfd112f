"""Conditional requests with If-Match and If-None-Match (RFC 9110, section 13.1)."""

import flask
from werkzeug.datastructures import ETags

from canonical.shared.errors import VersionMismatch


def required_versions() -> ETags | None:
    """The versions in If-Match of the current request; None without that header, which is not the same as
    an empty one.
    """
    return flask.request.if_match if "If-Match" in flask.request.headers else None


def check_version(required: ETags | None, version: int | str) -> None:
    """Raises VersionMismatch if If-Match was sent and does not name the version, by its entity tag."""
    if required is not None and not required.contains(str(version)):
        text = f"If-Match names another version than {version}, which is the current one: read it again"
        raise VersionMismatch(text, version=version)


def known_versions() -> ETags | None:
    """What If-None-Match of the request at hand names; None without that header."""
    return flask.request.if_none_match if "If-None-Match" in flask.request.headers else None


def not_modified(version: str) -> flask.Response:
    """304: the client has the version that the resource has now."""
    return flask.Response(status=304, headers={"ETag": f'"{version}"'})
