"""What may become of a plan: the command, the change, and the process that carries it out."""

from dataclasses import replace
from pathlib import Path

import pytest

from canonical.ordering.events import OrderEvent
from canonical.processes.change_plan import ChangeSubscriptionPlan
from canonical.processes.progress import Progress
from canonical.processes.saga import run
from canonical.shared.errors import (
    BackendContradiction,
    BackendRefused,
    BackendUnavailable,
    CanonicalError,
    InvalidTransition,
    OutcomeUnknown,
    VersionMismatch,
)
from canonical.shared.failure import Failure
from canonical.subscriptions.commands import ChangePlan
from canonical.subscriptions.errors import InvalidPlan, SubscriptionNotFound, SubscriptionTerminated
from canonical.subscriptions.events import (
    PlanChangeEvent,
    PlanChangeFailed,
    PlanChangeFellOut,
    PlanChangeRequested,
    PlanChangeResumed,
    SubscriptionPlanChanged,
)
from canonical.subscriptions.handlers import change_plan, kind_of
from canonical.subscriptions.plan_change import FOLLOWING, ChangeKind, PlanChange, PlanChangeState
from canonical.subscriptions.ports import PlanMove
from canonical.subscriptions.subscription import Subscription, SubscriptionStatus
from tests.support.fakes import CountingIdentities, Journal, StandingClock
from tests.support.memory import Memory
from tests.support.reads import a_subscription
from tests.support.subscriptions import (
    CHANGE_ID,
    PLANS,
    BillsPlans,
    HasSubscriptions,
    a_plan_change,
)
from tests.support.waiting import until
from tests.unit.processes.faulty_backend import through_json

AWAY = BackendUnavailable("away")
LOST = OutcomeUnknown("lost")


@pytest.mark.parametrize(
    ("current", "wanted", "kind"),
    [
        ("Basic", "Premium", ChangeKind.UPGRADE),
        ("Premium", "Standard", ChangeKind.DOWNGRADE),
        ("Basic", "Basic", ChangeKind.UNCHANGED),
        ("Withdrawn", "Basic", ChangeKind.UPGRADE),
    ],
)
def test_a_change_is_an_upgrade_or_a_downgrade_by_the_ranks_of_the_plans(
    current: str, wanted: str, kind: ChangeKind
) -> None:
    assert kind_of(current, wanted, tuple(reversed(PLANS))) is kind


def test_a_plan_that_is_not_offered_is_refused_with_those_that_are() -> None:
    for wanted in ("Gold", "", "basic"):
        with pytest.raises(InvalidPlan) as refused:
            kind_of("Basic", wanted, tuple(reversed(PLANS)))
        assert refused.value.details["allowed"] == ["Basic", "Standard", "Premium"]
        assert refused.value.pointer == "/plan"


def submitted(subscription: Subscription | None = None, plan: str = "Basic", conditional: bool = False) -> Memory:
    memory = Memory()
    with memory.unit_of_work() as work:
        command = ChangePlan("portal", subscription or a_subscription(), plan, PLANS, conditional)
        change_plan(command, work, StandingClock(), CountingIdentities())
        work.commit()
    return memory


def test_a_command_becomes_a_change_that_is_to_be_carried_out() -> None:
    memory = submitted()
    kept = {key: row.aggregate for key, row in memory.rows.items()}
    assert kept == {("planChange", CHANGE_ID): a_plan_change(recorded=1, version=1)}
    assert memory.outbox == [
        PlanChangeRequested(
            plan_change_id=CHANGE_ID,
            subscription_id="SUB1122",
            sequence=1,
            at=StandingClock().now(),
            customer_id="C12345",
            from_plan="Premium",
            to_plan="Basic",
        )
    ]
    assert memory.processes == {("change-plan", CHANGE_ID): "scheduled"}


def test_a_subscription_that_has_ended_is_not_changed() -> None:
    with pytest.raises(SubscriptionTerminated):
        submitted(a_subscription(status=SubscriptionStatus.TERMINATED))


@pytest.mark.parametrize("state", PlanChangeState)
def test_a_change_becomes_only_what_may_follow(state: PlanChangeState) -> None:
    for following in PlanChangeState:
        change = a_plan_change(state=state)
        if following in FOLLOWING[state]:
            change._become(following, change.changed_at)
            assert change.state is following
        else:
            with pytest.raises(InvalidTransition):
                change._become(following, change.changed_at)
    may_be_looked_after_again = state is PlanChangeState.FALLOUT
    assert a_plan_change(state=state).finished is (not FOLLOWING[state] or may_be_looked_after_again)


class Carrying:
    """A plan change on its way through BSS and Billing."""

    def __init__(self, bss: HasSubscriptions | None = None, billing: BillsPlans | None = None, **asked: object) -> None:
        self.bss, self.billing = bss or HasSubscriptions(), billing or BillsPlans()
        self.memory = submitted(**asked)  # type: ignore[arg-type]
        self.process = ChangeSubscriptionPlan(self.bss, self.billing, StandingClock())
        self.progress, self.journal = Progress(), Journal()

    def part(self) -> Progress:
        with self.memory.unit_of_work() as work:
            change = self.process.look(CHANGE_ID, work)
            self.process.begin(change)
            work.commit()
        steps = self.process.steps(change)
        self.progress = through_json(run(steps, self.progress, self.journal.recorded))
        return self.progress

    def carry_out(self) -> PlanChange:
        until(lambda: not self.part().waiting)
        with self.memory.unit_of_work() as work:
            change = self.process.look(CHANGE_ID, work)
            self.process.end(change, self.progress, work)
            work.commit()
        return change


def test_a_change_is_made_in_bss_and_then_in_billing() -> None:
    carrying = Carrying()
    done = carrying.carry_out()
    assert (done.state, done.to_version) == (PlanChangeState.DONE, 2)
    assert (carrying.bss.known.plan, carrying.billing.billed) == ("Basic", [("Basic", 2)])
    assert carrying.bss.keys + carrying.billing.keys == [f"{CHANGE_ID}:change-plan", f"{CHANGE_ID}:bill-plan"]


def test_a_plan_that_it_has_already_is_billed_again() -> None:
    carrying = Carrying(plan="Premium")
    done = carrying.carry_out()
    assert (done.kind, done.to_version) == (ChangeKind.UNCHANGED, 1)
    assert carrying.billing.billed == [("Premium", 1)]


@pytest.mark.parametrize("faults", [[AWAY], [LOST], [AWAY, LOST, AWAY]])
def test_billing_is_told_however_long_it_takes(faults: list[CanonicalError]) -> None:
    carrying = Carrying(billing=BillsPlans(faults=list(faults)))
    assert carrying.carry_out().state is PlanChangeState.DONE
    assert carrying.billing.billed == [("Basic", 2)]
    assert set(carrying.billing.keys) == {f"{CHANGE_ID}:bill-plan"}


@pytest.mark.parametrize(("faults", "lost"), [([], [LOST]), ([LOST], []), ([AWAY], [LOST])])
def test_an_answer_of_bss_that_is_lost_changes_the_plan_once(
    faults: list[CanonicalError], lost: list[CanonicalError]
) -> None:
    carrying = Carrying(HasSubscriptions(faults=list(faults), lost=list(lost)))
    assert carrying.carry_out().to_version == carrying.bss.known.version == 2
    assert carrying.billing.billed == [("Basic", 2)]


def test_the_same_change_made_by_somebody_else_is_not_taken_for_the_one_whose_answer_was_lost() -> None:
    class Overtaken(HasSubscriptions):
        def change_plan(self, move: PlanMove, key: str) -> Subscription:
            if not self.keys:
                super().change_plan(move, "somebody else's")
                raise OutcomeUnknown("lost")
            return super().change_plan(move, key)

    carrying = Carrying(Overtaken())
    failed = carrying.carry_out()
    assert failed.failure is not None
    assert (failed.state, failed.failure.code) == (PlanChangeState.FAILED, "CONCURRENT_CHANGE")
    assert (carrying.bss.known.plan, carrying.bss.known.version, carrying.billing.billed) == ("Basic", 2, [])


def test_what_billing_refuses_is_changed_back() -> None:
    carrying = Carrying(billing=BillsPlans(faults=[BackendRefused("no", status=422)]))
    failed = carrying.carry_out()
    assert (failed.state, carrying.bss.known.plan) == (PlanChangeState.FAILED, "Premium")
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.step) == ("BACKEND_REFUSED", "bill-plan")
    assert failed.failure.undone == ("subscription SUB1122 back on Premium",)
    assert carrying.bss.keys[-1] == f"{CHANGE_ID}:undo-change-plan"


REFUSED = BackendRefused("no", status=422)


def test_what_billing_took_before_it_refused_is_billed() -> None:
    """Its answer was lost, and it has forgotten the key when the call is repeated."""

    class Forgetful(BillsPlans):
        def bill(self, subscription: Subscription, key: str) -> None:
            if self.keys:
                raise REFUSED
            super().bill(subscription, key)

    carrying = Carrying(billing=Forgetful(lost=[LOST]))
    assert carrying.carry_out().state is PlanChangeState.DONE
    assert (carrying.bss.known.plan, carrying.billing.billed) == ("Basic", [("Basic", 2)])


@pytest.mark.parametrize("billed", [[("Basic", 2)], [("Premium", 1), ("Standard", 3)]], ids=["as asked", "later"])
def test_billing_is_asked_before_a_plan_is_billed_once_more(billed: list[tuple[str, int]]) -> None:
    billing = BillsPlans(faults=[LOST, AWAY], billed=billed)
    done = Carrying(billing=billing).carry_out()
    assert (done.state, len(billing.keys)) == (PlanChangeState.DONE, 1)


def test_an_earlier_version_that_is_billed_says_nothing_of_this_one() -> None:
    billing = BillsPlans(faults=[LOST], billed=[("Premium", 1)])
    done = Carrying(billing=billing).carry_out()
    assert (done.state, len(billing.keys), billing.billed[-1]) == (PlanChangeState.DONE, 2, ("Basic", 2))


class ToldOfAnotherPlan(HasSubscriptions):
    """It had the new plan already; what the change was planned on was not true."""

    def change_plan(self, move: PlanMove, key: str) -> Subscription:
        raise BackendContradiction("/version does not agree")


def told_of_another_plan() -> HasSubscriptions:
    return ToldOfAnotherPlan(replace(a_subscription(), plan="Basic"))


def test_what_had_the_plan_in_the_version_it_was_to_be_moved_from_needs_no_change() -> None:
    carrying = Carrying(told_of_another_plan())
    done = carrying.carry_out()
    assert (done.state, done.to_version) == (PlanChangeState.DONE, 1)
    assert carrying.billing.billed == [("Basic", 1)]
    assert (done.kind, done.from_plan) == (ChangeKind.UNCHANGED, "Basic")
    assert told(carrying) == [(1, "PlanChangeRequested"), (2, "SubscriptionPlanKept")]


def test_a_subscription_that_is_gone_ends_a_change_whose_answer_was_lost() -> None:
    class Gone(HasSubscriptions):
        def subscription(self, subscription_id: str) -> Subscription:
            raise SubscriptionNotFound("Subscription not found")

        def change_plan(self, move: PlanMove, key: str) -> Subscription:
            if not self.keys:
                self.keys.append(key)
                raise LOST
            return self.subscription(move.subscription_id)

    carrying = Carrying(Gone())
    assert not carrying.part().waiting
    assert carrying.progress.refusal is not None


def test_what_needed_no_change_is_not_changed_back() -> None:
    bss = told_of_another_plan()
    failed = Carrying(bss, BillsPlans(faults=[REFUSED])).carry_out()
    assert (failed.state, bss.known.plan) == (PlanChangeState.FAILED, "Basic")


def test_a_subscription_that_is_back_on_its_plan_was_changed_back() -> None:
    """The answer was lost; repeated, the call finds another version than it expects."""

    class Forgetful(HasSubscriptions):
        def change_plan(self, move: PlanMove, key: str) -> Subscription:
            self._answers.clear()
            changed = super().change_plan(move, key)
            if "undo" in key:
                raise LOST
            return changed

    bss = Forgetful()
    failed = Carrying(bss, BillsPlans(faults=[REFUSED])).carry_out()
    assert (failed.state, bss.known.plan, bss.known.version) == (PlanChangeState.FAILED, "Premium", 3)
    assert failed.failure is not None
    assert failed.failure.undone == ("subscription SUB1122 back on Premium",)


def test_a_subscription_that_bss_does_not_find_is_not_back() -> None:
    class Gone(HasSubscriptions):
        def subscription(self, subscription_id: str) -> Subscription:
            raise SubscriptionNotFound("Subscription not found")

        def change_plan(self, move: PlanMove, key: str) -> Subscription:
            return self.subscription(move.subscription_id) if "undo" in key else super().change_plan(move, key)

    fallen_out = Carrying(Gone(), BillsPlans(faults=[REFUSED])).carry_out()
    assert fallen_out.failure is not None
    assert (fallen_out.state, fallen_out.failure.code) == (PlanChangeState.FALLOUT, "BACKEND_REFUSED")


def test_a_plan_that_it_had_already_is_not_changed_back() -> None:
    carrying = Carrying(billing=BillsPlans(faults=[BackendRefused("no", status=422)]), plan="Premium")
    failed = carrying.carry_out()
    assert failed.failure is not None
    assert (failed.state, failed.failure.undone) == (PlanChangeState.FAILED, ())
    assert carrying.bss.keys == [f"{CHANGE_ID}:change-plan"]


def test_what_somebody_else_has_changed_since_is_not_changed_back() -> None:
    class Overtaken(BillsPlans):
        def bill(self, subscription: object, key: str) -> None:
            bss.known = replace(bss.known, plan="Standard", version=3)
            raise BackendRefused("no", status=422)

    bss = HasSubscriptions()
    failed = Carrying(bss, Overtaken()).carry_out()
    assert (failed.state, bss.known.plan) == (PlanChangeState.FALLOUT, "Standard")
    assert failed.failure is not None
    assert failed.failure.not_undone == ("subscription SUB1122 back on Premium",)


def test_a_change_that_could_not_be_taken_back_is_looked_after_again() -> None:
    change = a_plan_change()
    change.start(change.submitted_at)
    change.fail(Failure("X", "no", "bill-plan", {}, not_undone=("back",)), change.submitted_at)
    assert (change.state, change.finished) == (PlanChangeState.FALLOUT, True)
    change.resume(change.submitted_at)
    assert (change.state, change.finished) == (PlanChangeState.CHANGING, False)


def test_a_person_tells_of_a_change_which_version_it_made() -> None:
    steps = Carrying().process.steps(a_plan_change())
    assert steps[0].manual_result is not None
    assert steps[0].manual_result("7") == {"version": 7, "status": "active"}
    with pytest.raises(ValueError, match="invalid literal"):
        steps[0].manual_result("seven")


@pytest.mark.parametrize(("conditional", "code"), [(True, VersionMismatch.code), (False, "CONCURRENT_CHANGE")])
def test_a_subscription_that_was_changed_meanwhile_is_left_alone(conditional: bool, code: str) -> None:
    carrying = Carrying(HasSubscriptions(a_subscription(version=2)), conditional=conditional)
    failed = carrying.carry_out()
    assert failed.failure is not None
    assert (failed.state, failed.failure.code) == (PlanChangeState.FAILED, code)
    assert (carrying.bss.known.plan, carrying.billing.billed) == ("Premium", [])


def told(carrying: Carrying) -> list[tuple[int, str]]:
    return [(event.sequence, type(event).__name__) for event in carrying.memory.outbox]


def test_each_end_of_a_change_is_told_once() -> None:
    no = BackendRefused("no", status=422)
    carrying = Carrying()
    carrying.carry_out()
    assert told(carrying) == [(1, "PlanChangeRequested"), (2, "SubscriptionPlanChanged")]
    changed = carrying.memory.outbox[-1]
    assert isinstance(changed, SubscriptionPlanChanged)
    assert (changed.from_plan, changed.to_plan, changed.version) == ("Premium", "Basic", 2)
    for asked, end in (
        ({"plan": "Premium"}, "SubscriptionPlanKept"),
        ({"billing": BillsPlans(faults=[no])}, "PlanChangeFailed"),
    ):
        carrying = Carrying(**asked)
        carrying.carry_out()
        assert told(carrying) == [(1, "PlanChangeRequested"), (2, end)]


def test_a_change_that_falls_out_and_is_looked_after_again_tells_of_both() -> None:
    change = a_plan_change()
    change.start(change.submitted_at)
    change.fail(Failure("X", "no", "bill-plan", {}, not_undone=("back",)), change.submitted_at)
    change.resume(change.submitted_at)
    change.fail(Failure("X", "no", "bill-plan", {}), change.submitted_at)
    assert [(event.sequence, type(event)) for event in change.events] == [
        (1, PlanChangeFellOut),
        (2, PlanChangeResumed),
        (3, PlanChangeFailed),
    ]


def test_every_event_is_described() -> None:
    described = (Path(__file__).parents[3] / "docs" / "events.md").read_text()
    kinds = [*PlanChangeEvent.__subclasses__(), *OrderEvent.__subclasses__()]
    assert [kind.__name__ for kind in kinds if f"`{kind.__name__}`" not in described] == []


def test_a_change_is_never_given_up() -> None:
    assert Carrying().process.interruption(CHANGE_ID) is None
