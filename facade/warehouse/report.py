"""One page about the orders and what customers have: charts, and the same numbers in tables. It loads nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from types import MappingProxyType
from typing import Any

from facade.warehouse import charts
from facade.warehouse.questions import Answer

ROWS = 1000
"""The most rows of one table."""
BARS = 20
"""Bars of one chart."""
SHORT = 15
"""Rows of a table that is open at once."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
MINUTE, HOUR, DAY = 60, 3600, 86_400

Draw = Callable[[Answer], str]


@dataclass(frozen=True, slots=True)
class Section:
    """A query, its chart, and what the reader learns from it. The columns have the names that the query gives them."""

    title: str
    meaning: str
    query: str
    draw: Draw
    nothing: str = "There is none yet."
    arrange: Callable[[Answer], Answer] = lambda answer: answer


FACTS = """
SELECT (SELECT count(*) FROM orders) AS "orders",
    (SELECT count(*) FROM orders WHERE state = 'completed') AS "completed",
    (SELECT count(DISTINCT order_id) FROM fallout) AS "did not succeed",
    (SELECT count(*) FROM orders WHERE state = 'cancelled') AS "cancelled",
    (SELECT median(seconds) FROM lead_times) AS "median lead time",
    (SELECT count(*) FROM assets) AS "products of customers"
"""
ORIGIN = """
SELECT (SELECT source FROM stream), (SELECT number FROM stream), (SELECT last FROM stream),
    (SELECT strftime(max(occurred_at), '%Y-%m-%d %H:%M:%S') FROM events), (SELECT count(*) FROM events),
    (SELECT coalesce(sum(last - first + 1), 0) FROM missing_numbers),
    (SELECT coalesce(sum(assets), 0) FROM asset_loads WHERE number > (SELECT assets_read FROM stream))
"""


def _bars(answer: Answer) -> str:
    """Of the first rows; the table has all."""
    rows = answer.rows[:BARS]
    return charts.bars([_shown(row[0]) for row in rows], {answer.columns[-1]: [row[-1] for row in rows]})


def _pivoted(answer: Answer) -> Answer:
    """From rows of hour, state and number to a row for each hour, with a column for each state."""
    hours = list(dict.fromkeys(row[0] for row in answer.rows))
    states = list(dict.fromkeys(row[1] for row in answer.rows))
    counted = {(row[0], row[1]): row[2] for row in answer.rows}
    rows = [[hour, *(counted.get((hour, state)) for state in states)] for hour in hours]
    return Answer([answer.columns[0], *states], rows)


def _lines(answer: Answer) -> str:
    """A line for each column after the first."""
    names = answer.columns[1:]
    return charts.lines(_labels(answer), {name: _column(answer, place) for place, name in enumerate(names, start=1)})


def _days(answer: Answer) -> str:
    """Median and 95 %: beside one long order they would be invisible."""
    return _lines(Answer([answer.columns[0], *answer.columns[2:4]], [[row[0], *row[2:4]] for row in answer.rows]))


def _revenue(answer: Answer) -> str:
    """A chart for each kind of amount, because a sum of monthly and one-time amounts means nothing."""
    kinds = list(dict.fromkeys(tuple(row[:2]) for row in answer.rows))
    drawn = []
    for kind in kinds:
        rows = [row[2:] for row in answer.rows if tuple(row[:2]) == kind]
        drawn += [f"<h3>{_text(': '.join(map(_shown, kind)))}</h3>", _bars(Answer(answer.columns[2:], rows))]
    return "".join(drawn)


SECTIONS = (
    Section(
        "Orders by state",
        "How many orders are in each state now.",
        'SELECT state AS "state", orders AS "orders" FROM orders_by_state',
        _bars,
    ),
    Section(
        "Orders by hour",
        "How many orders entered each state, in the 48 hours before the newest event. Times are in UTC.",
        """
        WITH ends AS (
            SELECT date_trunc('hour', min(occurred_at)) AS first, date_trunc('hour', max(occurred_at)) AS last
            FROM events),
        hours AS (
            SELECT unnest(range(
                greatest(first, last - INTERVAL 47 HOUR), last + INTERVAL 1 HOUR, INTERVAL 1 HOUR)) AS hour
            FROM ends),
        states AS (SELECT DISTINCT state FROM orders_by_hour)
        SELECT strftime(hour, '%m-%d %H:00') AS "hour", state, coalesce(orders, 0) AS orders
        FROM hours CROSS JOIN states LEFT JOIN orders_by_hour USING (hour, state) ORDER BY hours.hour, state
        """,
        _lines,
        arrange=_pivoted,
    ),
    Section(
        "Lead times",
        "Seconds from the acknowledgement of an order to its completion, by the day of completion, for the last 60 "
        "days with completed orders. 95 % of the orders took at most the time in “p95”.",
        """
        SELECT strftime(day, '%Y-%m-%d') AS "day", orders AS "orders", round(median_seconds, 3) AS "median (s)",
            round(p95_seconds, 3) AS "p95 (s)", round(longest_seconds, 3) AS "longest (s)"
        FROM (SELECT * FROM lead_times_by_day ORDER BY day DESC LIMIT 60) ORDER BY day
        """,
        _days,
        "No order is complete yet.",
    ),
    Section(
        "Orders that did not succeed",
        "Rejected: a rule was broken and nothing was done. Failed: everything was undone. Fell out: something could "
        "not be undone, and a person has to decide.",
        "SELECT kind || ': ' || coalesce(code, '') AS \"reason\", orders AS \"orders\" FROM fallout_by_code",
        _bars,
    ),
    Section(
        "Cancellations",
        "Requests to cancel an order: done, under way (acknowledged, inProgress), or refused (terminatedWithError).",
        'SELECT state AS "state", cancellations AS "cancellations" FROM cancellations_by_state',
        _bars,
    ),
    Section(
        "Revenue by offering",
        "What was charged for added products of completed orders. Recurring amounts are for one period.",
        """
        SELECT currency || CASE WHEN tax_included THEN ', tax included' ELSE ', without tax' END AS "currency",
            price_type || coalesce(', each ' || period, '') AS "price", coalesce(name, offering_id) AS "offering",
            orders AS "orders", amount AS "amount"
        FROM revenue_by_offering
        ORDER BY 1, 2, amount DESC, 3
        """,
        _revenue,
        "Nothing was charged yet.",
    ),
    Section(
        "Products of customers by status",
        "What customers have: each product in the status that it has now.",
        'SELECT status AS "status", assets AS "products" FROM assets_by_status',
        _bars,
    ),
)
QUERIES = (ORIGIN, FACTS, *(section.query for section in SECTIONS))
"""All are asked at once, so that the page shows one moment."""

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2833; max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { margin-top: 2.5rem; border-top: 1px solid #d5dbe1; padding-top: 1rem; }
.origin, .meaning { color: #55626f; }
.facts { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0; padding: 0; }
.facts li { list-style: none; background: #eef2f5; border-radius: 6px; padding: .6rem 1rem; min-width: 7rem; }
.facts b { display: block; font-size: 1.4rem; } .note { background: #fdf3e1; padding: .6rem 1rem; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem; }
th { border-bottom: 2px solid #d5dbe1; } td { border-bottom: 1px solid #e7ebee; }
.number { text-align: right; font-variant-numeric: tabular-nums; } svg { width: 100%; height: auto; }
figure { margin: 0; } summary { cursor: pointer; color: #2a6f97; }
@media print { h2 { break-after: avoid; } figure, table { break-inside: avoid; } }
"""


def page(answers: Sequence[Answer]) -> str:
    """The page with the answers to QUERIES."""
    origin, facts, *sections = answers
    body = [_head(origin.rows[0]), _facts(facts), *_notes(origin.rows[0])]
    body += [_section(section, answer) for section, answer in zip(SECTIONS, sections, strict=True)]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>Orders and products</title><style>{_STYLE}</style></head><body>\n{''.join(body)}\n</body></html>\n"
    )


def _head(origin: Sequence[Any]) -> str:
    source, number, _, newest, events, *_ = origin
    if newest is None:
        return f'<h1>Orders and products</h1><p class="origin">Nothing was read of {_text(source)} yet.</p>'
    return (
        f'<h1>Orders and products</h1><p class="origin">As of {_text(newest)} UTC: {_text(_shown(events))} events of '
        f"{_text(source)}, up to number {_text(_shown(number))}.</p>"
    )


def _notes(origin: Sequence[Any]) -> list[str]:
    _, number, last, _, _, missing, loaded = origin
    notes = []
    if last > number:
        notes.append(f"{_shown(last - number)} newer events are not read yet: the numbers will change.")
    if missing:
        notes.append(
            f"{_shown(missing)} events are missing: the product had deleted them, or the client may not read them. "
            "The numbers are too small."
        )
    if loaded:
        notes.append(
            f"Jobs loaded {_shown(loaded)} products of customers that the warehouse has not read yet or may not read. "
            "They are in the numbers below only if they changed afterwards."
        )
    return [f'<p class="note">{_text(note)}</p>' for note in notes]


def _facts(answer: Answer) -> str:
    shown = []
    for name, value in zip(answer.columns, answer.rows[0], strict=True):
        text = _duration(value) if name.endswith("time") else _shown(value)
        shown.append(f"<li><b>{_text(text)}</b>{_text(name)}</li>")
    return f'<ul class="facts">{"".join(shown)}</ul>'


def _section(section: Section, answer: Answer) -> str:
    begin = f'<h2>{_text(section.title)}</h2><p class="meaning">{_text(section.meaning)}</p>'
    if not answer.rows:
        return f"{begin}<p>{_text(section.nothing)}</p>"
    arranged = section.arrange(answer)
    table = _table(arranged)
    if len(arranged.rows) > SHORT:
        table = f"<details><summary>The numbers</summary>{table}</details>"
    more = f"<p>Only the first {len(answer.rows)} rows are shown.</p>" if answer.more else ""
    return f"{begin}<figure>{section.draw(arranged)}</figure>{table}{more}"


def _table(answer: Answer) -> str:
    numeric = [all(_is_number(row[place]) for row in answer.rows) for place in range(len(answer.columns))]
    head = "".join(_cell("th", name, number) for name, number in zip(answer.columns, numeric, strict=True))
    rows = (
        "".join(_cell("td", _shown(value), number) for value, number in zip(row, numeric, strict=True))
        for row in answer.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"


def _cell(tag: str, text: str, number: bool) -> str:
    return f"<{tag}{_NUMBER[number]}>{_text(text)}</{tag}>"


_NUMBER: Mapping[bool, str] = MappingProxyType({True: ' class="number"', False: ""})


def _labels(answer: Answer) -> list[str]:
    return [_shown(row[0]) for row in answer.rows]


def _column(answer: Answer, place: int) -> list[Any]:
    return [row[place] for row in answer.rows]


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, str | bool | list | dict)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        whole, point, decimals = f"{value:,f}".partition(".")
        return whole + point + decimals[:2] + decimals[2:].rstrip("0")
    return f"{value:,}" if _is_number(value) else str(value)


def _duration(seconds: Any) -> str:
    if seconds is None:
        return "–"
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.2f} s"


def _text(value: Any) -> str:
    return escape(charts.plain(value))
