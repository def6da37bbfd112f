"""JSON that keeps its meaning: no digit of a number is lost, and no name counts twice.

    read(content)       what somebody sent; refuses a name that an object has twice, and numbers beyond the limits
    read_kept(text)     what this product wrote itself
    write(value)        JSON in UTF-8; text(value) gives the same as a string
    typed(value)        the name of its type, and the value as text
    by_value(value)     the same text for all JSON that is equal: 10, 10.0 and 1e1 are one number
    end_of_object(…)    where an object ends, in a file that is too long to be read at once

A number is an `int` when it is written with digits alone, otherwise a `Decimal` with exactly the digits that were
sent; -0 is a `Decimal` too, since no integer has a sign without a value. There is no float.

The web edge and the adapters share this package. It imports nothing of either.
"""

from canonical.shared.jsontext.elements import end_of_object
from canonical.shared.jsontext.kept import read_kept
from canonical.shared.jsontext.numbers import MOST_DIGITS, Number, number_of
from canonical.shared.jsontext.received import Fault, FaultKind, Inexact, NotJson, Unreadable, read
from canonical.shared.jsontext.typed import typed
from canonical.shared.jsontext.writing import by_value, text, write

__all__ = [
    "MOST_DIGITS",
    "Fault",
    "FaultKind",
    "Inexact",
    "NotJson",
    "Number",
    "Unreadable",
    "by_value",
    "end_of_object",
    "number_of",
    "read",
    "read_kept",
    "text",
    "typed",
    "write",
]
