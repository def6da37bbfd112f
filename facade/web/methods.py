"""The allowed methods of each address, by the contracts: Connexion 3.3's 405 names those of one operation only."""

import re
from collections.abc import Mapping
from typing import Any

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class MethodTable:
    """Filled by the app as it adds contracts."""

    def __init__(self) -> None:
        self._paths: list[tuple[re.Pattern[str], str]] = []

    def add(self, base_path: str, spec: Mapping[str, Any]) -> None:
        for template, operations in spec["paths"].items():
            pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]+\}", base_path + template))
            methods = [method for method in METHODS if method.lower() in operations]
            self._paths.append((re.compile(pattern), ", ".join(methods)))

    def allow(self, path: str) -> str:
        """The value of the `Allow` header for an address; empty where nothing is served."""
        return next((methods for pattern, methods in self._paths if pattern.fullmatch(path)), "")
