"""Signatures of what is sent to listeners, by Standard Webhooks (https://www.standardwebhooks.com)."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping

from canonical.listeners.delivery import SECRET_PREFIX


def signed(event_id: str, timestamp: int, body: bytes, keys: Iterable[str]) -> Mapping[str, str]:
    """The headers that say who sent the body and when: one signature by each key."""
    content = b"%b.%d.%b" % (event_id.encode(), timestamp, body)
    signatures = (
        hmac.new(b64decode(key.removeprefix(SECRET_PREFIX)), content, hashlib.sha256).digest() for key in keys
    )
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{b64encode(one).decode()}" for one in signatures),
    }
