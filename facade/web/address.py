"""The address of the current request."""

from urllib.parse import quote

import flask


def origin() -> str:
    """Scheme and host as the client reached them; empty outside of a request."""
    return f"{flask.request.scheme}://{flask.request.host}" if flask.has_request_context() else ""


def requested_address() -> str:
    """As the client reached it, without the query. Flask's `base_url` says the same ten times slower."""
    request = flask.request
    return f"{request.scheme}://{request.host}{quote(request.path)}"
