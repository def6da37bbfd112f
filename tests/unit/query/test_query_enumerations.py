"""A filter by a value that no document can have is refused, in every list of every API."""

from collections.abc import Iterator
from typing import Any

import pytest

from canonical.shared.criteria import AnyOf, Compare, Criterion
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import versions_of
from facade.contract.violations import ContractViolation, Violation
from facade.tmf.engine.versions import Version
from facade.tmf.query.attributes import Names, SchemaAttributes
from facade.tmf.query.listing import read_listing

LISTS = [
    pytest.param(version, id=f"{api.name}-{name}-{resource}")
    for api in TMF_APIS
    for name in api.versions
    for resource, version in versions_of(api, name).items()
]
DEPTH = 3


def enumerated(attributes: SchemaAttributes, names: Names = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The paths of enumerations, each with its values."""
    for member in attributes.members(names):
        path = (*names, member)
        found = attributes.known("", path)
        if found.values:
            yield ".".join(path), found.values
        if len(path) < DEPTH:
            yield from enumerated(attributes, path)


def searchable(version: Version) -> Iterator[tuple[str, tuple[str, ...]]]:
    for path, values in enumerated(version.selectable):
        try:
            version.searchable.find(path, tuple(path.split(".")))
        except ContractViolation:
            continue
        yield path, values


def read(version: Version, query: str) -> Criterion | None:
    return read_listing(query.encode(), version.searchable, version.resource.name).criterion


def refusal(version: Version, query: str) -> Violation:
    with pytest.raises(ContractViolation) as raised:
        read(version, query)
    [violation] = raised.value.violations
    return violation


@pytest.mark.parametrize("version", LISTS)
def test_each_enumeration_takes_its_values_only(version: Version) -> None:
    for path, values in searchable(version):
        for query in (f"{path}=no such value", f"{path}.ne={values[0]},no such value", f"{path}="):
            found = refusal(version, query)
            assert (found.pointer, found.allowed) == (f"/{query.partition('=')[0]}", values)
        jsonpath = "$[?(@." + path + "=='no such value')]"
        assert refusal(version, f"filter={jsonpath}").allowed == values
        for value in values:
            assert read(version, f'{path}="{value}"') is not None


@pytest.mark.parametrize("version", LISTS)
def test_another_case_is_told_the_right_one(version: Version) -> None:
    for path, values in searchable(version):
        for value in values:
            if value.upper() not in values:
                hint = refusal(version, f'{path}="{value.upper()}"').hint or ""
                # TMF637 lists `aborted` twice, once with a blank at its end.
                assert hint.replace(" `", "`") == f"did you mean `{value}`?".replace(" `", "`")


@pytest.mark.parametrize(
    ("state", "hint"),
    [("Completed", "did you mean `completed`?"), ("done", "did you mean `completed`?"), ("x", None)],
)
def test_the_states_of_orders_are_told(state: str, hint: str | None) -> None:
    for name in ("v4", "v5"):
        version = versions_of(TMF_APIS[1], name)["productOrder"]
        found = refusal(version, f"state={state}")
        assert found.hint == hint
        assert "completed" in found.allowed
        assert found.message.startswith("state must be one of ")


def test_any_text_may_stand_where_no_enumeration_is() -> None:
    version = versions_of(TMF_APIS[1], "v5")["productOrder"]
    found: Any = read(version, "description=done&state.regex=^Comp")
    assert not isinstance(found, AnyOf | Compare)
