"""A partner that agreed to it is recorded, and its payloads are replayed under another profile."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence.tables import recordings
from tests.support.product import TMF622, Node, partner_order, running_product
from tests.support.waiting import until

PARTNER = "partner-acme"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder: Path = tmp_path_factory.mktemp("recorded")
    for name in ("partners", "candidate"):
        (folder / name).mkdir()
    (folder / "partners" / f"{PARTNER}.yaml").write_text("recording: {retentionDays: 7}\n")
    (folder / "candidate" / f"{PARTNER}.yaml").write_text("orderRules: {PRICE_DIFFERS: keep}\n")
    with running_product(folder, PARTNERS=str(folder / "partners")) as node:
        yield node


def rows(product: Node) -> list[Any]:
    engine = sa.create_engine(product.database)
    try:
        with engine.connect() as connection:
            return list(connection.execute(sa.select(recordings).order_by(recordings.c.id)))
    finally:
        engine.dispose()


def test_what_was_sent_is_replayed_without_personal_data(product: Node) -> None:
    accepted = product.post(TMF622, partner_order() | {"description": "For Jane Doe"}, PARTNER)
    assert accepted.status_code == 201, accepted.text
    refused = product.post(TMF622, partner_order() | {"description": "For Jane Doe", "id": "mine"}, PARTNER)
    assert refused.status_code == 400
    changed = {"description": "Also for Jane Doe"}
    product.request("PATCH", f"{TMF622}/{accepted.json()['id']}", PARTNER, json=changed)
    assert product.post(TMF622, partner_order()).status_code == 201
    until(lambda: len(rows(product)) == 3)
    kept = rows(product)
    assert [one.operation for one in kept] == ["createProductOrder", "createProductOrder", "patchProductOrder"]
    assert {(one.client, one.api, one.version, one.profile[:18]) for one in kept} == {
        (PARTNER, "TMF622", "v5", "partner-acme@file:")
    }
    assert not [one for one in kept if "Jane" in one.payload or "Doe" in one.payload]

    with pytest.raises(subprocess.CalledProcessError) as differs:
        product.command("replay", "--recorded", PARTNER, "--profiles", str(product.directory / "candidate"))
    told = differs.value
    assert told.returncode == 2, told.stdout + told.stderr
    assert "TMF622 v5 createProductOrder /command/tolerated/*: 1 payloads differ" in told.stdout
    assert told.stdout.endswith("2 payloads: 2 compared, 1 differ\n")
    same = product.command("replay", "--recorded", PARTNER, "--profiles", str(product.directory / "partners"))
    assert (same.returncode, same.stdout) == (0, "2 payloads: 2 compared, 0 differ\n")
    ended = product.command("partners", "forget", PARTNER)
    assert (ended.returncode, ended.stdout) == (0, f"3 recorded payloads of {PARTNER} are deleted\n")
    assert rows(product) == []
