"""The databases of several products under test are prepared at the same time, in one process."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from adapters.persistence import migrations
from adapters.persistence.database import Database
from tests.support.product import Node
from tests.support.simulators import Backends
from tests.support.waiting import LONG


def test_nodes_that_are_prepared_at_once_have_the_whole_schema_each(tmp_path: Path) -> None:
    backends = Backends(tmp_path)
    nodes = [Node(tmp_path / str(number), backends) for number in range(4)]
    for node in nodes:
        node.directory.mkdir()
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(Node.prepare, nodes))
    for node in nodes:
        database = Database(node.database.render_as_string(hide_password=False), seconds=LONG)
        migrations.check(database)
        database.close()
