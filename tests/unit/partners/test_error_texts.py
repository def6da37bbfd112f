"""Errors in the contract of a partner: its codes, reasons and messages."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.shared.errors import every_error
from facade.answers import ErrorAnswer
from facade.partners.api_versions import VersionNotAgreed
from facade.partners.error_codes import CODES_OF_THE_EDGE, PARAMETERS, known_codes, parameters_of
from facade.partners.error_texts import LONGEST_MESSAGE, LONGEST_VALUE, PartnerErrors, partner_errors
from facade.partners.faults import ProfileFault
from facade.partners.profiles import compile_profile
from facade.tmf.domains import Domain
from tests.support.specs import SPECS

NOT_FOUND = ErrorAnswer(404, "ASSET_NOT_FOUND", "Product not found", "no such product", extra={"assetId": "A1"})
ENTRY = {"pointer": "/a", "code": "invalidValue", "reason": "WORD_NOT_AGREED", "message": "x is not agreed"}


def errors(**said: Any) -> PartnerErrors:
    return partner_errors(said)


def test_a_code_has_the_partners_code_reason_and_message() -> None:
    known = errors(ASSET_NOT_FOUND={"code": "E-7", "reason": "Unbekannt", "message": "Produkt {assetId}: {message}!"})
    told = known.told(NOT_FOUND)
    assert (told.code, told.title, told.detail) == ("E-7", "Unbekannt", "Produkt A1: no such product!")
    assert (told.status, told.our_code, told.extra) == (404, "ASSET_NOT_FOUND", NOT_FOUND.extra)


def test_what_the_partner_says_nothing_of_stays_ours() -> None:
    assert errors(CONFLICT={"code": "E"}).told(NOT_FOUND).code == "ASSET_NOT_FOUND"
    assert errors(ASSET_NOT_FOUND={"code": "E"}).told(NOT_FOUND).detail == "no such product"
    assert errors().told(NOT_FOUND) is NOT_FOUND


def test_each_mistake_is_told_in_the_partners_words() -> None:
    known = errors(WORD_NOT_AGREED={"code": "E-W", "message": "{pointer}?"})
    answer = ErrorAnswer(400, "INVALID_REQUEST", "Invalid", "two mistakes", (ENTRY, {**ENTRY, "reason": "OTHER"}))
    first, second = known.told(answer).errors
    assert first == {**ENTRY, "reason": "E-W", "message": "/a?"}
    assert second["reason"] == "OTHER"
    assert known.told(answer).code == "INVALID_REQUEST"


def test_a_message_without_the_value_of_a_parameter_is_ours() -> None:
    known = errors(ASSET_IN_ORDER={"message": "see {orderId}"})
    answer = ErrorAnswer(409, "ASSET_IN_ORDER", "Conflict", "an order is about to change it", extra={"assetId": "A"})
    assert known.told(answer).detail == "an order is about to change it"


def test_lists_are_told_by_their_members_and_long_values_are_cut() -> None:
    known = errors(ACTION_NOT_ALLOWED={"message": "{allowed}"})
    told = [
        known.told(ErrorAnswer(400, "ACTION_NOT_ALLOWED", "", "", extra={"allowed": allowed})).detail
        for allowed in (["add", "modify"], ["x" * 1_000])
    ]
    assert told[0] == "add, modify"
    assert len(told[1]) == LONGEST_VALUE
    many = errors(ACTION_NOT_ALLOWED={"message": "{allowed}" * 50})
    assert len(many.told(ErrorAnswer(400, "ACTION_NOT_ALLOWED", "", "", extra={"allowed": "x" * 200})).detail) <= (
        LONGEST_MESSAGE
    )


@pytest.mark.parametrize(
    ("code", "said", "pointer", "told"),
    [
        ("NO_CODE", {"code": "E"}, "/errors/NO_CODE", "no code"),
        ("CONFLICT", {"message": "{nobody}"}, "/errors/CONFLICT/message", "{code}, {message}, {pointer}"),
        ("ASSET_NOT_FOUND", {"message": "{orderId}"}, "/errors/ASSET_NOT_FOUND/message", "{assetId}"),
        ("CONFLICT", {"message": "{0.__init__.__globals__}"}, "/errors/CONFLICT/message", "braces"),
        ("CONFLICT", {"message": "{message:>500000000}"}, "/errors/CONFLICT/message", "braces"),
        ("CONFLICT", {"message": "{message!r}"}, "/errors/CONFLICT/message", "braces"),
        ("CONFLICT", {"message": "{message[0]}"}, "/errors/CONFLICT/message", "braces"),
        ("CONFLICT", {"message": "{{message}}"}, "/errors/CONFLICT/message", "braces"),
        ("CONFLICT", {"message": "a }"}, "/errors/CONFLICT/message", "braces"),
        ("CONFLICT", {"reason": "a\nb"}, "/errors/CONFLICT/reason", "not printed"),
        ("CONFLICT", {}, "/errors/CONFLICT", "1 property"),
        ("CONFLICT", {"message": "x" * 501}, "/errors/CONFLICT/message", "xxx"),
        ("CONFLICT", {"status": "200"}, "/errors/CONFLICT", "status"),
    ],
)
def test_what_cannot_be_an_error_is_told_with_its_place(
    code: str, said: dict[str, str], pointer: str, told: str
) -> None:
    with pytest.raises(ProfileFault) as refused:
        compile_profile({"errors": {code: said}})
    assert refused.value.pointer == pointer
    assert told in str(refused.value)


@given(st.text("{}ab_.[]!:0", max_size=30))
def test_a_message_reads_nothing_but_declared_parameters(text: str) -> None:
    try:
        known = errors(CONFLICT={"message": text or "x"})
    except ProfileFault:
        return
    assert known.told(ErrorAnswer(409, "CONFLICT", "", "ours")).detail == (text or "x")


def test_documents_show_the_partners_codes() -> None:
    profile = compile_profile({"errors": {"INSUFFICIENT_STOCK": {"code": "E-1"}, "CONFLICT": {"reason": "E"}}})
    known = profile.words.dictionaries[Domain.ERROR_CODES]
    assert [known.outward(code) for code in ("INSUFFICIENT_STOCK", "CONFLICT")] == ["E-1", "CONFLICT"]


# --- languages --------------------------------------------------------------------------------------------------------

TEXTS = {"messages": {"de": "Konflikt: {message}", "fr": "Conflit : {message}"}, "reasons": {"de": "Konflikt"}}
CONFLICT = ErrorAnswer(409, "CONFLICT", "Conflict", "ours")


@pytest.mark.parametrize(
    ("language", "accepted", "told", "named"),
    [
        (None, "fr", ("Conflict", "Conflit : ours"), "en, fr"),
        (None, "fr-CA, de;q=0.5", ("Konflikt", "Conflit : ours"), "de, fr"),
        (None, "cs, de-AT;q=0.5", ("Konflikt", "Konflikt: ours"), "de"),
        (None, "en, de;q=0.5", ("Conflict", "ours"), "en"),
        (None, "*", ("Conflict", "ours"), "en"),
        (None, "de;q=0", ("Conflict", "ours"), "en"),
        (None, "", ("Conflict", "ours"), "en"),
        (None, ";;,q=", ("Conflict", "ours"), "en"),
        ("de", "fr", ("Konflikt", "Konflikt: ours"), "de"),
        ("fr", "de", ("Konflikt", "Conflit : ours"), "de, fr"),
        ("cs", "fr", ("Conflict", "Conflit : ours"), "en, fr"),
        ("cs", "cs", ("Conflict", "ours"), "en"),
    ],
)
def test_the_partners_language_comes_first_then_an_accepted_one_then_english(
    language: str | None, accepted: str, told: tuple[str, str], named: str
) -> None:
    known = errors(CONFLICT=TEXTS, **({"language": language} if language else {}))
    answer = known.told(CONFLICT, accepted)
    assert (answer.title, answer.detail) == told
    assert answer.headers == {"Content-Language": named, "Vary": "Accept-Language"}


def test_a_text_is_in_the_language_of_the_profile() -> None:
    known = errors(language="de", CONFLICT={"message": "Konflikt", "messages": {"en": "conflict"}})
    assert known.told(CONFLICT, "en").detail == "Konflikt"
    assert known.told(ErrorAnswer(404, "NOT_FOUND", "Not found", "ours"), "de").headers["Content-Language"] == "en"


def test_without_a_language_answers_name_none_and_do_not_depend_on_what_is_accepted() -> None:
    answer = errors(CONFLICT={"message": "Konflikt"}).told(CONFLICT, "fr")
    assert (answer.detail, answer.headers) == ("Konflikt", {})
    answer = errors(language="de", CONFLICT={"message": "Konflikt", "reason": "Konflikt"}).told(CONFLICT, "fr")
    assert answer.headers == {"Content-Language": "de"}


def test_each_mistake_is_told_in_an_accepted_language() -> None:
    known = errors(WORD_NOT_AGREED={"messages": {"fr": "mot inconnu"}})
    answer = known.told(ErrorAnswer(400, "INVALID_REQUEST", "Invalid", "two", (ENTRY,)), "fr")
    assert answer.errors[0]["message"] == "mot inconnu"
    assert answer.headers["Content-Language"] == "en, fr"


def test_a_long_header_is_read_in_part() -> None:
    assert errors(CONFLICT=TEXTS).told(CONFLICT, "xx," * 20_000 + "fr").detail == "ours"


@pytest.mark.parametrize("accepted", ["de", "fr"])
@pytest.mark.parametrize("code", sorted(known_codes()))
def test_every_code_is_told_in_each_language_with_each_of_its_parameters(code: str, accepted: str) -> None:
    names = parameters_of(code)
    text = " ".join(f"{name}={{{name}}}" for name in names)
    known = errors(**{code: {"messages": {one: f"{one}: {text}" for one in ("de", "fr")}}})
    entry = {**ENTRY, "reason": code}
    answer = ErrorAnswer(400, code, "", "ours", (entry,), extra={name: f"<{name}>" for name in names})
    detail = known.told(answer, accepted).detail
    assert detail.startswith(f"{accepted}: ")
    assert all(f"{name}=" in detail for name in names)
    assert "{" not in detail


@pytest.mark.parametrize(
    ("said", "pointer", "told"),
    [
        ({"messages": {"de": "{nobody}"}}, "/errors/CONFLICT/messages/de", "no parameter"),
        ({"messages": {"de": "a\nb"}}, "/errors/CONFLICT/messages/de", "not printed"),
        ({"reasons": {"de": " a"}}, "/errors/CONFLICT/reasons/de", "not printed"),
        ({"messages": {"german!": "x"}}, "/errors/CONFLICT/messages", "german!"),
        ({"messages": {}}, "/errors/CONFLICT/messages", "1 property"),
        ({"message": "x", "messages": {"de": "y"}}, "/errors/CONFLICT/message", "/errors/language"),
    ],
)
def test_a_mistake_in_a_language_is_told_with_its_place(said: Any, pointer: str, told: str) -> None:
    with pytest.raises(ProfileFault) as refused:
        compile_profile({"errors": {"CONFLICT": said}})
    assert refused.value.pointer == pointer
    assert told in str(refused.value)


def test_a_language_has_one_text() -> None:
    with pytest.raises(ProfileFault, match="keep one") as refused:
        compile_profile({"errors": {"language": "de", "CONFLICT": {"message": "x", "messages": {"de": "y"}}}})
    assert refused.value.pointer == "/errors/CONFLICT/messages/de"
    with pytest.raises(ProfileFault, match="english") as refused:
        compile_profile({"errors": {"language": "english"}})
    assert refused.value.pointer == "/errors/language"


OURS_ALONE = frozenset({"BACKEND_ERROR", "DECISION_REFUSED", "PROFILE_ACTIVATION_PENDING", "PROFILE_NOT_FOUND"})
"""Codes whose details are for the people who run the product."""


# --- the table of parameters ------------------------------------------------------------------------------------------


def test_every_known_code_is_documented() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (SPECS.parent / "docs" / "errors.md").read_text(), re.MULTILINE))
    assert known_codes() <= documented
    assert PARAMETERS.keys() <= known_codes()
    assert not CODES_OF_THE_EDGE & {kind.code for kind in every_error()}


@pytest.mark.parametrize("code", PARAMETERS)
def test_every_parameter_is_documented(code: str) -> None:
    names = ", ".join(f"`{name}`" for name in PARAMETERS[code])
    assert f"| `{code}` | {names} |" in (SPECS.parent / "docs" / "errors.md").read_text()


def test_every_detail_of_an_error_is_a_parameter() -> None:
    told = {kind.code: re.search(r"`details`: (.*)", kind.__doc__ or "") for kind in every_error()}
    answered = [code for code, details in told.items() if details is not None and code not in OURS_ALONE]
    assert [code for code in answered if code not in PARAMETERS] == []


def test_every_parameter_is_a_detail_of_its_error() -> None:
    told = {kind.code: kind.__doc__ or "" for kind in every_error()}
    told["VERSION_NOT_AGREED"] = VersionNotAgreed.__doc__ or ""
    for code, names in PARAMETERS.items():
        assert "`details`" in told[code], code
        assert [name for name in names if not re.search(rf"\b{name}\b", told[code])] == [], code
    assert parameters_of("CATALOG_ITEM_NOT_FOUND") == ("id", "code", "message", "pointer")
