"""`tmf-facade partners`: a folder of profiles and the versions in the database."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner, Result

from adapters.persistence.database import Database
from adapters.persistence.tables import audit
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering.order import ORDERS
from canonical.partners.commands import ActivateProfile, DraftProfile
from canonical.partners.errors import ProfilesChanged
from facade.bootstrap import partners as agreeing
from facade.bootstrap.declared import projectors
from facade.cli import main
from facade.clock import SystemClock
from facade.partners.profiles import content_hash
from tests.contract.keeping import order_id
from tests.contract.test_partner_profiles_contract import Agreeing
from tests.support.builders import BROADBAND, ROUTER, a_line, an_order

Partners = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "profiles"
    made.mkdir()
    (made / "shop.yaml").write_text("partyRoles: {Endkunde: Customer}\n")
    (made / "mall.yaml").write_text("validation: after\n")
    return made


@pytest.fixture
def partners(database: Database) -> Partners:
    address = database.url.render_as_string(hide_password=False)
    return lambda *words: CliRunner().invoke(main, ["partners", *map(str, words)], env={"DATABASE_URL": address})


def test_a_folder_is_planned_applied_and_then_the_same(folder: Path, partners: Partners, database: Database) -> None:
    plan = [
        "mall: none is active so far",
        '  validation is added: "after"',
        "shop: none is active so far",
        '  partyRoles is added: {"Endkunde":"Customer"}',
        "2 to change, 0 the same",
    ]
    before = partners("diff", folder)
    assert (before.exit_code, before.stdout.splitlines()) == (2, plan)
    applied = partners("apply", folder)
    assert (applied.exit_code, applied.stdout.splitlines()) == (0, [*plan, "mall@1 is active", "shop@1 is active"])
    for command in ("diff", "apply"):
        same = partners(command, folder)
        assert (same.exit_code, same.stdout) == (0, "0 to change, 2 the same\n")
    with database.reading() as connection:
        rows = connection.execute(sa.select(audit.c.client, audit.c.subject_type, audit.c.operation)).all()
    assert [tuple(row) for row in rows] == [("tmf-facade", "partnerProfile", "partners apply")] * 2


@pytest.fixture
def agreed(tmp_path: Path) -> Path:
    made = tmp_path / "agreed"
    made.mkdir()
    (made / "shop.yaml").write_text(
        "words: {actions: {table: {neu: add}}}\nlimits: {requestsPerSecond: 0.5}\n"
        "versions: {TMF622: {v5: {}, v4: {deprecatedSince: 2026-01-01}}}\n"
    )
    return made


def test_a_contract_is_narrowed_to_what_is_in_force(agreed: Path, partners: Partners) -> None:
    of_the_folder = partners("openapi", "shop", "TMF622", "v5", "--profiles", agreed)
    spec = yaml.safe_load(of_the_folder.stdout)
    assert spec["info"]["title"] == "Product Ordering (TMF622 v5) for shop"
    assert "neu is our add" in str(spec)
    assert partners("openapi", "shop", "TMF622", "v5").exit_code == 1, "nothing is in force yet"
    partners("apply", agreed)
    assert "shop@1" in yaml.safe_load(partners("openapi", "shop", "TMF622", "v5").stdout)["info"]["description"]
    old = yaml.safe_load(partners("openapi", "shop", "TMF622", "v4").stdout)
    assert old["paths"]["/productOrder"]["get"]["deprecated"] is True


def test_a_profile_is_shown_as_a_file_has_it(agreed: Path, partners: Partners) -> None:
    partners("apply", agreed)
    shown = partners("show", "shop")
    assert (shown.exit_code, yaml.safe_load(shown.stdout)) == (
        0,
        yaml.safe_load((agreed / "shop.yaml").read_text())
        | {"versions": {"TMF622": {"v5": {}, "v4": {"deprecatedSince": "2026-01-01"}}}},
    )
    assert partners("diff", agreed).exit_code == 0


def test_what_is_agreed_is_a_page(agreed: Path, partners: Partners) -> None:
    partners("apply", agreed)
    (agreed / "shop.yaml").write_text("words: {actions: {table: {new: add}}}")
    in_force, candidate = partners("doc", "shop"), partners("doc", "shop", "--profiles", agreed)
    assert "Profile version: `shop@1`" in in_force.stdout
    assert "| `neu` | `add` |" in in_force.stdout
    assert "| `new` | `add` |" in candidate.stdout
    page = partners("doc", "shop", "--format", "html").stdout
    assert page.startswith("<!doctype html>")
    assert "<td><code>neu</code></td>" in page
    unknown = partners("doc", "nobody")
    assert (unknown.exit_code, "no version in the database is active; --profiles DIR" in unknown.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody", "TMF622", "v5"), "nobody has no profile"),
        (("shop", "TMF633", "v4"), "there is no TMF633 v4; there are TMF620 v5"),
        (("only-v5", "TMF622", "v4"), "TMF622 v4 is not agreed"),
        (("faulty", "TMF622", "v5"), "/validation"),
    ],
)
def test_a_contract_that_cannot_be_made_says_why(
    agreed: Path, partners: Partners, words: tuple[str, ...], said: str
) -> None:
    (agreed / "only-v5.yaml").write_text("versions: {TMF622: {v5: {}}}")
    if words[0] == "faulty":
        (agreed / "faulty.yaml").write_text("validation: sometimes")
    told = partners("openapi", *words, "--profiles", agreed)
    assert (told.exit_code, said in told.stderr) == (1, True), told.stderr


def test_what_changed_is_said_in_words_and_shown(folder: Path, partners: Partners) -> None:
    partners("apply", folder)
    (folder / "mall.yaml").unlink()
    (folder / "shop.yaml").write_text("partyRoles: {Kundin: Customer}\n")
    changed = partners("apply", folder)
    assert changed.stdout.splitlines() == [
        "shop: a successor of shop@1",
        '  partyRoles/Endkunde is removed; it was "Customer"',
        '  partyRoles/Kundin is added: "Customer"',
        "mall: has an active version and no file here; it stays",
        "1 to change, 0 the same",
        "shop@2 is active",
    ]
    assert partners("show", "shop").stdout == "partyRoles:\n  Kundin: Customer\n"
    listed = partners("show").stdout.splitlines()
    assert [line.split(", active")[0] for line in listed] == [
        "mall: version 1",
        "shop: version 2",
        "2 clients have an active version",
    ]
    unknown = partners("show", "nobody")
    assert (unknown.exit_code, "nobody has no active version" in unknown.output) == (1, True)


def test_every_faulty_file_is_told_and_nothing_is_applied(folder: Path, partners: Partners) -> None:
    assert partners("check", folder).stdout == "2 profiles can be used\n"
    mall = (folder / "mall.yaml").read_bytes()
    (folder / "mall.yaml").unlink()
    assert partners("check", folder).stdout == "1 profile can be used\n"
    (folder / "mall.yaml").write_bytes(mall)
    (folder / "kiosk.yaml").write_text("password: secret\n")
    (folder / "shop.yaml").write_text("validation: sometimes\n")
    for command in ("check", "diff", "apply"):
        refused = partners(command, folder)
        assert refused.exit_code == 1
        assert "kiosk.yaml:1: " in refused.output
        assert "shop.yaml:1: /validation: " in refused.output
    assert partners("show").stdout == "0 clients have an active version\n"
    missing = partners("diff", folder / "missing")
    assert (missing.exit_code, "is not a folder" in missing.output) == (1, True)
    (folder / f"{'x' * 101}.yaml").write_text("")
    assert "at most 100 characters" in partners("check", folder).output


def test_a_stale_plan_changes_nothing_at_all(folder: Path, database: Database) -> None:
    plan = agreeing.planned(database, agreeing.profiles_in(folder))
    other = Agreeing(database)
    other.do(DraftProfile("shop", {}, content_hash({}), "qa"))
    with pytest.raises(ProfilesChanged, match="shop"):
        agreeing.apply(database, plan.changes, lambda done: None)
    assert agreeing.active_versions(database) == {}
    again = agreeing.planned(database, agreeing.profiles_in(folder))
    made = agreeing.apply(database, again.changes, lambda done: None)
    assert [one.name for one in made] == ["mall@1", "shop@2"]


def test_nothing_is_applied_while_another_version_is_scheduled(
    folder: Path, database: Database, partners: Partners
) -> None:
    other = Agreeing(database)
    other.clock.at = SystemClock().now()
    draft = other.draft(client="shop")
    other.clock.pass_(86_400)
    later = other.clock.now()
    other.clock.pass_(-86_400)
    other.do(ActivateProfile(draft.id, "qa", later))
    refused = partners("apply", folder)
    assert refused.exit_code == 1
    assert "version 1 becomes active at" in refused.output
    assert agreeing.active_versions(database) == {}


def test_stored_resources_whose_answers_would_change_are_counted(
    folder: Path, partners: Partners, database: Database
) -> None:
    for number, offering in enumerate((BROADBAND, ROUTER, ROUTER), start=1):
        lines = (a_line(offering_id=offering.id),)
        order = an_order(id=order_id(number), lines=lines, offerings=[offering], owner="shop")
        item = {"id": "1", "action": "add", "productOffering": {"id": offering.id}}
        with SqlUnitOfWork(database, projectors(), SystemClock()) as work:
            work.repository(ORDERS).carry(None, {"productOrderItem": [item]})
            work.repository(ORDERS).add(order)
            work.commit()
    (folder / "shop.yaml").write_text(f"ids: {{offerings: {{table: {{A-1: {ROUTER.id}}}}}}}\n")
    (folder / "mall.yaml").write_text("ids: {offerings: {table: {A-1: po_x}}}\n")
    told = partners("diff", folder, "--stored")
    assert told.exit_code == 2, told.output
    counted = told.stdout.splitlines()
    assert "shop: 2 of 3 stored answers of TMF622 v5 productOrder change" in counted
    assert "shop: 2 of 3 stored answers of TMF622 v4 productOrder change" in counted
    assert "mall: 0 of 0 stored answers of TMF622 v5 productOrder change" in counted
    partners("apply", folder)
    (folder / "shop.yaml").write_text((folder / "shop.yaml").read_text() + "validation: after\n")
    assert "shop: no stored answer changes" in partners("diff", folder, "--stored").stdout.splitlines()
