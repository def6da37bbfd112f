"""No test passes or fails by how fast something is: it waits `until` something is true, and reads no clock.

On a busy machine everything takes many times as long. `tests/bench` measures, and asserts nothing.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(path for path in TESTS.rglob("*.py") if TESTS / "bench" not in path.parents)
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "time", "clock_gettime", "getrusage"}
CLOCKS |= {f"{name}_ns" for name in CLOCKS}
MAY_LOOK_AT_A_CLOCK = {
    "support/waiting.py": "all others wait by it",
    "support/fault_matrix.py": "docs/fault-matrix.md tells how long it took until all was well",
    "support/database_matrix.py": "the same page",
    "support/secured.py": "access tokens say when they end",
    "support/stepped.py": "it is a clock",
}
BY_THE_CLOCK = "support/torture/"
"""Faults come and go at their time there, and clients do not wait long for a node that is down."""
WAITS = {"wait", "result", "exception", "join"}
LIMITS = {"timeout", "within", "patience"}
GENEROUS = 30.0
"""Seconds. `LONG` of tests/support/waiting.py is more."""


def bad_habits(source: str) -> list[tuple[int, str]]:
    """The lines that a busy machine could make fail, each with what to do instead."""
    return list(_found(ast.parse(source), expected=False))


def _found(node: ast.AST, expected: bool) -> Iterator[tuple[int, str]]:
    """`expected`: the test is about the end of this limit."""
    match node:
        case ast.With(items=items):
            expected |= any("raises" in ast.unparse(item) for item in items)
        case ast.UnaryOp(op=ast.Not()):
            expected = True
        case ast.ImportFrom(module="time" | "resource", names=names) if any(name.name in CLOCKS for name in names):
            yield node.lineno, "reads a clock: wait `until` something is true"
        case ast.Attribute(value=ast.Name(id="time" | "resource"), attr=name) if name in CLOCKS:
            yield node.lineno, "reads a clock: wait `until` something is true"
        case ast.Attribute(attr="elapsed"):
            yield node.lineno, "reads a clock: wait `until` something is true"
        case ast.ImportFrom(module="time", names=names) if any(name.name == "sleep" for name in names):
            yield node.lineno, "sleeps: wait `until` something is true, or `let_pass` what must not happen"
        case ast.Attribute(value=ast.Name(id="time"), attr="sleep"):
            yield node.lineno, "sleeps: wait `until` something is true, or `let_pass` what must not happen"
        case ast.While(body=[ast.Pass()]):
            yield node.lineno, "takes the processor from what it waits for: wait `until` it is true"
        case ast.Call() if not expected and any(seconds < GENEROUS for seconds in _limits(node)):
            yield node.lineno, "has a limit that a busy machine reaches: use `LONG`"
    for child in ast.iter_child_nodes(node):
        yield from _found(child, expected)


def _limits(call: ast.Call) -> Iterator[float]:
    """The limits that a call names, in seconds."""
    given: list[ast.expr] = [keyword.value for keyword in call.keywords if keyword.arg in LIMITS]
    match call.func:
        case ast.Attribute(attr=name) if name in WAITS:
            given += call.args
        case ast.Name(id="settings") | ast.Attribute(attr="settings"):
            yield from (0 for keyword in call.keywords if keyword.arg == "deadline" and not _is_none(keyword.value))
        case ast.Attribute(attr="timeout", value=ast.Attribute(attr="mark")):
            given += call.args
    for one in given:
        match one:
            case ast.Constant(value=int() | float() as seconds):
                yield seconds
            case ast.Tuple(elts=parts):
                values = (getattr(part, "value", None) for part in parts)
                yield from (value for value in values if isinstance(value, int | float))


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_depends_on_how_fast_the_machine_is(path: Path) -> None:
    name, found = str(path.relative_to(TESTS)), bad_habits(path.read_text())
    if name in MAY_LOOK_AT_A_CLOCK:
        assert found, "needs no exception any more"
        return
    assert not found or name.startswith(BY_THE_CLOCK), "\n".join(f"{path}:{line} {what}" for line, what in found)


@pytest.mark.parametrize(
    "source",
    [
        "began = time.monotonic()",
        "from time import perf_counter",
        "cpu = time.thread_time()",
        "used = resource.getrusage(0)",
        "assert answer.elapsed.total_seconds() < 1",
        "time.sleep(1)",
        "from time import sleep",
        "while not done():\n    pass",
        "requests.get(url, timeout=10)",
        "requests.get(url, timeout=(2, 60))",
        "assert asked.wait(5)",
        "assert call.result(timeout=5) == 1",
        "thread.join(10)",
        "order = until_finished(order_id, within=20)",
        "often = settings(max_examples=5, deadline=200)",
        "slow = pytest.mark.timeout(10)",
    ],
)
def test_a_bad_habit_is_found(source: str) -> None:
    assert len(bad_habits(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "assert asked.wait(LONG)",
        "requests.get(url, timeout=60)",
        "with pytest.raises(requests.ReadTimeout):\n    requests.get(url, timeout=0.3)",
        "assert not engine.wait(order, 0.1)",
        "until(lambda: held() == 1)",
        "await asyncio.sleep(0.001)",
        "names = ', '.join(parts)",
        "often = settings(deadline=None)",
        "while not done():\n    count += 1",
        "noon = datetime.combine(day, time())",
    ],
)
def test_what_is_no_bad_habit_is_left_alone(source: str) -> None:
    assert bad_habits(source) == []
