"""A receiver of notifications: checks signatures, recognises repetitions, answers at once.

SECRET=whsec_... python receiver.py 8000
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OLDEST_SECONDS = 300
KEY = base64.b64decode(os.environ["SECRET"].removeprefix("whsec_"))
SEEN: set[str] = set()
"""Event ids. A real receiver keeps them in its database, in the transaction that uses the event."""


def is_genuine(event_id: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """Whether one of the signatures is ours, and the notification was sent lately."""
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > OLDEST_SECONDS:
        return False
    digest = hmac.new(KEY, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = f"v1,{base64.b64encode(digest).decode()}"
    return any(hmac.compare_digest(expected, one) for one in signatures.split(" "))


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        event_id = self.headers.get("webhook-id", "")
        sent = (self.headers.get("webhook-timestamp", ""), self.headers.get("webhook-signature", ""))
        if not is_genuine(event_id, *sent, body):
            self.answer(401)
            return
        if event_id not in SEEN:
            SEEN.add(event_id)
            print(json.loads(body)["eventType"], event_id, flush=True)
        self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Only events are printed."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
