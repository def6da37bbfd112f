"""The address of the current request."""

from urllib.parse import quote

import flask

from facade.web.public_address import public_address


def origin() -> str:
    """Where the client reaches us: no path of ours, no slash at the end. Empty outside of a request."""
    if not flask.has_request_context():
        return ""
    scope = flask.request.environ.get("asgi.scope")
    return flask.request.host_url.rstrip("/") if scope is None else public_address(scope)


def requested_address() -> str:
    """As the client reached it, without the query."""
    return f"{origin()}{quote(flask.request.path)}"
