"""Who sends a payload, with what was agreed with it."""

from collections.abc import Callable

from canonical.shared.reader import Reader
from facade.partners.profiles import Nulls, Profile
from facade.tmf.engine.declaration import Sender


def sender_of(
    client: str,
    profile: Profile,
    *,
    version: str = "v5",
    origin: str = "",
    may: Callable[[str], bool] = lambda scope: False,
    reason: str | None = None,
    reader: Reader | None = None,
    told: bool = True,
) -> Sender:
    """The client under its profile. The rest as in `Sender`."""
    return Sender(
        client,
        profile.vocabulary,
        profile.markets,
        profile.tolerated,
        version,
        origin,
        may,
        reason,
        reader,
        told,
        excusable=profile.excusable,
        external_ids=profile.external_ids,
        billing_accounts=profile.billing_accounts,
        profile=profile.version,
        extensions=profile.extensions,
        refuses_nulls=profile.nulls is Nulls.REFUSE,
        policies=profile.policies,
    )
