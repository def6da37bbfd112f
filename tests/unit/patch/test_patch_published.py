"""TM Forum's published PATCH examples of TMF622 v5, request and answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from facade.tmf.patch import apply_patch, changed

PUBLISHED = Path("fixtures/published/tmf622/v5")


def published(number: int) -> Any:
    [path] = PUBLISHED.glob(f"{number}-*.json")
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    ("request_number", "media_type", "attribute"),
    [
        (116, "application/json", "category"),
        (118, "application/merge-patch+json", "category"),
        (120, "application/json-patch+json", "category"),
        (122, "application/json-patch-query+json", "productOrderItem"),
    ],
)
def test_a_published_patch_makes_the_published_answer(request_number: int, media_type: str, attribute: str) -> None:
    before, answer = published(101), published(request_number + 1)
    after = apply_patch(media_type, before, published(request_number))
    assert changed(before, after) == [attribute]
    # The answers 121 and 123 show another `role` of the channel than 101, which none of the patches mentions.
    assert set(changed(after, answer)) <= {"channel"}
