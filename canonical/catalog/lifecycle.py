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


FOLLOWING = MappingProxyType(
    {
        LifecycleStatus.IN_STUDY: frozenset({LifecycleStatus.IN_DESIGN}),
        LifecycleStatus.IN_DESIGN: frozenset({LifecycleStatus.IN_TEST}),
        LifecycleStatus.IN_TEST: frozenset({LifecycleStatus.ACTIVE, LifecycleStatus.REJECTED}),
        LifecycleStatus.ACTIVE: frozenset({LifecycleStatus.LAUNCHED, LifecycleStatus.RETIRED}),
        LifecycleStatus.LAUNCHED: frozenset({LifecycleStatus.RETIRED}),
        LifecycleStatus.RETIRED: frozenset({LifecycleStatus.OBSOLETE}),
        LifecycleStatus.OBSOLETE: frozenset[LifecycleStatus](),
        LifecycleStatus.REJECTED: frozenset[LifecycleStatus](),
    }
)
"""What each may become."""
