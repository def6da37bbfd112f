"""Clients that write for one version and call the other: how they are told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from canonical.shared import jsontext
from facade.tmf.bridge import Bridge
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.versions import Version
from facade.tmf.query.attributes import Names, SchemaAttributes

LARGEST = 100_000
"""Bytes of a refused body that is looked at again."""


Served = tuple[Version, str, str | None]
"""One version of a resource, the address of its collection, and that of the other version's."""


@dataclass(frozen=True)
class OtherNames:
    """Hints for paths that are unknown in this version (`own`) and known in the other one (`other`)."""

    bridge: Bridge
    schema: str
    version: str
    own: SchemaAttributes
    other: SchemaAttributes

    def __call__(self, names: Names) -> str | None:
        """What a path of the other version is called here; None for a path that it does not have either."""
        if not self.other.has(names):
            return None
        path, other = ".".join(names), _other(self.version)
        translated = self.bridge.lower_path if self.version == "v4" else self.bridge.lift_path
        meant = translated(self.schema, path)
        if meant and meant != path and self.own.has(tuple(meant.split("."))):
            return f"did you mean `{meant}`? {other} names it `{path}`"
        return f"{other} has this attribute, {self.version} has not"


@dataclass(frozen=True)
class OtherForms:
    """Which bodies are written for another version than that of the address. `collections` by their addresses."""

    collections: Mapping[str, tuple[Version, str | None]]

    @classmethod
    def of(cls, served: Iterable[Served]) -> "OtherForms":
        return cls({address: (version, other) for version, address, other in served})

    def told(self, path: str, body: bytes | None) -> str | None:
        """The sentence for a refused request; None if its body is not in the form of another version."""
        found = self.collections.get(path) or self.collections.get(path.rpartition("/")[0])
        if found is None or body is None or len(body) > LARGEST:
            return None
        version, address = found
        try:
            sent = jsontext.read(body)
        except jsontext.Unreadable:
            return None
        written = version.bridge.form_of(version.resource.schema, sent)
        if written in (None, version.name):
            return None
        elsewhere = "" if address is None else f", or send it to {address}"
        return f"The body is written for {written}, and this address takes {version.name}: translate it{elsewhere}."


def collections_of(version: Version, addresses: Iterable[str], other: str | None) -> Iterator[Served]:
    """What `OtherForms.of` takes for one resource. `addresses` are base paths, `other` is that of the other version."""
    resource = version.resource
    if Verb.CREATE not in resource.verbs:
        return
    beside = None if other is None else f"{other}/{resource.name_in(_other(version.name))}"
    for address in addresses:
        yield version, f"{address}/{resource.name_in(version.name)}", beside


def _other(version: str) -> str:
    return "v5" if version == "v4" else "v4"
