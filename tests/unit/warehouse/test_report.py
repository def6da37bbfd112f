"""The page for a manager: the numbers of the database, whatever texts they come with, and nothing from elsewhere."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from facade.warehouse.report import POLICY, QUERIES, ROWS, SECTIONS, page
from facade.warehouse.store import Store
from tests.support.fed import CHARGED, a_course, an_order, event, text_of

NASTY = '<script>alert(1)</script>\x00\x1b[31m & "é" \''
LOADING = {
    "script",
    "link",
    "iframe",
    "object",
    "embed",
    "img",
    "image",
    "base",
    "form",
    "audio",
    "video",
    "foreignObject",
}


class Loads(HTMLParser):
    """What a browser would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] if tag in {name.lower() for name in LOADING} else []
        self.found += [
            f"{tag} {name}" for name, _ in attrs if name.startswith("on") or name in ("src", "srcset", "href")
        ]


def tree_of(text: str) -> ET.Element:
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page


def written(store: Store) -> str:
    return page(store.ask(QUERIES, ROWS, 600))


def filled(store: Store) -> str:
    prices = [*CHARGED, CHARGED[0] | {"price": {"dutyFreeAmount": {"unit": NASTY, "value": 1234.5}}}]
    events = [
        *a_course("o1", 1),
        *a_course("o2", 5, prices),
        event(9, "OrderFailed", "o3", 1, an_order("failed"), hints={"code": NASTY}),
        event(10, "OrderSubmitted", "o4", 1, an_order(NASTY)),
    ]
    store.take([text_of(events)], 10, 12)
    return written(store)


def test_the_page_is_well_formed_and_loads_nothing(store: Store) -> None:
    text = filled(store)
    tree_of(text)
    loads = Loads()
    loads.feed(text)
    assert loads.found == []
    assert re.findall(r"url\(|@import|https?://(?!www\.w3\.org/|product)", text) == []
    assert f'content="{POLICY.replace(chr(39), "&#x27;")}"' in text
    assert POLICY.startswith("default-src 'none'; ")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_the_page_shows_the_numbers_in_charts_and_tables(store: Store) -> None:
    tree = tree_of(filled(store))
    tables = [[["".join(cell.itertext()) for cell in row] for row in table.iter("tr")] for table in tree.iter("table")]
    assert tables[0][:2] == [["state", "orders"], ["completed", "2"]]
    revenue = next(table for table in tables if table[0][0] == "currency")
    assert ["EUR, tax included", "recurring, each month", "po_fibre", "2", "79.80"] in revenue
    facts = {"".join(fact.itertext()) for fact in tree.iter("li")}
    hours = next(table for table in tables if table[0][0] == "hour")
    assert [dict(zip(hours[0], row, strict=True))["completed"] for row in hours[1:]] == ["2"]
    assert {"4orders", "2completed", "1did not succeed", "3.00 smedian lead time"} <= facts
    charts = list(tree.iter("{http://www.w3.org/2000/svg}svg"))
    assert len(charts) >= len(SECTIONS) - 2
    assert "2 newer events are not read yet" in " ".join(tree.itertext())


def test_the_page_of_an_empty_warehouse_says_so(store: Store) -> None:
    text = written(store)
    tree_of(text)
    assert "Nothing was read of http://product yet." in text
    assert "<svg" not in text
