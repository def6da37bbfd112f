"""The bridge between TM Forum's v4 and v5: one meaning, two ways to write it.

    bridged = lift("ProductOrder", body)         v4 body → v5 body
    bridged.losses                               everything that is not the same there, each with its pointer
    lower("ProductOrder", document)              v5 → v4; raises NotVisible for what v4 does not have
    lift_path("ProductOrder", "relatedParty.id") paths in filters and sorting; names and pointers likewise

The tables (`tables`, `ordering`) say what differs; another API joins with a table of its own. Nothing here does I/O,
and no body given is changed.
"""

from facade.tmf.bridge.bodies import lift, lower
from facade.tmf.bridge.patches import alike, lift_patch
from facade.tmf.bridge.paths import (
    hidden_values,
    is_position,
    lift_names,
    lift_path,
    lift_pointer,
    lower_pointer,
    sent_pointer,
    tokens_of,
)
from facade.tmf.bridge.report import Bridged, Conventions, Kind, Loss, NotVisible

__all__ = [
    "Bridged",
    "Conventions",
    "Kind",
    "Loss",
    "NotVisible",
    "alike",
    "hidden_values",
    "is_position",
    "lift",
    "lift_names",
    "lift_patch",
    "lift_path",
    "lift_pointer",
    "lower",
    "lower_pointer",
    "sent_pointer",
    "tokens_of",
]
