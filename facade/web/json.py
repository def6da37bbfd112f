"""JSON in and out of Connexion and Flask, by `jsontext`: every digit of a number, raw UTF-8, no indentation."""

from collections.abc import Mapping
from typing import Any

import flask
from flask.json.provider import JSONProvider

from canonical.shared import jsontext


def answer_json(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> flask.Response:
    """`document` as JSON. Connexion wants a media type named where an operation declares several."""
    return flask.Response(jsontext.write(document), status, headers, content_type="application/json")


def nothing() -> flask.Response:
    """204. Flask would call the body that is not there HTML."""
    response = flask.Response(status=204)
    del response.headers["Content-Type"]
    return response


class ExactJsonifier:
    """What Connexion serialises handlers' results with."""

    def dumps(self, data: Any, **_: Any) -> str:
        return jsontext.text(data) + "\n"

    def loads(self, data: str | bytes) -> Any:
        return jsontext.read(data.encode() if isinstance(data, str) else data)


class ExactProvider(JSONProvider):
    """What Flask reads and writes JSON with."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return jsontext.text(obj)

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return jsontext.read(s.encode() if isinstance(s, str) else s)
