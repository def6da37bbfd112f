"""Contract checks for Connexion that compile each schema once.

Connexion 3.3 copies the schema and builds a jsonschema validator for every request and every parameter, which takes
longer than all that a simulated backend does. These give the same verdicts through its own `validator_map`.
"""

from collections.abc import AsyncGenerator
from typing import Any

import jsonschema_rs
from connexion.datastructures import MediaTypeDict
from connexion.exceptions import BadRequestProblem
from connexion.validators import VALIDATOR_MAP, JSONRequestBodyValidator, ParameterValidator

from canonical.shared import jsontext

_compiled: dict[int, tuple[Any, jsonschema_rs.Draft4Validator]] = {}


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Draft4Validator:
    """The compiled schema. Known by identity, so the schema is kept with it and its id is never given away."""
    kept = _compiled.get(id(schema))
    if kept is None:
        kept = _compiled[id(schema)] = schema, jsonschema_rs.Draft4Validator(schema, validate_formats=True)
    return kept[1]


def _complaint(schema: dict[str, Any], value: Any) -> str | None:
    """Why the value breaks the schema, led by where; None when it does not."""
    validator = _validator(schema)
    if validator.is_valid(value):
        return None
    found = next(validator.iter_errors(value))
    where = "".join(f"/{step}" for step in found.instance_path)
    return f"{where}: {found.message}" if where else found.message


class CompiledParameterValidator(ParameterValidator):  # type: ignore[misc]
    """Parameters of simple type, which is all our contracts have."""

    @staticmethod
    def validate_parameter(
        parameter_type: str, value: Any, param: dict[str, Any], param_name: str | None = None
    ) -> str | None:
        if value is not None:
            complaint = _complaint(param["schema"], value)
            return complaint and f"{parameter_type} parameter {param['name']}: {complaint}"
        if param.get("required"):
            return f"Missing {parameter_type} parameter '{param['name']}'"
        return None


class CompiledBodyValidator(JSONRequestBodyValidator):  # type: ignore[misc]
    """JSON bodies. Unlike Connexion's, an optional body may be left out."""

    async def _parse(self, stream: AsyncGenerator[bytes, None], scope: Any) -> Any:
        raw = b"".join([part async for part in stream])
        if not raw:
            return None
        try:
            return jsontext.read(raw)
        except jsontext.Unreadable as broken:
            raise BadRequestProblem(f"The body is not JSON: {broken}") from broken

    def _validate(self, body: Any) -> None:
        if body is None and not self._required:
            return
        if complaint := _complaint(self._schema, body):
            raise BadRequestProblem(f"body{complaint}" if complaint[0] == "/" else f"body: {complaint}")


VALIDATORS = {
    "parameter": CompiledParameterValidator,
    "body": MediaTypeDict({**VALIDATOR_MAP["body"], "*/*json": CompiledBodyValidator}),
}
