"""What is agreed with a partner, to hand out: its profile, and contracts narrowed to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facade.app import spec_of
from facade.bootstrap.catalog import opened
from facade.bootstrap.core import PARTNERS
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.partners import FaultyProfiles, active_versions
from facade.bootstrap.versions import versions_of
from facade.partners.faults import ProfileFault
from facade.partners.files import ProfileError, documents_in, read_profiles
from facade.partners.profiles import Profile, compile_profile
from facade.settings import Settings
from facade.tmf.engine.narrowed import Narrowing, narrowed


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

    Raises ProfileError, and FaultyProfiles.
    """
    if folder is None:
        with opened(settings) as database:
            active = active_versions(database).get(client)
        if active is not None:
            return Agreed(client, active.document, compile_profile(active.document, active.name))
        folder = Path(settings.partners) if settings.partners else PARTNERS
    found = {name: document for name, _, document in documents_in(folder)}
    if client not in found:
        raise ProfileError(f"{client} has no profile in {folder}")
    try:
        compile_profile(found[client])
    except ProfileFault as fault:
        raise FaultyProfiles([f"{client}: {fault}"]) from fault
    return Agreed(client, found[client], read_profiles(folder).of(client))


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
