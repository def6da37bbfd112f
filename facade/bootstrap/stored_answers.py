"""How many of a client's stored resources would be answered differently under another profile."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.tables import documents
from canonical.shared import jsontext
from canonical.shared.errors import NotFound
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import versions_of
from facade.partners.profiles import Profile
from facade.tmf.engine.versions import Version
from facade.tmf.engine.wording import Wording

AT_ONCE = 500
"""Documents that are in memory."""


@dataclass(frozen=True, slots=True)
class ChangedAnswers:
    """Of `stored` resources of a client in a version of an API, `changed` would be answered differently."""

    resource: str
    stored: int
    changed: int

    def in_words(self) -> str:
        return f"{self.changed:,} of {self.stored:,} stored answers of {self.resource} change"


def changed_answers(
    database: Database, client: str, before: Profile, after: Profile, told: Callable[[int], None]
) -> Iterator[ChangedAnswers]:
    """For each resource whose words differ. Nothing is read for the others: profiles change nothing else about answers.
    `told`: how many documents were compared so far.
    """
    done = 0
    for name, version in _owned():
        words = version.wording(before), version.wording(after)
        if words[0] == words[1]:
            continue
        stored = changed = 0
        for document in _documents(database, client, version.resource.kind.name):
            answers = _answers(version, document, words)
            stored += bool(answers)
            changed += len(answers) > 1
            told(done := done + 1)
        yield ChangedAnswers(name, stored, changed)


def _owned() -> Iterator[tuple[str, Version]]:
    """The resources that belong to clients, in each version that is served."""
    for api in TMF_APIS:
        for spoken in api.versions:
            for version in versions_of(api, spoken).values():
                resource = version.resource
                if resource.owned_by_scope is not None and resource.places:
                    yield f"{api.name} {spoken} {resource.name_in(spoken)}", version


def _answers(version: Version, document: str, words: Iterable[Wording | None]) -> set[bytes]:
    """A stored document in each of the words; nothing if this version does not have the resource."""
    whole = {"href": ""} | jsontext.read_kept(document)
    if not version.is_visible(str(whole.get(version.resource.state_attribute))):
        return set()
    try:
        return {version.written(whole, None, one).text for one in words}
    except NotFound:
        return set()


def _documents(database: Database, client: str, kind: str) -> Iterator[str]:
    after = ""
    mine = (documents.c.resource == kind, documents.c.owner == client, documents.c.document.is_not(None))
    while True:
        page = sa.select(documents.c.id, documents.c.document).where(*mine, documents.c.id > after)
        with database.reading() as connection:
            rows = connection.execute(page.order_by(documents.c.id).limit(AT_ONCE)).all()
        if not rows:
            return
        yield from (row.document for row in rows)
        after = rows[-1].id
