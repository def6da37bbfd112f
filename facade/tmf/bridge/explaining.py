"""Why something failed: v5 has an attribute with messages for it, v4 has notes by the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facade.contract.pointers import pointer, tokens_of
from facade.tmf.bridge import paths
from facade.tmf.bridge.classes import ClassMapping
from facade.tmf.bridge.converters import TYPE, Object, Resource
from facade.tmf.bridge.report import Place, Run

NOTES, AUTHOR = "note", "provider"
TOLD_IN_NOTES = "v4 has no such attribute; a note by the provider says it"
TELLS = "the provider's note says it"


class Explained(Resource):
    """A resource whose messages (`ClassMapping.explained_by`) v4 shows behind its notes, with code and text.

    The notes are made anew for each answer and are kept nowhere.
    """

    def __init__(self, mapping: ClassMapping) -> None:
        super().__init__(mapping)
        assert mapping.explained_by is not None, "a class with an explanation says in which attribute it is"
        self.explanation = mapping.explained_by

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        notes = () if run.keeps_hidden else self.told(value)
        if not notes:
            return super().lower(value, at, run)
        attribute = self.explanation.attribute
        out = super().lower({name: member for name, member in value.items() if name != attribute}, at, run)
        run.reshaped((at, attribute), TOLD_IN_NOTES, value[attribute])
        if NOTES in value:
            for position, note in enumerate(notes, start=len(value[NOTES])):
                run.defaulted(((at, NOTES), position), TELLS, note)
        else:
            run.defaulted((at, NOTES), TELLS, list(notes))
        out[NOTES] = [*out.get(NOTES, ()), *notes]
        return out

    def told(self, document: Mapping[str, Any]) -> tuple[Object, ...]:
        messages, notes = document.get(self.explanation.attribute), document.get(NOTES, [])
        if not isinstance(messages, list) or not isinstance(notes, list):
            return ()
        usable = all(isinstance(one, dict) and isinstance(one.get("code"), str) for one in messages)
        return tuple(self._note(one) for one in messages) if usable else ()

    def _note(self, message: Object) -> Object:
        text = self._in_v4(str(message.get("message") or message.get("reason") or ""))
        note = {TYPE: "Note", "id": message["code"], "author": AUTHOR, "text": f"{message['code']}: {text}"}
        return note | ({"date": message[time]} if (time := self.explanation.time) in message else {})

    def _in_v4(self, text: str) -> str:
        """A text that may begin with a pointer, which leads into the v4 resource then."""
        if not text.startswith("/"):
            return text
        place, colon, rest = text.partition(": ")
        return pointer(paths.walk(self, tokens_of(place), up=False)[0]) + colon + rest


def without_told(shown: Object, told: tuple[Object, ...], document: Mapping[str, Any]) -> Object:
    """What v4 shows of a v5 document, or what a patch made of that, without the provider's notes.

    They are known by author and date, so that nobody changes one by sending it back in other words.
    """
    notes = shown.get(NOTES)
    if not told or not isinstance(notes, list):
        return shown
    known = [(one["author"], one.get("date")) for one in told]
    kept = [one for one in notes if not isinstance(one, dict) or (one.get("author"), one.get("date")) not in known]
    if not kept and NOTES not in document:
        return {name: member for name, member in shown.items() if name != NOTES}
    return shown | {NOTES: kept}
