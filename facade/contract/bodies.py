"""Reads whole bodies of requests, up to a limit."""

from starlette.types import Receive

from facade.contract.violations import BodyTooLarge, MalformedBody

BODY_LIMIT = 1024 * 1024


async def whole_body(receive: Receive, limit: int = BODY_LIMIT) -> bytes:
    """Raises BodyTooLarge as soon as the limit is passed, or MalformedBody if the rest will not come, because the
    client went away or for the `reason` that the server gives.
    """
    parts: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedBody(message.get("reason", "The connection closed before the body was complete."))
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > limit:
            raise BodyTooLarge(limit)
        more = message.get("more_body", False)
    return b"".join(parts)
