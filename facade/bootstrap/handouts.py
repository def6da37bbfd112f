"""What is agreed with a partner, to hand out: its profile, and contracts narrowed to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from canonical.shared import jsontext
from facade.app import contract_of, spec_of
from facade.bootstrap.answers import answer_to
from facade.bootstrap.apis import translatable
from facade.bootstrap.catalog import opened
from facade.bootstrap.core import PARTNERS
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.partners import active_versions
from facade.bootstrap.replaying import NothingKept
from facade.bootstrap.versions import versions_of
from facade.partners.examples import Example, examples_in
from facade.partners.files import ProfileError, compiled_file, documents_in
from facade.partners.handout import Handout, TriedExample
from facade.partners.profiles import Profile, compile_profile
from facade.replay.outcomes import EVERY_SCOPE, KEPT
from facade.security.principal import Principal
from facade.settings import Settings
from facade.tmf.engine.narrowed import Narrowing, narrowed
from facade.tmf.tmf622 import items, product_order
from facade.translations import Translatable, tried

ATTRIBUTES: Mapping[str, Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "of an order": {
            "mapped: read and used": sorted(
                {row.attribute for row in product_order.FIELDS} - product_order.REFUSED.keys() | product_order.SHAPED
            ),
            "carried: kept as sent": sorted(product_order.CARRIED),
            "refused": sorted(product_order.REFUSED),
        },
        "of an item": {
            "mapped: read and used": sorted(items.SHAPED),
            "carried: kept as sent": sorted(items.CARRIED),
            "refused": sorted(items.REFUSED),
        },
    }
)
"""What happens to the attributes of orders, by their tables."""


class UnknownContract(ValueError):
    """There is no such API or version; the message lists those that there are."""


@dataclass(frozen=True)
class Agreed:
    """The profile of a client, as a document and compiled."""

    client: str
    document: Mapping[str, Any]
    profile: Profile


def agreed_with(settings: Settings, client: str, folder: Path | None) -> Agreed:
    """The profile of a client in a folder; without one, what is in force: its active version, or its file of PARTNERS.

    Raises ProfileError.
    """
    looked_at = ""
    if folder is None:
        with opened(settings) as database:
            active = active_versions(database).get(client)
        if active is not None:
            return Agreed(client, active.document, compile_profile(active.document, active.name))
        folder = Path(settings.partners) if settings.partners else PARTNERS
        looked_at = ", and no version in the database is active; --profiles DIR reads another folder"
    found = {name: (path, document) for name, path, document in documents_in(folder)}
    if client not in found:
        raise ProfileError(f"{client} has no profile in {folder}{looked_at}")
    path, document = found[client]
    return Agreed(client, document, compiled_file(path, document))


def handout(agreed: Agreed) -> Handout:
    """What is agreed, with the partner's own examples run through the mapper. Raises UnknownContract for an example of
    an operation that cannot be tried.
    """
    addresses = {
        (api.name, version): contract_of(served.spec).base_path
        for api in TMF_APIS
        for version, served in api.versions.items()
    }
    examples = examples_in(agreed.document)
    known = translatable(NothingKept()) if examples else {}
    made = [_tried(known, agreed, example) for example in examples]
    return Handout(agreed.client, agreed.document, agreed.profile, addresses, ATTRIBUTES, made)


def _tried(known: Mapping[tuple[str, str, str], Translatable], agreed: Agreed, example: Example) -> TriedExample:
    if example.operation not in known:
        raise UnknownContract(f"the example {example.title!r}: {' '.join(example.operation)} cannot be tried")
    rule = agreed.profile.customers
    # Who gets its customers from a claim has no token here, so its examples may name any.
    customers = None if rule is None or rule.claim is not None else rule.customers({})
    principal = Principal(agreed.client, EVERY_SCOPE, customers, agreed.profile)
    answer = tried(known[example.operation], example.operation[2], example.payload, principal, answer_to)
    told: dict[str, Any] = jsontext.read(jsontext.write({name: answer[name] for name in KEPT}))
    return TriedExample(example.title, example.operation, example.payload, told)


def contract_for(agreed: Agreed, api_name: str, version: str) -> dict[str, Any]:
    """The contract of a version of an API, narrowed to what is agreed. Raises UnknownContract, and VersionNotAgreed."""
    known = {(api.name, name): api for api in TMF_APIS for name in api.versions}
    if (api_name, version) not in known:
        there = ", ".join(" ".join(names) for names in known)
        raise UnknownContract(f"there is no {api_name} {version}; there are {there}")
    agreed.profile.versions.check(api_name, version)
    api = known[api_name, version]
    deprecated = agreed.profile.versions.terms(api_name, version).deprecated_since is not None
    return narrowed(
        spec_of(api.versions[version].spec),
        versions_of(api, version).values(),
        Narrowing(agreed.client, agreed.profile, deprecated),
    )
