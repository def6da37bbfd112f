"""The bridge between TM Forum's v4 and v5: one meaning, two ways to write it.

    bridge = Bridge(classes)                     an API's own classes; those that APIs share are in `tables`
    bridged = bridge.lift("ProductOrder", body)  v4 body → v5 body
    bridged.losses                               everything that is not the same there, each with its pointer
    bridge.lower("ProductOrder", document)       v5 → v4; raises NotVisible for what v4 does not have
    bridge.lift_path("ProductOrder", path)       paths in filters and sorting; names, pointers and patches likewise

The tables say what differs. Nothing here does I/O, and no body given is changed.
"""

from facade.tmf.bridge.bridge import Bridge
from facade.tmf.bridge.classes import ClassMapping
from facade.tmf.bridge.complement import (
    COMPLEMENT,
    entries_without,
    positions_aside,
    refuse_reserved,
    with_complement,
    without_complement,
)
from facade.tmf.bridge.report import Bridged, Kind, Loss, NotVisible
from facade.tmf.bridge.unfit import MOST_SET_ASIDE, fit

__all__ = [
    "COMPLEMENT",
    "MOST_SET_ASIDE",
    "Bridge",
    "Bridged",
    "ClassMapping",
    "Kind",
    "Loss",
    "NotVisible",
    "entries_without",
    "fit",
    "positions_aside",
    "refuse_reserved",
    "with_complement",
    "without_complement",
]
