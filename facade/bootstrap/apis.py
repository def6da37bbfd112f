"""The APIs of TM Forum that are served, each by its declaration."""

from collections.abc import Callable
from typing import Any

from adapters.persistence.listeners import SqlListeners
from facade.app import Api, contract_of
from facade.bootstrap.answers import answer_to
from facade.bootstrap.core import Core
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.deliveries import callback_rules
from facade.bootstrap.versions import notifications_of, v4_of, versions_of
from facade.portal.handlers import PortalTranslator
from facade.tmf.engine.client_words import ClientWords
from facade.tmf.engine.declaration import TmfApi, Verb
from facade.tmf.engine.operations import ResourceOperations
from facade.tmf.engine.other_version import OtherForms, collections_of
from facade.tmf.engine.reads import DocumentReads
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import V4, Version
from facade.tmf.hub.handlers import Hub
from facade.translations import Translatable
from facade.web.admission import ServedApi

Operations = dict[str, Callable[..., Any]]
UNRECORDED = ("importJob", "exportJob")
"""Resources whose bodies have addresses, in which secrets may be."""


def tmf_apis(core: Core) -> list[Api]:
    """What Connexion serves of them: for each API its versions, newest first."""
    return [
        Api(
            served.spec,
            _operations(core, api, version),
            served.aliases,
            rewording=ClientWords.of(versions_of(api, version).values()),
            on_body=core.recorder.of(api.name, version, recorded_operations(api, version)),
        )
        for api in TMF_APIS
        for version, served in api.versions.items()
    ]


def recorded_operations(api: TmfApi, version: str) -> frozenset[str]:
    """The operations that make or change resources."""
    verbs, resources = (Verb.CREATE, Verb.PATCH), (one for one in api.resources if one.name not in UNRECORDED)
    return frozenset(one.operation(verb, version) for one in resources for verb in verbs if verb in one.verbs)


def served_apis() -> dict[str, ServedApi]:
    """Which version of which API is served at each address."""
    found: dict[str, ServedApi] = {}
    for api in TMF_APIS:
        addresses = {version: contract_of(served.spec).base_path for version, served in api.versions.items()}
        for version, served in api.versions.items():
            here = ServedApi(api.name, version, addresses)
            found |= dict.fromkeys((addresses[version], *served.aliases), here)
    return found


def shown_by_v4() -> dict[str, V4]:
    """The resources that v4 shows, by their names there."""
    return {
        resource.name_in("v4"): v4_of(api, resource)
        for api in TMF_APIS
        if "v4" in api.versions
        for resource in api.resources
    }


def other_forms() -> OtherForms:
    """Which bodies are written for another version than that of the address."""
    found: list[tuple[Version, str, str | None]] = []
    for api in TMF_APIS:
        bases = {version: contract_of(served.spec).base_path for version, served in api.versions.items()}
        for version, served in api.versions.items():
            other = next((base for name, base in bases.items() if name != version), None)
            for one in versions_of(api, version).values():
                found += collections_of(one, (bases[version], *served.aliases), other)
    return OtherForms.of(found)


def translatable(reads: DocumentReads) -> dict[tuple[str, str, str], Translatable]:
    """What can be tried, by API, version and operationId."""
    canonical = Translatable(contract_of("canonical/v1.yaml"), PortalTranslator())
    return {
        (api.name, version, one.resource.operation(Verb.CREATE, version)): Translatable(
            contract_of(api.versions[version].spec), ResourceTranslator(one, reads), one.losses
        )
        for api in TMF_APIS
        for version in api.versions
        for one in versions_of(api, version).values()
        if Verb.CREATE in one.resource.verbs
    } | {("canonical", "v1", "placeOrder"): canonical}


def _operations(core: Core, api: TmfApi, version: str) -> Operations:
    found: Operations = _hub(core, api, version).operations()
    for one in versions_of(api, version).values():
        found |= ResourceOperations(one, core.application, core.reads, core.turns, answer_to).operations()
    return found


def _hub(core: Core, api: TmfApi, version: str) -> Hub:
    return Hub(
        api.name,
        version,
        notifications_of(api, version),
        callback_rules(core.settings),
        core.application,
        SqlListeners(core.database),
    )
