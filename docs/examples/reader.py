"""A reader of the feed: counts events by type in SQLite, each exactly once, and goes on where it stopped.

CLIENT=portal SECRET=portal-secret python reader.py http://127.0.0.1:8080 events.db
"""

import base64
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing
from typing import Any

CREDENTIALS = base64.b64encode(f"{os.environ['CLIENT']}:{os.environ['SECRET']}".encode()).decode()
WAIT = 20
"""Seconds that the product waits for an event."""


def answered(request: urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=WAIT + 60) as answer:
        return json.load(answer)


def new_token(product: str) -> str:
    request = urllib.request.Request(f"{product}/oauth/token", b"grant_type=client_credentials")
    request.add_header("Authorization", f"Basic {CREDENTIALS}")
    return str(answered(request)["access_token"])


def page(product: str, token: str, after: int) -> dict[str, Any]:
    query = urllib.parse.urlencode({"after": after, "limit": 200, "wait": WAIT})
    request = urllib.request.Request(f"{product}/api/v1/events?{query}")
    request.add_header("Authorization", f"Bearer {token}")
    read: dict[str, Any] = answered(request)
    return read


def use(database: sqlite3.Connection, found: dict[str, Any]) -> None:
    """One transaction has what follows from the events, and the number after which to go on."""
    with database:
        for event in found["items"]:
            database.execute(
                "INSERT INTO counts VALUES (?, 1) ON CONFLICT (type) DO UPDATE SET events = events + 1", [event["type"]]
            )
        database.execute("UPDATE cursor SET number = ?", [found["next"]])


def read_on(product: str, database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE IF NOT EXISTS counts(type TEXT PRIMARY KEY, events INTEGER)")
    database.execute("CREATE TABLE IF NOT EXISTS cursor(number INTEGER)")
    with database:
        database.execute("INSERT INTO cursor SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM cursor)")
    token = ""
    while True:
        (number,) = database.execute("SELECT number FROM cursor").fetchone()
        try:
            token = token or new_token(product)
            found = page(product, token, number)
        except OSError as error:  # nobody answers, or an answer that is none
            if isinstance(error, urllib.error.HTTPError) and error.code in (400, 403, 404):
                raise
            token = ""  # it may have ended
            print(f"tries again: {error}", file=sys.stderr, flush=True)
            time.sleep(1)
            continue
        use(database, found)
        if found["items"]:
            print(f"up to {found['next']} of {found['last']}", flush=True)


if __name__ == "__main__":
    with closing(sqlite3.connect(sys.argv[2])) as counted:
        read_on(sys.argv[1].rstrip("/"), counted)
