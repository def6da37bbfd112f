"""Answers that show resources, with the account of what a bridged one leaves out."""

from collections.abc import Mapping, Sequence

import flask

from facade.tmf.tmf622.versions import Shown

JSON = "application/json"
LOSSES = "X-Bridge-Losses"
REPORTS = "/api/v1/bridge-reports"


def answer(shown: Shown, kind: str, resource_id: str, status: int, headers: Mapping[str, str]) -> flask.Response:
    """One resource. `kind` is its name in the address of the bridge's report."""
    told = dict(headers)
    if shown.losses is not None:
        report = f"{flask.request.scheme}://{flask.request.host}{REPORTS}/{kind}/{resource_id}"
        told |= {LOSSES: str(shown.losses), "Link": f'<{report}>; rel="describedby"'}
    return flask.Response(shown.text, status, told, content_type=JSON)


def answer_list(shown: Sequence[Shown], status: int, headers: Mapping[str, str]) -> flask.Response:
    counted = [one.losses for one in shown if one.losses is not None]
    told = {LOSSES: str(sum(counted))} if counted else {}
    text = b"[%b]" % b",".join(one.text for one in shown)
    return flask.Response(text, status, dict(headers) | told, content_type=JSON)
