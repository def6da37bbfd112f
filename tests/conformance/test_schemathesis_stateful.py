"""Schemathesis along the links of each contract: an order is placed, read, changed, cancelled, read again.

A category is created, read, changed and removed. What a step answers feeds the next. Every answer is held against the
contract, and what was created must be there.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import Phase, settings
from hypothesis.errors import Flaky
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.generation.stateful.state_machine import APIStateMachine, normalize_name

from facade.tmf.tmf622.v4 import BRIDGE
from tests.conformance.fuzzing import EXAMPLES, base_url, contract, fuzzed, hold_to_contract, product
from tests.support.product import Node, partner_order, portal_order

__all__ = ["product"]

STEPS = 8
AS_MADE = 4
"""Of so many steps one is left as schemathesis makes it; the others are plainer, for what is made up is refused."""
SCENARIOS = max(25, EXAMPLES // 10)
CRM_MILLISECONDS = 300
"""What an order waits for at first, so that some can still be cancelled."""


@dataclass(frozen=True)
class Course:
    """Operations of a contract that a scenario goes through; `order` is a body that can be placed.

    `say` are the members of the body of `cancel` that say what and why, `cancelled` the statuses of a cancellation that
    was taken, or refused for the state of the order. A category is placed and removed, and so is a product.
    """

    place: str
    order: dict[str, Any]
    read: str
    cancel: str
    say: tuple[str, ...]
    cancelled: tuple[int, ...] = (201, 202, 409)


TMF622: dict[str, Any] = {
    "place": "POST /productOrder",
    "read": "GET /productOrder/{id}",
    "cancel": "POST /cancelProductOrder",
    "say": ("@type", "productOrder"),
}
CATEGORY = Course(
    "POST /category",
    {"@type": "Category", "name": "Cloud services"},
    "GET /category/{id}",
    "DELETE /category/{id}",
    (),
    cancelled=(204,),
)
PRODUCT = Course(
    "POST /product",
    {"@type": "Product", "status": "active"},
    "GET /product/{id}",
    "DELETE /product/{id}",
    (),
    cancelled=(204,),
)
COURSES = {
    "tmf/tmf637-v5.yaml": PRODUCT,
    "tmf/tmf637-v4.yaml": PRODUCT,
    "tmf/tmf620-v5.yaml": CATEGORY,
    "tmf/tmf620-v4.yaml": CATEGORY,
    "tmf/tmf622-v5.yaml": Course(**TMF622, order=partner_order()),
    "tmf/tmf622-v4.yaml": Course(**TMF622, order=BRIDGE.lower("ProductOrder", partner_order()).body),
    "canonical/v1.yaml": Course(
        "POST /orders", portal_order(), "GET /orders/{orderId}", "POST /orders/{orderId}/cancel", ("reason",)
    ),
}


@dataclass
class Seen:
    """What came of all scenarios of a contract."""

    scenarios: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[BaseException] = field(default_factory=list)

    def complete(self, course: Course) -> bool:
        """Whether each operation of the course was carried out."""
        cancelled = sum(self.answers[course.cancel, status] for status in course.cancelled)
        return bool(self.answers[course.place, 201] and self.answers[course.read, 200] and cancelled)


@pytest.mark.parametrize("path", COURSES)
def test_scenarios_keep_their_contract(product: Node, path: str) -> None:
    course, seen = COURSES[path], Seen()
    product.backends.fault("crm", latencyMs=CRM_MILLISECONDS)
    machine = scenarios(contract(path), product, course, seen)
    bounded = settings(fuzzed, max_examples=SCENARIOS, stateful_step_count=STEPS, phases=[Phase.generate])
    for derandomize in (bounded.derandomize, False, False):
        # An order goes on while it is looked at. Hypothesis takes answers that differ for a mistake of the test.
        with suppress(Flaky):
            machine.run(settings=settings(bounded, derandomize=derandomize))
        if seen.failures or (seen.scenarios >= SCENARIOS and seen.complete(course)):
            break
    if seen.failures:
        raise seen.failures[0]
    assert seen.complete(course), seen.answers


def scenarios(schema: schemathesis.BaseSchema, product: Node, course: Course, seen: Seen) -> type[APIStateMachine]:
    """Scenarios that begin with an order placed or a list; what is made up is tried without scenarios too."""
    # What a link brings would make half of a body that is to be refused good.
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    # Only the contract's own links: guessed ones place orders out of orders.
    schema.config.phases.stateful.inference.algorithms = []
    made: Any = schema.as_state_machine()
    others = [root for root in made._root_labels if root != course.place and ("{" in root or "GET" not in root)]

    class Scenario(made):  # type: ignore[misc] # schemathesis makes the class
        _root_labels = made._root_labels.difference(others)
        root_rules = made.root_rules.difference(map(_rule, others))

        def setup(self) -> None:
            seen.scenarios += 1
            self.step_number = 0

        def before_call(self, case: schemathesis.Case[Any]) -> None:
            self.step_number += 1
            plain, body = self.step_number % AS_MADE != 0, case.body if isinstance(case.body, dict) else {}
            if case.operation.label == course.place:
                case.body = course.order if plain else body | course.order
            elif case.operation.label == course.cancel and plain and course.say:
                case.body = {member: body[member] for member in course.say if member in body}
            elif case.method == "GET" and plain:
                case.query = {}

        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {product.token('qa')}"}
            return {"base_url": base_url(product, case), "headers": headers, "timeout": 30}

        def after_call(self, response: Any, case: schemathesis.Case[Any]) -> None:
            seen.answers[case.operation.label, response.status_code] += 1
            super().after_call(response, case)

        def validate_response(self, response: Any, case: schemathesis.Case[Any], **options: Any) -> None:
            try:
                hold_to_contract(case, response, transport_kwargs=options, recorder=self.recorder)
            except FailureGroup as failure:
                seen.failures.append(failure)
                raise

    for root in others:
        setattr(Scenario, _rule(root), None)
    return Scenario


def _rule(root: str) -> str:
    return normalize_name(f"RANDOM -> {root}")
