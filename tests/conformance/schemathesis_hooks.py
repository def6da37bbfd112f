"""What `schemathesis run` leaves out of requests that keep the contract; schemathesis.toml beside it names this file.

These parameters take any text by the contract, and almost no text means something: a cursor is what a page before gave,
the others name attributes of the resource. Requests that break the contract keep them.
"""

from typing import Any

import schemathesis

OF_THEIR_OWN_LANGUAGE = ("cursor", "fields", "filter", "sort")


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    if case.meta is not None and case.meta.generation.mode.is_positive:
        for name in OF_THEIR_OWN_LANGUAGE:
            case.query.pop(name, None)
