"""Pages of the canonical API's lists."""

from typing import Any
from urllib.parse import urlencode

import flask

from canonical.shared.paging import Found
from facade.web.address import requested_address
from facade.web.paging import PAGING, Page


def page_document(items: list[dict[str, Any]], page: Page, found: Found[Any]) -> dict[str, Any]:
    """The items with the data for paging: `next` is the address of the next page, or null."""
    following = page.next_query(found)
    kept = urlencode([pair for pair in flask.request.args.items(multi=True) if pair[0] not in PAGING])
    return {
        "items": items,
        "offset": page.offset,
        "limit": page.limit,
        "total": found.total,
        "next": following and f"{requested_address()}?{'&'.join(filter(None, (kept, following)))}",
    }
