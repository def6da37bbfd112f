"""Who agreed to it is recorded in the background, masked; nobody else is."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from canonical.audit.recording import Recording
from canonical.shared import jsontext
from canonical.shared.errors import StoreUnavailable
from facade.partners.profiles import Profile, compile_profile
from facade.recording.recorder import ATTEMPTS, LONGEST, MOST_WAITING, Recorder
from facade.security.principal import Principal
from tests.support.builders import NOON
from tests.support.fakes import StandingClock
from tests.support.waiting import until

AGREED = compile_profile({"recording": {"retentionDays": 30, "masked": ["x_note"]}}, "acme@3")
OPERATION = "createProductOrder"


@dataclass
class Kept:
    made: list[Recording] = field(default_factory=list)
    away: int = 0
    forgotten: int = 0
    looks: list[datetime] = field(default_factory=list)

    def key(self, client: str) -> bytes:
        return client.encode()

    def add(self, made: Sequence[Recording], key: bytes) -> bool:
        if self.forgotten:
            self.forgotten -= 1
            return False
        if self.away:
            self.away -= 1
            raise StoreUnavailable("the database does not answer")
        self.made += made
        return True

    def forget(self, now: datetime) -> None:
        self.looks.append(now)


def recorded(*sent: tuple[Profile, str, bytes], kept: Kept | None = None, awaited: int = 0) -> list[Recording]:
    """`awaited`: so many have to be there before the end."""
    kept = kept or Kept()
    recorder = Recorder(kept, StandingClock(NOON))
    on_body = recorder.of("TMF622", "v5", frozenset({OPERATION}))
    recorder.begin()
    for profile, operation, content in sent:
        context = {"token_info": {"principal": Principal("acme", frozenset(), profile=profile)}}
        on_body(context, "/orders", operation, "application/json", content)
    on_body({}, "/orders", OPERATION, "application/json", b"{}")
    until(lambda: len(kept.made) >= awaited)
    recorder.stop()
    return kept.made


def body(**members: Any) -> bytes:
    return jsontext.write(members)


def test_a_payload_is_masked_before_it_is_written() -> None:
    sent = body(id="PO-1", description="For Jane", x_note="Jane", n=1)
    [one] = recorded((AGREED, OPERATION, sent))
    payload = jsontext.read(one.payload.encode())
    assert "Jane" not in one.payload
    assert (payload["id"], payload["n"], len(payload["x_note"])) == ("PO-1", 1, 4)
    assert (one.client, one.api, one.version, one.operation) == ("acme", "TMF622", "v5", OPERATION)
    assert (one.path, one.media_type, one.profile) == ("/orders", "application/json", "acme@3")
    assert (one.at, one.expires_at) == (NOON, NOON + timedelta(days=30))


def test_what_was_not_agreed_is_not_recorded() -> None:
    others = (Profile(), OPERATION, body()), (AGREED, "createHub", body())
    unusable = (AGREED, OPERATION, b"no JSON"), (AGREED, OPERATION, body(text="x" * LONGEST))
    assert recorded(*others, *unusable) == []


def test_a_database_that_is_away_stops_nobody() -> None:
    sent = (AGREED, OPERATION, body())
    assert len(recorded(sent, sent, kept=Kept(away=1), awaited=1)) == 1


def test_a_payload_whose_key_is_deleted_meanwhile_is_masked_again() -> None:
    assert len(recorded((AGREED, OPERATION, body()), kept=Kept(forgotten=2))) == 1
    assert recorded((AGREED, OPERATION, body()), kept=Kept(forgotten=ATTEMPTS)) == []


class Stuck(Kept):
    """A database that hangs until it is `released`, and is away then."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.released, self.tries = threading.Event(), threading.Event(), 0

    def key(self, client: str) -> bytes:
        self.tries += 1
        self.asked.set()
        assert self.released.wait(60)
        raise StoreUnavailable("the database does not answer")


def test_the_end_does_not_wait_for_a_database_that_is_away() -> None:
    kept = Stuck()
    recorder = Recorder(kept, StandingClock(NOON))
    on_body = recorder.of("TMF622", "v5", frozenset({OPERATION}))
    context = {"token_info": {"principal": Principal("acme", frozenset(), profile=AGREED)}}
    recorder.begin()
    for _ in range(MOST_WAITING + 2):
        on_body(context, "/orders", OPERATION, "application/json", b"{}")
    assert kept.asked.wait(60)
    recorder.stop(0.01)  # returns while the database hangs
    kept.released.set()
    recorder.stop()
    assert kept.tries == 1


def test_what_expired_is_looked_for_all_the_time() -> None:
    kept = Kept()
    recorder = Recorder(kept, StandingClock(NOON), seconds=0.01)
    on_body = recorder.of("TMF622", "v5", frozenset({OPERATION}))
    context = {"token_info": {"principal": Principal("acme", frozenset(), profile=AGREED)}}
    recorder.begin()

    def looked_while_payloads_come() -> bool:
        on_body(context, "/orders", OPERATION, "application/json", b"{}")
        return len(kept.looks) > 2

    until(looked_while_payloads_come)
    recorder.stop()
    assert set(kept.looks) == {NOON}
    assert kept.made
