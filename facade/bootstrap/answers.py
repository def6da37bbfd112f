"""How the errors of all contexts are answered, collected from their edges."""

from types import MappingProxyType

from facade.answers import AnswerTable, ErrorAnswer
from facade.bootstrap.declared import TMF_APIS
from facade.operations import processes
from facade.portal import audit_records, customer, events, handlers, partner_profiles, subscriptions
from facade.tmf.hub import handlers as hub
from facade.web import errors

TABLES: tuple[AnswerTable, ...] = (
    errors.SHARED,
    handlers.ANSWERS,
    audit_records.ANSWERS,
    customer.ANSWERS,
    subscriptions.ANSWERS,
    processes.ANSWERS,
    partner_profiles.ANSWERS,
    events.ANSWERS,
    hub.ANSWERS,
    *(api.answers for api in TMF_APIS),
)
ALL: AnswerTable = MappingProxyType({kind: row for table in TABLES for kind, row in table.items()})


def answer_to(error: Exception) -> ErrorAnswer:
    """What to answer when `error` reaches the edge."""
    return errors.answer_to(error, ALL)
