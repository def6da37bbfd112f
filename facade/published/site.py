"""The pages: an index, each contract to read and to try, as JSON, YAML and a Postman collection. No token is needed."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape
from pathlib import Path
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send
from swagger_ui_bundle import swagger_ui_path

from facade.answers import ErrorAnswer
from facade.published.contracts import PublishedContract
from facade.published.postman import collection
from facade.web.errors import FRAMEWORK_DETAILS
from facade.web.public_address import public_address
from facade.web.request_guard import refuse

HTML, CSS, JSON = "text/html; charset=utf-8", "text/css; charset=utf-8", "application/json"
YAML, SCRIPT = "application/yaml; charset=utf-8", "text/javascript; charset=utf-8"
METHODS = ("GET", "HEAD")
ONLY_READ = ErrorAnswer(
    405, "METHOD_NOT_ALLOWED", "Method Not Allowed", FRAMEWORK_DETAILS[405], headers={"Allow": ", ".join(METHODS)}
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a browser may load for a page: nothing from elsewhere, and nothing that is written into the page."""
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
OURS, SWAGGER_UI = Path(__file__).parent / "assets", Path(swagger_ui_path)
ASSETS: Mapping[Path, str] = {
    OURS / "page.css": CSS,
    OURS / "page.js": SCRIPT,
    SWAGGER_UI / "swagger-ui.css": CSS,
    SWAGGER_UI / "swagger-ui-bundle.js": SCRIPT,
}
"""What the pages load, by its media type. Both folders are of installed packages."""
SOURCE_MAP = re.compile(rb"\s*(?://|/\*)# sourceMappingURL=\S+(?: ?\*/)?\s*$")
"""The reference at the end of a file to what only its authors need."""


class Page(NamedTuple):
    """`content` gets the address at which the client reaches us."""

    media_type: str
    content: Callable[[str], bytes]


class Site:
    """ASGI middleware that serves pages and leaves all other requests to `app`.

    A thread of its own makes the texts: that of a contract takes up to seconds, and only the first reader waits for it.
    """

    def __init__(self, app: ASGIApp, pages: Mapping[str, Page]) -> None:
        self._app = app
        self._pages = pages
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pages")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = self._pages.get(scope["path"]) if scope["type"] == "http" else None
        if page is None:
            await self._app(scope, receive, send)
            return
        if scope["method"] not in METHODS:
            await refuse(ONLY_READ, scope, send)
            return
        content = await asyncio.get_running_loop().run_in_executor(self._thread, page.content, public_address(scope))
        told = {**HEADERS, "content-type": page.media_type, "content-length": str(len(content))}
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})


def pages_of(contracts: Iterable[PublishedContract], version: str) -> dict[str, Page]:
    """The pages by their addresses. `version` is that of the product."""
    known = list(contracts)
    assets = {file.name: Page(kind, partial(_asset, _read(file))) for file, kind in ASSETS.items()}
    found = {f"/docs/{name}": page for name, page in assets.items()}
    for address, below in (("/", "docs/"), ("/docs", "docs/")):
        found[address] = Page(HTML, lambda _, below=below: _index(known, version, below))  # type: ignore[misc]
    for one in known:
        found[f"/docs/{one.name}"] = Page(HTML, partial(_contract_page, one))
        found[f"/docs/{one.name}.json"] = Page(JSON, lambda _, one=one: one.json)  # type: ignore[misc]
        found[f"/docs/{one.name}.yaml"] = Page(YAML, lambda _, one=one: one.yaml)  # type: ignore[misc]
        found[f"/docs/{one.name}.postman.json"] = Page(JSON, lambda at, one=one: collection(one, at))  # type: ignore[misc]
    return found


IN_DEVELOPMENT = (
    "In development, <code>curl -s -u portal:portal-secret -d grant_type=client_credentials "
    "http://127.0.0.1:8080/oauth/token</code> answers one as <code>access_token</code>."
)


def _index(contracts: Sequence[PublishedContract], version: str, below: str) -> bytes:
    rows = "\n".join(
        f'<tr><td><a href="{below}{one.name}">{escape(one.title)}</a></td>'
        f"<td><code>{escape(one.base_path or '/')}</code></td>"
        f'<td><a href="{below}{one.name}.json">JSON</a></td><td><a href="{below}{one.name}.yaml">YAML</a></td>'
        f'<td><a href="{below}{one.name}.postman.json">Postman</a></td></tr>'
        for one in contracts
    )
    issues_tokens = any(one.name == "oauth" for one in contracts)
    issuer = "<code>/oauth/token</code>, " if issues_tokens else ""
    source = IN_DEVELOPMENT if issues_tokens else "Your authorization server issues it."
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TMF facade</title>
<link rel="stylesheet" href="{below}page.css"></head><body>
<h1>TMF facade {escape(version)}</h1>
<p>TM Forum's Open APIs and a canonical API over one core. These are the contracts that are served here.</p>
<table class="index"><tr><th>API</th><th>address</th><th colspan="3">contract</th></tr>
{rows}
</table>
<p>Every request needs an OAuth 2.0 access token in <code>Authorization: Bearer …</code>, except these pages,
{issuer}<a href="{below}../health/ready">health</a> and <a href="{below}../metrics">metrics</a>.</p>
<p>The page of a contract has a field for a token, for what you try. {source}</p>
</body></html>
""".encode()


def _read(file: Path) -> bytes:
    return SOURCE_MAP.sub(b"", file.read_bytes())


def _asset(content: bytes, _: str) -> bytes:
    return content


def _contract_page(contract: PublishedContract, _: str) -> bytes:
    """Where a contract is read and tried in the browser."""
    title = escape(contract.title)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="page.css"><link rel="stylesheet" href="swagger-ui.css">
<script src="swagger-ui-bundle.js"></script><script src="page.js"></script></head><body>
<p><a href="../docs">All contracts</a></p>
<p><label for="token">Access token for what you try:</label> <input id="token" autocomplete="off"></p>
<div id="contract" data-url="{contract.name}.json"></div>
<noscript>This page needs JavaScript. The contract is also <a href="{contract.name}.yaml">a text</a>.</noscript>
</body></html>
""".encode()
