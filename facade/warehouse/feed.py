"""The product's feed of events and its list of products, over HTTP with a token of the client credentials grant."""

from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import quote_plus, urlsplit

import requests
from requests.auth import AuthBase

from canonical.shared import jsontext
from facade.warehouse.errors import FeedAway, NotAllowed, WarehouseError

PAGE = 200
"""The most events of one answer."""
ANSWER_SECONDS = 60.0
"""How long an answer may take, beside what it waits for events."""
EARLY_SECONDS = 30.0
"""A token is renewed so long before it ends."""
EVENTS, PRODUCTS = "/api/v1/events", "/tmf-api/productInventory/v5/product"
EVERYBODY, EVERY_PRODUCT = "events:read:all", "inventory:read:all"
FIRST_PRODUCTS = f"limit={PAGE}"
SCOPES = {EVENTS: f"events:read and {EVERYBODY}", PRODUCTS: f"inventory:read and {EVERY_PRODUCT}"}
TRY_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the feed is, and who reads it. `ca_bundle`: a file of authorities; without it the public ones count."""

    url: str
    token_url: str
    client: str
    secret: str
    ca_bundle: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the feed: its text, the number to go on after, and the number of the newest event of all."""

    text: str
    items: list[dict[str, Any]]
    next: int
    last: int


@dataclass(frozen=True, slots=True)
class Products:
    """A page of the list of products: its text, and the query of the next page if there is one."""

    text: str
    next: str | None


class Bearer(AuthBase):
    """requests would take credentials from ~/.netrc instead of a header that is only set."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Feed:
    """Raises FeedAway for what may pass, WarehouseError for what somebody has to change: NotAllowed for a scope."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._http = requests.Session()
        self._token = Bearer("")
        self._ends = 0.0
        self.sees_all = self.sees_products = True
        """Whether the client reads everybody's events and products. False if its token says so."""

    def page(self, after: int, wait: int = 0, limit: int = PAGE) -> Page:
        """The events after a number with their documents. Without one, waits for it up to `wait` seconds."""
        answer = self._got(f"{EVENTS}?after={after}&limit={limit}&include=document&wait={wait}", wait)
        try:
            read = jsontext.read_kept(answer.text)
            return Page(answer.text, read["items"], int(read["next"]), int(read["last"]))
        except (ValueError, KeyError, TypeError) as error:
            raise WarehouseError(f"what {self.source.url} answers is no page of events") from error

    def products(self, query: str = FIRST_PRODUCTS) -> Products:
        """A page of what customers have, as it is now; `query` is that of `next` of the page before."""
        answer = self._got(f"{PRODUCTS}?{query}")
        # Its address may be that which clients use (PUBLIC_URL), and not ours.
        following = urlsplit(answer.links.get("next", {}).get("url", "")).query
        return Products(answer.text, following or None)

    def _got(self, path: str, wait: int = 0) -> requests.Response:
        answer = self._asked(path, wait)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._ends = 0.0
            answer = self._asked(path, wait)
        _check(answer, self.source, path.partition("?")[0])
        return answer

    def _asked(self, path: str, wait: int) -> requests.Response:
        if monotonic() >= self._ends:
            self._renew()
        timeout = (ANSWER_SECONDS, wait + ANSWER_SECONDS)
        return self._sent("GET", f"{self.source.url}{path}", auth=self._token, timeout=timeout)

    def _renew(self) -> None:
        source = self.source
        answer = self._sent(
            "POST",
            source.token_url,
            data={"grant_type": "client_credentials"},
            auth=(quote_plus(source.client), quote_plus(source.secret)),  # RFC 6749 section 2.3.1
            timeout=ANSWER_SECONDS,
        )
        if answer.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise WarehouseError(
                f"{source.token_url} gives the client {source.client} no token ({answer.status_code}): "
                "check WAREHOUSE_CLIENT and WAREHOUSE_SECRET"
            )
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code in TRY_AGAIN:
            raise FeedAway(f"{source.token_url} answers {answer.status_code}")
        if answer.status_code != HTTPStatus.OK:
            raise WarehouseError(f"{source.token_url} answers {answer.status_code}: check WAREHOUSE_TOKEN_URL")
        try:
            token = jsontext.read_kept(answer.text)
            self._token, seconds = Bearer(str(token["access_token"])), float(token.get("expires_in", EARLY_SECONDS * 2))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WarehouseError(f"what {source.token_url} answers is no token: check WAREHOUSE_TOKEN_URL") from error
        if "scope" in token:
            scopes = str(token["scope"]).split()
            self.sees_all, self.sees_products = EVERYBODY in scopes, EVERY_PRODUCT in scopes
        self._ends = monotonic() + max(seconds - EARLY_SECONDS, 1.0)

    def _sent(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            # Given with each request: requests lets REQUESTS_CA_BUNDLE win over the session's.
            return self._http.request(
                method, url, allow_redirects=False, verify=self.source.ca_bundle or True, **options
            )
        except requests.exceptions.SSLError as error:
            raise FeedAway(f"{url} has no certificate that we trust (WAREHOUSE_CA_BUNDLE): {error}") from error
        except requests.RequestException as error:
            raise FeedAway(f"nobody answers at {url}: {type(error).__name__}") from error
        except OSError as error:  # requests found no such file
            raise WarehouseError(f"WAREHOUSE_CA_BUNDLE cannot be read: {error}") from error


def _check(answer: requests.Response, source: Source, path: str) -> None:
    status = answer.status_code
    if answer.ok and not answer.is_redirect:  # a part of a list is 206
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in TRY_AGAIN:
        raise FeedAway(f"{source.url} answers {status}")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise NotAllowed(
            f"{source.url} refuses the client {source.client} ({status}): it needs the scopes {SCOPES[path]}"
        )
    raise WarehouseError(f"{source.url}{path} answers {status}: check WAREHOUSE_SOURCE")
