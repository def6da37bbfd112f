"""Profiles in files: a YAML file for each client, named by its id."""

from collections.abc import Hashable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from facade.contract.pointers import tokens_of
from facade.partners.api_versions import ApiVersions
from facade.partners.faults import ProfileFault
from facade.partners.profiles import Profile, Profiles, compile_profile, content_hash

SUFFIX = ".yaml"
LENGTH_OF_HASH = 12


class ProfileError(ValueError):
    """A profile that cannot be used; the message names its file and the mistake."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice: PyYAML would keep the last one and say nothing. Times stay texts, as in
    JSON.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        known = set[str]()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in known:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is there twice", key.start_mark)
            known.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Knows the numbers that stored profiles have."""


_Dumper.add_representer(Decimal, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", str(number)))


def as_file(document: Any) -> str:
    """A profile as a file has it."""
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False)


def read_profiles(folder: Path) -> Profiles:
    """The profiles in a folder, each named by its client's id. Raises ProfileError."""
    return Profiles({client: compiled_file(path, document) for client, path, document in documents_in(folder)})


def read_versions(path: Path) -> ApiVersions:
    """What a file says of the versions of APIs, as the key `versions` of a profile does. Raises ProfileError."""
    try:
        return compile_profile({"versions": _read(path)}).versions
    except ProfileFault as fault:
        raise ProfileError(f"{path}: {fault}") from fault


def documents_in(folder: Path) -> list[tuple[str, Path, Any]]:
    """The client, the file and the document of each profile in a folder, not checked yet. Raises ProfileError."""
    if not folder.is_dir():
        raise ProfileError(f"{folder} is not a folder")
    return [(path.name.removesuffix(SUFFIX), path, _read(path)) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def located(path: Path, fault: ProfileFault) -> str:
    """A mistake with its file and line. The line is that of an unknown key, else of the innermost key or element that
    the file has.
    """
    node, line = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader), 0
    for token in [*tokens_of(fault.pointer), *([] if fault.key is None else [fault.key])]:
        step = _step(node, str(token))
        if step is None:
            break
        mark, node = step
        line = mark.line
    return f"{path}:{line + 1}: {fault}"


def _step(node: yaml.Node | None, token: str) -> tuple[yaml.Mark, yaml.Node] | None:
    """Where a member or an element begins, and its value."""
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark, value) for key, value in node.value if key.value == token), None)
    if isinstance(node, yaml.SequenceNode) and token.isdecimal() and int(token) < len(node.value):
        value = node.value[int(token)]
        return value.start_mark, value
    return None


def _read(path: Path) -> Any:
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        said: Any = loader.get_single_data()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    return {} if said is None else said


def compiled_file(path: Path, document: Any) -> Profile:
    """The profile of a file with this document. Raises ProfileError."""
    try:
        profile = compile_profile(document)
    except ProfileFault as fault:
        raise ProfileError(located(path, fault)) from fault
    client, shortened = path.name.removesuffix(SUFFIX), content_hash(document)[:LENGTH_OF_HASH]
    return replace(profile, version=f"{client}@file:{shortened}")
