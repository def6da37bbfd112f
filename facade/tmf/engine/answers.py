"""Answers that show resources, with the account of what a bridged one leaves out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import flask

from facade.web.address import origin
from facade.web.paging import Page

JSON = "application/json"
LOSSES = "X-Bridge-Losses"
REPORTS = "/api/v1/bridge-reports"


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource as JSON text, and how much differs from the one that is kept: None where nothing is bridged."""

    text: bytes
    losses: int | None = None


def answer(shown: Shown, resource: str, href: str, status: int, headers: Mapping[str, str]) -> flask.Response:
    """One resource, which has the address `href`; `resource` is its name in the address of the bridge's report."""
    told = dict(headers)
    if shown.losses is not None:
        told |= {LOSSES: str(shown.losses), "Link": _described_by(f"{resource}/{href.rpartition('/')[2]}")}
    return flask.Response(shown.text, status, told, content_type=JSON)


def answer_list(
    shown: Sequence[Shown], resource: str, page: Page, kept: str, status: int, headers: Mapping[str, str]
) -> flask.Response:
    """A page of resources; `kept` is the query that they were found by, without the page."""
    counted = [one.losses for one in shown if one.losses is not None]
    told = dict(headers)
    if counted:
        query = "&".join((*filter(None, [kept]), page.query))
        told |= {LOSSES: str(sum(counted)), "Link": f"{told['Link']}, {_described_by(f'{resource}?{query}')}"}
    text = b"[%b]" % b",".join(one.text for one in shown)
    return flask.Response(text, status, told, content_type=JSON)


def _described_by(report: str) -> str:
    return f'<{origin()}{REPORTS}/{report}>; rel="describedby"'
