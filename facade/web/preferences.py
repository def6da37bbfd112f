"""What a client prefers: the header `Prefer` (RFC 7240)."""

from werkzeug.http import parse_list_header

RESPOND_ASYNC = "respond-async"
"""The client prefers an answer at once to one that waits for the result."""


def preferences(header: str) -> frozenset[str]:
    """The names of the preferences in lower case, without their values and parameters."""
    listed = parse_list_header(header)
    return frozenset(one.partition(";")[0].partition("=")[0].strip().lower() for one in listed)
