"""The address of the current request."""

from urllib.parse import quote

import flask

from facade.web.public_address import public_address


def origin() -> str:
    """Where the client reaches us, without a path of ours; empty outside of a request."""
    return public_address(flask.request.environ["asgi.scope"]) if flask.has_request_context() else ""


def requested_address() -> str:
    """As the client reached it, without the query."""
    return f"{origin()}{quote(flask.request.path)}"
