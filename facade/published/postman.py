"""A contract as a Postman collection (format 2.1)."""

import re
from collections.abc import Mapping
from typing import Any

from canonical.shared import jsontext
from facade.published.contracts import PublishedContract

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(contract: PublishedContract, address: str) -> bytes:
    """`address` is where clients reach us. The variable `token` is for an access token."""
    folders: dict[str, list[dict[str, Any]]] = {}
    for path, method, operation in contract.operations():
        folder = (operation.get("tags") or [contract.title])[0]
        folders.setdefault(folder, []).append(_request(path, method, operation))
    return jsontext.write(
        {
            "info": {"name": contract.title, "schema": SCHEMA},
            "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
            "variable": [{"key": "baseUrl", "value": address + contract.base_path}, {"key": "token", "value": ""}],
            "item": [{"name": name, "item": items} for name, items in folders.items()],
        }
    )


def _request(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    names = re.findall(r"\{([^}]+)\}", path)
    parts = re.sub(r"\{([^}]+)\}", r":\1", path).strip("/").split("/")
    request: dict[str, Any] = {
        "method": method.upper(),
        "header": [],
        "url": {
            "raw": "{{baseUrl}}/" + "/".join(parts),
            "host": ["{{baseUrl}}"],
            "path": parts,
            "variable": [{"key": name, "value": ""} for name in names],
        },
    }
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        request["header"] = [{"key": "Content-Type", "value": media}]
        if "example" in content:
            request["body"] = {"mode": "raw", "raw": jsontext.text(content["example"])}
        break
    return {"name": operation.get("summary", operation["operationId"]), "request": request}
