"""Which pages in a browser may call us (CORS, the Fetch standard): those of the origins that the operator allows."""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from facade.web.methods import METHODS

SENT = (
    "Authorization",
    "Content-Range",
    "Content-Type",
    "Correction-Reason",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Prefer",
    "Range",
    "X-Correlation-Id",
    "traceparent",
    "tracestate",
)
"""Headers of requests that our contracts know, and those of a trace (W3C Trace Context). Browsers send `Accept` and its
like without asking.
"""
SHOWN = (
    "Content-Range",
    "Deprecation",
    "ETag",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "WWW-Authenticate",
    "X-Audit-Record",
    "X-Bridge-Losses",
    "X-Carried-Extensions",
    "X-Correlation-Id",
    "X-Repeats",
    "X-Result-Count",
    "X-Total-Count",
)
"""Headers of answers that a page may read."""
REMEMBERED_SECONDS = 600


def for_browsers(app: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """`app` for pages of these origins. A browser's question beforehand (OPTIONS) is answered without a token.

    Cookies are not allowed: clients send their token in `Authorization`.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=list(METHODS),
        allow_headers=list(SENT),
        expose_headers=list(SHOWN),
        max_age=REMEMBERED_SECONDS,
    )
