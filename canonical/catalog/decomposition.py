"""Which technical tasks an offering needs, and in which order."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from canonical.catalog.condition import Condition, check_size
from canonical.catalog.item import Item, Sought, kind_of_items
from canonical.catalog.offering import OFFERING
from canonical.catalog.references import Reference
from canonical.shared.aggregates import Link
from canonical.shared.errors import InvalidCommand

TEMPLATE = "decomposition"


@dataclass(frozen=True, slots=True)
class TaskTemplate:
    """A task by its `code`, done by `system` after those that it depends on; with `when`, only where that holds."""

    code: str
    name: str | None = None
    system: str | None = None
    depends_on: tuple[str, ...] = ()
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class TemplateContents:
    name: str
    offering: Reference
    description: str | None = None
    tasks: tuple[TaskTemplate, ...] = ()

    @property
    def links(self) -> tuple[Link, ...]:
        return (Link(OFFERING, self.offering.id),)

    @property
    def sought(self) -> Sought:
        return (), ()


@dataclass(slots=True)
class DecompositionTemplate(Item):
    contents: TemplateContents


TEMPLATES = kind_of_items(TEMPLATE, DecompositionTemplate, "decomposition template")


def in_order(contents: TemplateContents) -> Iterator[TaskTemplate]:
    """The tasks, each after those that it depends on. Raises CycleError."""
    tasks = {task.code: task for task in contents.tasks}
    graph = {task.code: [code for code in task.depends_on if code in tasks] for task in contents.tasks}
    return (tasks[code] for code in TopologicalSorter(graph).static_order())


def check_tasks(template: DecompositionTemplate) -> None:
    """Raises InvalidCommand for a code given twice, a task that depends on nobody knows what, and a circle."""
    codes = [task.code for task in template.contents.tasks]
    for index, task in enumerate(template.contents.tasks):
        check_size(task.when, f"/contents/tasks/{index}/when")
        if codes.index(task.code) < index:
            raise InvalidCommand(f"two tasks are called {task.code[:60]}", pointer=f"/contents/tasks/{index}/code")
        if unknown := [code for code in task.depends_on if code not in codes]:
            text = f"there is no task {unknown[0][:60]} to depend on"
            raise InvalidCommand(text, pointer=f"/contents/tasks/{index}/depends_on")
    try:
        list(in_order(template.contents))
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise InvalidCommand(f"tasks depend on one another in a circle: {circle}", pointer="/contents/tasks") from error
