"""The product's feed of events, read over HTTP with a token of the client credentials grant."""

from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any

import requests
from requests.auth import AuthBase

from canonical.shared import jsontext
from facade.warehouse.errors import FeedAway, WarehouseError

PAGE = 200
"""The most events of one answer."""
ANSWER_SECONDS = 60.0
"""How long an answer may take, beside what it waits for events."""
EARLY_SECONDS = 30.0
"""A token is renewed so long before it ends."""
EVERYBODY = "events:read:all"
TRY_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the feed is, and who reads it."""

    url: str
    token_url: str
    client: str
    secret: str


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the feed: its text, the number to go on after, and the number of the newest event of all."""

    text: str
    items: list[dict[str, Any]]
    next: int
    last: int


class Bearer(AuthBase):
    """requests would take credentials from ~/.netrc instead of a header that is only set."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Feed:
    """Raises FeedAway for what may pass, WarehouseError for what somebody has to change."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._http = requests.Session()
        self._token = Bearer("")
        self._ends = 0.0
        self.sees_all = True
        """False if the token endpoint said that the client does not read everybody's events."""

    def page(self, after: int, wait: int = 0, limit: int = PAGE) -> Page:
        """The events after a number with their documents. Without one, waits for it up to `wait` seconds."""
        query: dict[str, str | int] = {"after": after, "limit": limit, "include": "document", "wait": wait}
        answer = self._asked(query, wait)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._ends = 0.0
            answer = self._asked(query, wait)
        _check(answer, self.source)
        try:
            read = jsontext.read_kept(answer.text)
            return Page(answer.text, read["items"], int(read["next"]), int(read["last"]))
        except (ValueError, KeyError, TypeError) as error:
            raise WarehouseError(f"what {self.source.url} answers is no page of events") from error

    def _asked(self, query: dict[str, str | int], wait: int) -> requests.Response:
        if monotonic() >= self._ends:
            self._renew()
        url = f"{self.source.url}/api/v1/events"
        return self._sent("GET", url, params=query, auth=self._token, timeout=(ANSWER_SECONDS, wait + ANSWER_SECONDS))

    def _renew(self) -> None:
        source = self.source
        answer = self._sent(
            "POST",
            source.token_url,
            data={"grant_type": "client_credentials"},
            auth=(source.client, source.secret),
            timeout=ANSWER_SECONDS,
        )
        if answer.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise WarehouseError(
                f"{source.token_url} gives the client {source.client} no token ({answer.status_code}): "
                "check WAREHOUSE_CLIENT and WAREHOUSE_SECRET"
            )
        if not answer.ok:
            raise FeedAway(f"{source.token_url} answers {answer.status_code}")
        try:
            token = jsontext.read_kept(answer.text)
            self._token, seconds = Bearer(str(token["access_token"])), float(token.get("expires_in", EARLY_SECONDS * 2))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WarehouseError(f"what {source.token_url} answers is no token: check WAREHOUSE_TOKEN_URL") from error
        self.sees_all = EVERYBODY in str(token.get("scope", EVERYBODY)).split()
        self._ends = monotonic() + max(seconds - EARLY_SECONDS, 1.0)

    def _sent(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._http.request(method, url, allow_redirects=False, **options)
        except requests.RequestException as error:
            raise FeedAway(f"nobody answers at {url}: {type(error).__name__}") from error


def _check(answer: requests.Response, source: Source) -> None:
    status = answer.status_code
    if status == HTTPStatus.OK:
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in TRY_AGAIN:
        raise FeedAway(f"{source.url} answers {status}")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise WarehouseError(
            f"{source.url} refuses the client {source.client} ({status}): "
            f"it needs the scopes events:read and {EVERYBODY}"
        )
    raise WarehouseError(f"{source.url} answers {status} for its events: check WAREHOUSE_SOURCE")
