"""When two requests with one idempotency key are the same, today and with hashes that an earlier release kept."""

import hashlib
from itertools import combinations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.shared.jsontext import read
from facade.application.requests import Request


def request(content: str, operation: str = "createProductOrder") -> Request:
    return Request("partner-acme", operation, "key-1", read(content.encode()))


def kept_by_0_1(content: str, operation: str = "createProductOrder") -> str:
    """The hash as release 0.1.0 made it."""
    text = orjson.dumps([operation, orjson.loads(content)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


ALIKE = [
    ['{"n":10}', '{"n":10.0}', '{"n":1e1}', '{"n": 1E+1}', '{"n":100e-1}'],
    ['{"n":0}', '{"n":-0}', '{"n":0.0}', '{"n":-0.0}'],
    ['{"n":36893488147419103233}', '{"n":36893488147419103233.0}'],
    ['{"n":36893488147419103234}'],
    ['{"n":0.1}', '{"n":0.10}', '{"n":1e-1}'],
    ['{"n":0.1000000000000000055511151231257827}'],
    ['{"n":1e400}', '{"n":10e399}'],
    ['{"n":1e-400}'],
    ['{"n":null}'],
    ['{"n":"10"}'],
    ['{"n":true}'],
    ['{"n":[1,{"b":1.50,"a":2}]}', '{"n":[1,{"a":2.0,"b":1.5}]}'],
    ['{"n":[1,{"b":15,"a":2}]}'],
]


def test_numbers_are_compared_by_value() -> None:
    for alike in ALIKE:
        for one in alike:
            assert all(request(other).has_hash(request(one).payload_hash) for other in alike)
    for some, others in combinations(ALIKE, 2):
        assert not any(request(other).has_hash(request(one).payload_hash) for one in some for other in others)


def test_the_operation_counts() -> None:
    assert not request('{"n":1}').has_hash(request('{"n":1}', "createCancelProductOrder").payload_hash)


@pytest.mark.parametrize(
    "content",
    [
        '{"@type":"ProductOrder","note":[{"text":"ä 💥"}],"n":[1,-5,true,null,"1.50"]}',
        '{"price":{"value":19.99},"tax":0.10,"n":[1.50,2.0,1E5,1e-7,1e300,-0,-0.0,0.1000000000000000055]}',
        '{"n":[18446744073709551615,18446744073709551616,36893488147419103233,-9223372036854775808]}',
        '{"n":[-9223372036854775809,123456789012345678901234567890,1e22,1e16,123456789.125]}',
        '{"b":1.0,"a":{"d":2.50,"c":3}}',
    ],
)
def test_a_request_is_known_by_a_hash_that_an_earlier_release_kept(content: str) -> None:
    assert request(content).has_hash(kept_by_0_1(content))


@given(st.lists(st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)))
def test_whatever_numbers_an_earlier_release_hashed(numbers: list[float]) -> None:
    content = f'{{"n":{numbers}}}'
    assert request(content).has_hash(kept_by_0_1(content))


def test_a_hash_of_an_earlier_release() -> None:
    """Made by release 0.1.0 itself, with the body below."""
    kept = "0009fd4f22903a99a087dbb90f8c21c478da1515d4df1c8fbe34f11302ea10ed"
    assert request('{"price":{"value":19.90},"quantity":2}').has_hash(kept)
    assert not request('{"price":{"value":19.91},"quantity":2}').has_hash(kept)


@pytest.mark.parametrize(
    ("kept", "other"),
    [
        ("36893488147419103233", "36893488147419103234"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("1e400", "null"),
        ("null", "1e400"),
        ("5e-324", "5.1e-324"),
        ("0", "1e-400"),
    ],
)
def test_what_is_equal_as_a_double_only_is_another_request_today(kept: str, other: str) -> None:
    assert not request(f'{{"n":{other}}}').has_hash(request(f'{{"n":{kept}}}').payload_hash)


def test_what_an_earlier_release_refused_is_not_what_it_kept() -> None:
    for beyond in ("1e400", "9" * 400):
        assert not request(f'{{"n":{beyond}}}').has_hash(kept_by_0_1('{"n":null}'))
