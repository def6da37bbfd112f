"""Values of characteristics, and their form in requests and answers."""

from typing import Any

from canonical.catalog.characteristics import Value, ValueType
from canonical.shared import jsontext


def value_of(said: Any) -> Value:
    """The value that JSON has."""
    kind, text = jsontext.typed(said)
    return Value(ValueType(kind), text)


def json_of(value: Value) -> Any:
    return value.text if value.type is ValueType.TEXT else jsontext.read_kept(value.text)
