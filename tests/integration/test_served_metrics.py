"""What is served as a metric is documented, and what the dashboard and the alert rules in deploy/ name is served."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from connexion.middleware.abstract import ROUTING_CONTEXT
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from adapters.backends.breaker import BreakerState
from adapters.backends.counters import BackendSnapshot
from adapters.persistence.database import Database
from adapters.persistence.delivery_reads import DeliveryBacklog, SqlDeliveryReads
from canonical.processes.process_status import Problem, ProcessState
from facade.bootstrap import metrics as numbers
from facade.bootstrap.core import Core
from facade.metrics import AnswerTimes, ProcessTimes, RequestMetrics
from tests.support.by_hand import ByHand
from tests.support.stuck import away

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"
ALERTS = ROOT / "deploy" / "prometheus-alerts.yaml"
NAME = r"\b(?:facade|process)_[a-z_]+\b"
OF_HISTOGRAM = ("_bucket", "_count", "_sum")
NOT_OURS = "_created"
"""prometheus_client adds it to counters and histograms."""


SELECTOR = rf"({NAME})\{{([^}}]*)\}}"
OF_PROMETHEUS = {"job", "instance"}
VALUES = {
    "facade_processes": {*ProcessState, *Problem},
    "facade_process_oldest_seconds": {*ProcessState, *Problem},
    "facade_backend_circuit": {*BreakerState},
}
"""What labels can be equal to."""

Served = dict[str, set[str]]


@pytest.fixture
def served(database: Database, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The names of all samples of a node that has seen everything once, with the names of their labels."""
    away(database)
    ByHand(database)  # accepted, and taken by no node
    backlog = DeliveryBacklog("l1", "acme", True, True, 1, 1, datetime.now(UTC))
    monkeypatch.setattr(SqlDeliveryReads, "backlogs", lambda reads: [backlog])
    core = cast(Core, a_busy_core(database))
    registry = CollectorRegistry()
    page = numbers.metrics_page(core, registry, cast(Any, None))
    page.mirror.copy()
    RequestMetrics(registry).observe({"extensions": {ROUTING_CONTEXT: {}}}, 200, 0.1)
    AnswerTimes(registry).observe("crm", "getCustomer", 0.1)
    times = ProcessTimes(registry)
    times.begun("place-order", 0.1)
    times.ended("place-order", 0.1)
    shared = CollectorRegistry()
    shared.register(page.shared)
    text = (generate_latest(registry) + generate_latest(shared)).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name: set(sample.labels) for sample in samples if not sample.name.endswith(NOT_OURS)}


def a_busy_core(database: Database) -> SimpleNamespace:
    once = {"charge": 1}
    crm = BackendSnapshot(
        breaker=BreakerState.CLOSED,
        breaker_changes={BreakerState.OPEN: 1},
        held_seconds=0.0,
        in_flight=0,
        tokens_failed=1,
        calls={("charge", "answered"): 1},
        retries=once,
        contract_violations=once,
        contradictions=once,
        foreign_entries=once,
    )
    return SimpleNamespace(
        settings=SimpleNamespace(metrics_access="open", stream="nats"),
        database=database,
        audit=SimpleNamespace(waiting=Waiting()),
        delivery=SimpleNamespace(counted=Counter(delivered=1)),
        relay=SimpleNamespace(published=1, failures=1),
        backends=SimpleNamespace(snapshot=lambda: {"crm": crm}),
        engine=SimpleNamespace(running=lambda: 1, places=64),
    )


class Waiting(list[object]):
    dropped = 1


def documented() -> set[str]:
    """The names in the first cells of the table of metrics."""
    section = (ROOT / "docs" / "operators.md").read_text().partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in re.findall(NAME, cell)}


def test_what_is_served_is_documented_and_the_other_way_round(served: Served) -> None:
    families = {name.removesuffix(next((end for end in OF_HISTOGRAM if name.endswith(end)), "")) for name in served}
    assert families == documented()


def queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    return [*asked, *(rule["expr"] for rule in rules)]


def test_every_metric_and_label_of_a_query_is_served(served: Served) -> None:
    for query in queries():
        named = set(re.findall(NAME, query))
        assert named, query
        assert named <= served.keys(), query
        for name, matchers in re.findall(SELECTOR, query):
            for label, operator, value in re.findall(r'(\w+)(=~|!~|=)"([^"]*)"', matchers):
                assert label in served[name] | OF_PROMETHEUS, query
                assert operator != "=" or value in VALUES[name], query


@pytest.mark.parametrize("query", queries())
def test_the_parentheses_of_a_query_match(query: str) -> None:
    opened: list[str] = []
    for one in re.sub(r'"[^"]*"', "", query):
        if one in "([{":
            opened.append(one)
        elif one in ")]}":
            assert opened, query
            assert opened.pop() + one in ("()", "[]", "{}"), query
    assert not opened, query


def test_an_alert_says_how_bad_it_is_and_what_to_do() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert rule["annotations"].keys() == {"summary", "description"}, rule["alert"]


def test_the_panels_of_the_dashboard_differ() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
