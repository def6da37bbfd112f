"""The use case of each command: its handler and its log event."""

from collections.abc import Callable, Mapping
from typing import Any

from canonical.catalog import handlers as cataloguing
from canonical.catalog import job_handlers as jobs
from canonical.catalog.jobs import EXPORT_JOBS, IMPORT_JOBS
from canonical.inventory import handlers as keeping_assets
from canonical.inventory.asset import ASSETS
from canonical.inventory.commands import RemoveAsset
from canonical.listeners import handlers as listening
from canonical.ordering import handlers as ordering
from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.commands import CancelOrder, RejectOrder, RemoveOrder, SubmitDraft, SubmitOrder
from canonical.ordering.order import ORDERS
from canonical.ordering.states import UNSUCCESSFUL
from canonical.partners import handlers as agreeing
from canonical.partners.commands import ActivateProfile, RetireProfile
from canonical.partners.profile_version import PROFILE_VERSIONS
from canonical.processes import decisions
from canonical.processes.engine import Process
from canonical.processes.process_status import ProcessStatus
from canonical.subscriptions import handlers as subscribing
from canonical.subscriptions.commands import ChangePlan
from canonical.subscriptions.plan_change import PLAN_CHANGES
from facade.application.use_cases import UseCase

SUBJECTS = {
    ordering.PLACE_ORDER: ORDERS.name,
    subscribing.CHANGE_PLAN: PLAN_CHANGES.name,
    jobs.IMPORT_CATALOG: IMPORT_JOBS.name,
    jobs.EXPORT_CATALOG: EXPORT_JOBS.name,
}
"""The subjects of the processes."""


def use_cases(processes: Mapping[str, Process[Any]]) -> dict[type, UseCase]:
    orders = {command: UseCase(handle, ORDERS) for command, handle in ordering.HANDLERS.items()}
    logged = {
        SubmitOrder: UseCase(
            ordering.submit_order,
            ORDERS,
            event="order accepted",
            queues=True,
            given_up=UNSUCCESSFUL,
        ),
        SubmitDraft: UseCase(ordering.submit_draft, ORDERS, queues=True),
        RejectOrder: UseCase(ordering.reject_order, ORDERS, event="order accepted"),
        RemoveOrder: UseCase(ordering.remove_order, ORDERS, event="order removed", notable=True),
        CancelOrder: UseCase(ordering.cancel_order, CANCELLATIONS),
        ChangePlan: UseCase(subscribing.change_plan, PLAN_CHANGES, event="plan change accepted", queues=True),
        decisions.Decision: UseCase(
            decisions.handler(processes),
            subject=_of_process,
            event="decision taken",
            notable=True,
            log_fields=lambda decision: {"action": decision.action.value},
        ),
    }
    listeners = {command: UseCase(handle, subject=_named("listener")) for command, handle in listening.HANDLERS.items()}
    catalog = {
        command: UseCase(handle, lambda command: command.kind) for command, handle in cataloguing.HANDLERS.items()
    }
    transfers = {
        jobs.StartImport: UseCase(jobs.start_import, IMPORT_JOBS, event="import accepted"),
        jobs.StartExport: UseCase(jobs.start_export, EXPORT_JOBS, event="export accepted"),
        jobs.RemoveJob: UseCase(jobs.remove_job, lambda command: command.kind, event="job removed"),
    }
    assets = {command: UseCase(handle, ASSETS) for command, handle in keeping_assets.HANDLERS.items()}
    assets[RemoveAsset] = UseCase(keeping_assets.remove_asset, ASSETS, event="asset removed", notable=True)
    profiles = {command: UseCase(handle, PROFILE_VERSIONS) for command, handle in agreeing.HANDLERS.items()}
    for command, event in ((ActivateProfile, "profile activated"), (RetireProfile, "profile retired")):
        handle = agreeing.HANDLERS[command]
        profiles[command] = UseCase(handle, PROFILE_VERSIONS, event=event, notable=True)
    return orders | logged | listeners | catalog | transfers | assets | profiles


def _named(subject_type: str) -> Callable[[Any], tuple[str, str]]:
    return lambda made: (subject_type, made.id)


def _of_process(status: ProcessStatus) -> tuple[str, str]:
    return SUBJECTS[status.process], status.subject
