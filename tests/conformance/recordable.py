"""Changes generated payloads of products so that our rules take them; everything else stays as it is."""

from typing import Any
from uuid import uuid4

from facade.tmf.tmf637.product import IGNORED
from facade.tmf.tmf637.shapes import RELATIONSHIPS
from tests.conformance.orderable import ROLES

Payload = dict[str, Any]
TYPES = tuple(RELATIONSHIPS.values())


def product(body: Payload, _: str) -> Payload:
    body = {name: value for name, value in body.items() if name not in IGNORED}
    if "id" in body:
        body["id"] = str(uuid4())
    if "status" in body:
        body["status"] = body["status"].strip()
    for name, attribute, words in (("relatedParty", "role", ROLES), ("productRelationship", "relationshipType", TYPES)):
        if name in body:
            body[name] = [{**one, attribute: words[index % len(words)]} for index, one in enumerate(body[name])]
    return body
