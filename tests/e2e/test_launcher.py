"""`tmf-facade run`, which is what `make run` starts, and `tmf-facade demo` against it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.launched import Launched
from tests.support.waiting import LONG

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    running = Launched(tmp_path_factory.mktemp("launched"), STREAM="nats").until_ready()
    yield running
    if running.process.poll() is None:
        running.stop()


def test_what_it_prints_works_when_pasted(launched: Launched) -> None:
    pasted = re.search(r"^TOKEN=.*^curl .*?; echo$", launched.printed, re.MULTILINE | re.DOTALL)
    assert pasted
    done = subprocess.run(["bash", "-euc", pasted[0]], capture_output=True, check=False, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr
    partners, portals = (json.loads(line) for line in done.stdout.splitlines())
    assert partners["state"] == "acknowledged"
    assert (portals["status"], portals["paymentStatus"]) == ("confirmed", "success")


@pytest.mark.parametrize(
    ("page", "answered"),
    [
        ("README.md", ['"confirmed"']),
        ("docs/partners.md", ['"acknowledged"', '"accepted":true', '{"@type":"ExternalIdentifier","id":"PO-1"}']),
        ("docs/portal.md", ['"confirmed"', '"backendCalls":[{']),
        ("docs/catalog.md", ['"offeringVersion":"1.0"', '"ruleId":"por_router_contract"', '"status":"Not Started"']),
        ("docs/operators.md", ['{"billing":{"status":503,"operations":["charge"]}}', '"operation":"reserve"']),
    ],
)
def test_what_the_documents_print_works_when_pasted(
    launched: Launched, tmp_path: Path, page: str, answered: list[str]
) -> None:
    commands = "\n".join(re.findall(r"^```bash\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL))
    pasted = commands.replace(":8080", f":{launched.ports[0]}").replace(":8090", f":{launched.ports[1]}")
    done = subprocess.run(
        ["bash", "-euc", pasted], cwd=tmp_path, capture_output=True, check=False, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
    assert [text for text in answered if text not in done.stdout] == [], done.stdout


def test_it_names_its_clients_and_places_demonstration_orders(launched: Launched) -> None:
    for client in ("partner-acme", "portal", "qa"):
        assert re.search(rf"{client} +{client}-secret", launched.printed)
    assert "6 demonstration orders were placed" in launched.printed
    assert f"contracts      http://127.0.0.1:{launched.ports[0]}/\n" in launched.printed


def test_with_a_partner_that_has_words_of_its_own_it_counts_and_prints_what_is_true(tmp_path: Path) -> None:
    launched = Launched(tmp_path, PARTNERS=str(ROOT / "fixtures" / "partner-samples")).until_ready()
    try:
        printed = launched.printed
        assert "3 demonstration orders were placed, 3 were refused" in printed
        assert "tmf-facade partners doc partner-acme" in printed
        assert "/v5/productOrder" not in printed, "an order that would be refused"
        pasted = re.search(r"^TOKEN=.*^curl .*?; echo$", printed, re.MULTILINE | re.DOTALL)
        assert pasted
        done = subprocess.run(["bash", "-euc", pasted[0]], capture_output=True, check=False, text=True, timeout=LONG)
        assert json.loads(done.stdout)["status"] == "confirmed"
    finally:
        launched.stop()


def test_the_demonstration_ends_as_told_and_fits_80_columns(launched: Launched) -> None:
    # Without ports it finds those of the product that was started in the same STATE_DIR.
    done = launched.run("demo", PORT="", BACKENDS_PORT="")
    assert done.returncode == 0, done.stdout + done.stderr
    port, backends_port = launched.ports
    told = " ".join(done.stdout.split())
    assert told.startswith(
        f"Playing against http://127.0.0.1:{port}, with the backends at http://127.0.0.1:{backends_port}."
    )
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in done.stdout
    assert not any(line.strip() in ("h", "o", "w") for line in lines), "a column of one character"
    for shown in (
        "Payload → command",
        "table of actions",
        "/items/1/offeringId",
        ":undo-create-order",
        "PAYMENT_DECLINED",
        "409 Insufficient stock",
    ):
        assert shown in done.stdout


def test_events_are_published_to_the_broker_and_a_consumer_goes_on_after_a_restart(launched: Launched) -> None:
    """The example of the documents."""
    server = f"nats://127.0.0.1:{launched.stream_port}"
    assert f"events         {server}, tmf.events.>" in launched.printed

    def consumed(until_type: str) -> list[tuple[int, str]]:
        example = [sys.executable, str(ROOT / "docs" / "examples" / "stream_consumer.py"), server]
        found = [(0, "")]
        with subprocess.Popen(example, stdout=subprocess.PIPE, text=True) as consumer:
            assert consumer.stdout is not None
            while found[-1][1] != until_type:
                number, kind, _ = consumer.stdout.readline().split()
                found.append((int(number), kind))
            consumer.terminate()
        return found[1:]

    before = consumed("OrderSubmitted")
    after = consumed("OrderCompleted")
    printed = {number for number, _ in before}
    assert printed.intersection(number for number, _ in after) <= {before[-1][0]}, "it had no time to acknowledge that"
    assert "CategoryCreated" in {kind for _, kind in before}, "it begins with the first event"
    health = requests.get(f"http://127.0.0.1:{launched.work_port}/health/ready", timeout=LONG).json()
    assert (health["stream"]["platform"], health["stream"]["problem"]) == ("nats", None)


def test_a_second_start_says_that_the_port_is_taken(launched: Launched) -> None:
    done = launched.run("run")
    assert done.returncode == 1
    assert f"port {launched.stream_port} for the broker cannot be used: Address already in use" in done.stderr


def test_an_interrupt_stops_everything(launched: Launched) -> None:
    assert len(launched.living()) >= 3
    assert launched.stop(signal.SIGINT) == 0
    assert launched.living() == {}
    assert launched.printed.endswith("stopped\n")


def test_without_a_product_the_demonstration_says_how_to_start_one(launched: Launched) -> None:
    done = launched.run("demo")
    assert done.returncode == 1
    assert f"nobody answers at 127.0.0.1:{launched.ports[0]}. Start the product with `make run`" in done.stderr


def test_when_one_part_dies_the_other_is_stopped(tmp_path: Path) -> None:
    launched = Launched(tmp_path).until_ready()
    backends = next(number for number, command in launched.living().items() if command.endswith("simulate "))
    os.kill(backends, signal.SIGKILL)
    assert launched.process.wait(timeout=LONG) == 1
    assert "Error: the processes of the backends were killed by signal 9" in launched.printed
    assert launched.living() == {}


def test_a_part_that_cannot_start_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "development-signing-key.json").write_text("{}")
    launched = Launched(tmp_path)
    assert launched.process.wait(timeout=LONG) == 1
    told = re.search("Error: the processes of the (worker|app) ended with status", launched.printed)
    assert told, "both read the key, so either ends first"
    assert "holds no signing key; remove it to get a new one" in launched.printed
    assert launched.living() == {}
