"""Connexion 3.3 body validators that check requests and answers against a Contract.

    contracts = {"/tmf-api/productOrderingManagement/v5": Contract(spec), ...}
    app.add_api(spec, base_path=..., validator_map=validator_map(contracts), ...)
    app.add_error_handler(ContractViolation, ...)   # and MalformedBody, BodyTooLarge, ResponseViolation

A handler that takes no `body` parameter calls `validated_body()` and gets the body that was validated, without
Connexion parsing it again.

What Connexion does otherwise, and why not here: it demands Content-Length (chunked bodies get 400), reads any
length into memory, validates all on the event loop with pure Python (2 ms for an order), ignores discriminators and
stops at the first mistake.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from connexion.context import scope as current_scope
from connexion.datastructures import MediaTypeDict
from connexion.exceptions import UnsupportedMediaTypeProblem
from connexion.middleware.abstract import ROUTING_CONTEXT
from connexion.validators import (
    VALIDATOR_MAP,
    FormDataValidator,
    JSONRequestBodyValidator,
    JSONResponseBodyValidator,
)
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from canonical.shared import jsontext
from facade.contract import nulls
from facade.contract.bodies import BODY_LIMIT, whole_body
from facade.contract.checking import CheckingThread
from facade.contract.documents import document_of
from facade.contract.lenient_defaults import Allowance
from facade.contract.parameters import ContractParameterValidator
from facade.contract.rewording import Reword, Reworded, Rewording, in_our_words
from facade.contract.validator import JSON, Checked, Contract
from facade.contract.violations import BodyTooLarge, ContractViolation, MalformedBody, ResponseViolation

T = TypeVar("T")
OnBody = Callable[[Mapping[str, Any], str, str, str, bytes], None]
"""Gets what Connexion knows of a request, its path, the operationId, the media type, and the body in UTF-8."""

_CHECKED = "facade.contract.checked"
PAYLOAD = "facade.contract.payload"
"""The key of the original body in the scope's extensions, for the audit record of a refusal."""
_INLINE_LIMIT = 24 * 1024  # longer bodies are not even parsed on the event loop: made of decimals, 64 KiB take 10 ms
FORM = "application/x-www-form-urlencoded"
FORM_LIMIT = 8 * 1024
FIRST_ERROR = 400
"""Answers with this status or a higher one show no resource."""
_AS_IT_IS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_CHARACTER_SETS = _AS_IT_IS | {"utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be", "iso-8859-1"}
_BOM = b"\xef\xbb\xbf"


def validator_map(
    contracts: Mapping[str, Contract],
    *,
    body_limit: int = BODY_LIMIT,
    thread: CheckingThread | None = None,
    rewording: Rewording | None = None,
    refuses_nulls: Callable[[Mapping[str, Any]], bool] = lambda context: False,
    on_body: OnBody | None = None,
) -> dict[str, Any]:
    """What `add_api` and `FlaskApp` take as `validator_map`: one for all APIs of an app.

    `contracts` is looked up by the base path an API was added under; the same Contract may stand under several
    (aliases). Where there is none, Connexion's own validators serve. Several maps may share a `thread`. `rewording`:
    the words that clients have of their own. `refuses_nulls` says of a request, by what Connexion knows of it, whether
    nulls that could be read as absent are refused. `on_body` is told of each body before it is judged.
    """
    request = functools.partial(
        ContractRequestBodyValidator,
        contracts=contracts,
        body_limit=body_limit,
        thread=thread or CheckingThread(),
        rewording=rewording,
        refuses_nulls=refuses_nulls,
        on_body=on_body,
    )
    response = functools.partial(ContractResponseBodyValidator, contracts=contracts, rewording=rewording)
    return {
        "parameter": ContractParameterValidator,
        "body": CaselessMediaTypes({**VALIDATOR_MAP["body"], FORM: ShortFormValidator, "*/*json": request}),
        "response": CaselessMediaTypes({**VALIDATOR_MAP["response"], "*/*json": response}),
    }


class CaselessMediaTypes(MediaTypeDict):  # type: ignore[misc]  # connexion has no types
    """Media types have no case (RFC 9110); Connexion 3.3 finds no validator for `Application/JSON`."""

    def __getitem__(self, media_type: str) -> Any:
        return super().__getitem__(media_type.lower())


def validated_body() -> Any:
    """The validated body of the current request.

    Call it inside a handler. Raises LookupError if no Contract validated the request.
    """
    return _checked().body


def reworded_body() -> Reworded | None:
    """How the body of the current request was sent in the client's own words; None if it was sent in ours."""
    return _checked().reworded


def body_media_type() -> str:
    """The media type of the validated body; JSON if the request names none."""
    return _content_type(current_scope["headers"])[0]


def nulls_left_out() -> tuple[str, ...]:
    """Where the body of the current request had nulls that were read as absent."""
    return _checked().nulls


def allowances() -> tuple[Allowance, ...]:
    """The leniencies that were used for the request; none if it was valid as sent."""
    return _checked().allowances


def _checked() -> Checked:
    checked = current_scope.get(_CHECKED)
    if not isinstance(checked, Checked):
        raise LookupError("no contract judged the body of this request")  # noqa: TRY004  # it is absent, not of a wrong type
    return checked


class ContractRequestBodyValidator(JSONRequestBodyValidator):  # type: ignore[misc]  # connexion has no types
    """Reads the body once, validates it and keeps the result for `validated_body()`."""

    def __init__(
        self,
        *,
        contracts: Mapping[str, Contract],
        body_limit: int,
        thread: CheckingThread,
        rewording: Rewording | None,
        refuses_nulls: Callable[[Mapping[str, Any]], bool],
        on_body: OnBody | None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._rewording = rewording
        self._refuses_nulls = refuses_nulls
        self._on_body = on_body
        self._contracts = contracts
        self._body_limit = body_limit
        self._thread = thread

    async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
        """The request with its body to be received again. Raises MalformedBody, BodyTooLarge, ContractViolation, or
        Overloaded if too many bodies wait for validation.
        """
        routing = scope["extensions"][ROUTING_CONTEXT]
        contract = self._contracts.get(routing["api_base_path"])
        media_type, charset = _content_type(scope["headers"])
        operation_id = routing["operation_id"]
        if contract is not None and contract.passes_raw(operation_id):
            content = await _read(receive, scope, self._body_limit)
            return _replay(content, receive), {**scope, "headers": _with_length(scope, len(content))}
        if contract is None or not contract.takes_body(operation_id, media_type):
            wrapped: tuple[Receive, Scope] = await super().wrap_receive(receive, scope=scope)
            return wrapped
        content = await _read(receive, scope, self._body_limit)
        scope["extensions"][PAYLOAD] = content
        text = _as_utf8(content, charset)
        if self._on_body is not None:
            self._on_body(_context(scope), str(scope["path"]), operation_id, media_type, text)
        reword = self._reword(scope, operation_id, media_type)
        quickly = functools.partial(contract.check_quickly, operation_id, media_type=media_type)
        checked = self._judge(contract, text, in_our_words(quickly, reword)) if len(text) <= _INLINE_LIMIT else None
        if checked is None:
            thoroughly = functools.partial(contract.check_request, operation_id, media_type=media_type)
            judge = functools.partial(self._judge, contract, text, in_our_words(thoroughly, reword))
            checked = await self._thread.run(judge)
        wrong = checked.violations
        if checked.nulls and self._refuses_nulls(_context(scope)):
            wrong += nulls.refused(checked.nulls)
        if wrong:
            raise ContractViolation(wrong)
        scope = {**scope, _CHECKED: checked, "headers": _with_length(scope, len(content))}
        return _replay(content, receive), scope

    def _judge(self, contract: Contract, content: bytes, check: Callable[[Any], T]) -> Checked | T:
        if not content.strip():
            if self._required:
                raise MalformedBody("This request needs a body.")
            return Checked(None)
        refusal = contract.too_many_values(content)
        if refusal is not None:
            return Checked(None, (refusal,))
        body = document_of(content)
        if body is None and self._nullable:
            return Checked(None)
        return check(body)

    def _reword(self, scope: Scope, operation_id: str, media_type: str) -> Reword:
        if self._rewording is None:
            return lambda body: None
        return functools.partial(self._rewording.request, _context(scope), operation_id, media_type)


class ShortFormValidator(FormDataValidator):  # type: ignore[misc]  # connexion has no types
    """Reads a form of at most a few KiB: its parser, in Python, runs on the event loop and takes a microsecond per
    byte.
    """

    async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
        """Raises BodyTooLarge or MalformedBody, and Connexion's errors for a form."""
        content = await _read(receive, scope, FORM_LIMIT)
        wrapped: tuple[Receive, Scope] = await super().wrap_receive(_replay(content, receive), scope=scope)
        return wrapped


class ContractResponseBodyValidator(JSONResponseBodyValidator):  # type: ignore[misc]  # connexion has no types
    """Raises ResponseViolation instead of sending an answer outside its contract."""

    def __init__(
        self, scope: Scope, *, contracts: Mapping[str, Contract], rewording: Rewording | None, **options: Any
    ) -> None:
        super().__init__(scope, **options)
        self._reword = None if rewording is None else functools.partial(rewording.answer, _context(scope))
        routing = scope["extensions"][ROUTING_CONTEXT]
        self._contract = contracts.get(routing["api_base_path"])
        self._operation_id = routing["operation_id"]
        self._has_body = scope["method"] != "HEAD"
        self._status = 0
        self._media_type = JSON

    def wrap_send(self, send: Send) -> Send:
        """Holds the answer back until it is complete and validated. An answer to HEAD has no body to validate."""
        raw = self._contract is not None and self._contract.passes_raw(self._operation_id)
        if raw or not self._has_body:
            return send
        judged: Send = super().wrap_send(send)

        async def remember(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                self._media_type, _ = _content_type(message["headers"])
            await judged(message)

        return remember

    def _parse(self, stream: Any) -> Any:
        content = b"".join(stream)
        return jsontext.read_kept(content) if content else None

    def _validate(self, body: Any) -> None:
        if self._contract is None or self._operation_id not in self._contract.operation_ids:
            super()._validate(body)
            return
        if self._reword is not None and self._status < FIRST_ERROR:
            body = self._reword(self._operation_id, body)
        found = self._contract.response_errors(self._operation_id, self._status, body, self._media_type)
        if found:
            raise ResponseViolation(self._operation_id, self._status, found)


def _context(scope: Scope) -> Mapping[str, Any]:
    """What Connexion knows of the request."""
    found: Mapping[str, Any] = scope.get("extensions", {}).get("connexion_context", {})
    return found


def _content_type(headers: Any) -> tuple[str, str]:
    """Media type and character set, both in lower case.

    Connexion 3.3 finds a charset only where no blank precedes it (`utils.split_content_type`).
    """
    media_type, *parameters = Headers(raw=headers).get("content-type", JSON).lower().split(";")
    charsets = [p.strip()[8:].strip('"') for p in parameters if p.strip().startswith("charset=")]
    return media_type.strip() or JSON, (charsets or ["utf-8"])[0]


async def _read(receive: Receive, scope: Scope, limit: int) -> bytes:
    """The whole body, or BodyTooLarge as soon as it is known to exceed `limit`."""
    declared = Headers(scope=scope).get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise BodyTooLarge(limit)
    return await whole_body(receive, limit)


def _replay(content: bytes, receive: Receive) -> Receive:
    """A channel that gives the body once more, then the remaining messages of the server."""
    waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _with_length(scope: Scope, length: int) -> Any:
    """The request's headers with a Content-Length, which WSGI needs to find a chunked body."""
    headers: Any = scope["headers"]
    if "content-length" in Headers(scope=scope):
        return headers
    mutable = MutableHeaders(raw=list(headers))
    del mutable["transfer-encoding"]
    mutable["content-length"] = str(length)
    return mutable.raw


def _as_utf8(content: bytes, encoding: str) -> bytes:
    """Only character sets that decode in one pass: among Python's codecs are some that take minutes for a megabyte."""
    name = encoding.lower()
    if name not in _CHARACTER_SETS:
        raise UnsupportedMediaTypeProblem(detail="The body's character set is not supported; send UTF-8.")
    if name not in _AS_IT_IS:
        try:
            content = content.decode(name).encode()
        except UnicodeError as error:
            raise MalformedBody("The body is not in the character set that Content-Type names.") from error
    return content.removeprefix(_BOM)
