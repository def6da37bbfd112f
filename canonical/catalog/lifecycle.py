"""The life of everything in the catalog, from the first idea until nobody has it any more."""

from enum import StrEnum
from types import MappingProxyType


class LifecycleStatus(StrEnum):
    IN_STUDY = "IN_STUDY"
    IN_DESIGN = "IN_DESIGN"
    IN_TEST = "IN_TEST"
    ACTIVE = "ACTIVE"
    LAUNCHED = "LAUNCHED"
    RETIRED = "RETIRED"
    OBSOLETE = "OBSOLETE"
    REJECTED = "REJECTED"


_PUBLISH = frozenset({LifecycleStatus.ACTIVE, LifecycleStatus.LAUNCHED})

FOLLOWING = MappingProxyType(
    {
        LifecycleStatus.IN_STUDY: _PUBLISH | {LifecycleStatus.IN_DESIGN},
        LifecycleStatus.IN_DESIGN: _PUBLISH | {LifecycleStatus.IN_TEST},
        LifecycleStatus.IN_TEST: _PUBLISH | {LifecycleStatus.REJECTED},
        LifecycleStatus.ACTIVE: frozenset({LifecycleStatus.LAUNCHED, LifecycleStatus.RETIRED}),
        LifecycleStatus.LAUNCHED: frozenset({LifecycleStatus.RETIRED}),
        LifecycleStatus.RETIRED: frozenset({LifecycleStatus.OBSOLETE}),
        LifecycleStatus.OBSOLETE: frozenset[LifecycleStatus](),
        LifecycleStatus.REJECTED: frozenset[LifecycleStatus](),
    }
)
"""What each may become. Publishing approves what is still to be approved."""

OFFERED = _PUBLISH
"""Published and not retired."""
PUBLISHED = OFFERED | {LifecycleStatus.RETIRED, LifecycleStatus.OBSOLETE}
"""What everybody may read, and what never changes."""
