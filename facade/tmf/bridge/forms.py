"""Bodies from one version to the other: the classes that differ in more than names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from facade.contract.classes import REFERENCE_MEMBERS, looks_like_reference
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge.converters import DROPPED, NOT_IN_V4, REFERRED_TYPE, TYPE, Object, Plain
from facade.tmf.bridge.report import Place, Run, spelled
from facade.tmf.bridge.shapes import Form, Shape
from facade.tmf.bridge.wrapped import Wrapped

NO_IDENTIFIER = "v4 takes one identifier, and another comes first"


class Identifier(Plain):
    """`"PO-456"` ⇄ `[{"@type": "ExternalIdentifier", "id": "PO-456", …}]`; down, ours first, else the first."""

    def lift_member(self, member: Any, at: Place, run: Run) -> Any:
        if type(member) is not str:
            return super().lift_member(member, at, run)
        own = run.conventions
        lifted = {TYPE: self.shape.v5, "id": member}
        if own.external_id_owner is not None:
            lifted["owner"] = own.external_id_owner
        if own.external_id_type is not None:
            lifted["externalIdentifierType"] = own.external_id_type
        return [lifted]

    def lower_member(self, member: Any, at: Place, run: Run) -> Any:
        if type(member) is not list:
            return member
        chosen = self._chosen(member, run)
        for index, entry in enumerate(member):
            if index != chosen:
                run.lost((at, index), NO_IDENTIFIER if chosen is not None else "it has no id", entry)
        if chosen is None:
            run.lost(at, "there is no identifier in it", member)
            return DROPPED
        own = run.conventions
        known = {"owner": own.external_id_owner, "externalIdentifierType": own.external_id_type, TYPE: self.shape.v5}
        for name, value in member[chosen].items():
            if name != "id" and known.get(name) != value:
                run.lost(((at, chosen), name), "v4 takes the bare identifier", value)
        return member[chosen]["id"]

    @staticmethod
    def _chosen(member: list[Any], run: Run) -> int | None:
        own = run.conventions
        usable = [i for i, e in enumerate(member) if isinstance(e, dict) and isinstance(e.get("id"), str)]
        mine = [
            i for i in usable
            if member[i].get("owner") == own.external_id_owner
            and member[i].get("externalIdentifierType") == own.external_id_type
        ]  # fmt: skip
        return next(iter(mine or usable), None)


class Characteristic(Plain):
    """v5 has a class for each kind of value."""

    KINDS: Mapping[type, str] = MappingProxyType(
        {str: "String", bool: "Boolean", int: "Integer", float: "Number", dict: "Object"}
    )
    TYPED = frozenset(
        f"{kind}{many}Characteristic"
        for kind in ("String", "Boolean", "Integer", "Number", "Float", "Object")
        for many in ("", "Array")
    )

    def _lift_type(self, out: Object, at: Place, run: Run) -> None:
        sent = out.get(TYPE)
        if sent in self.TYPED:
            run.reshaped((at, TYPE), "v5 tells the class from the value", sent)
        elif sent not in (None, "Characteristic"):
            return
        out[TYPE] = characteristic_class(out.get("value"))

    def _lower_type(self, out: Object, at: Place, run: Run) -> None:
        sent = out.get(TYPE)
        if sent in self.TYPED or sent == self.shape.v4:
            if sent != characteristic_class(out.get("value")):
                run.reshaped((at, TYPE), "v4 does not tell kinds of values apart", sent)
            out[TYPE] = self.shape.v4
            if not run.conventions.keep_types:
                del out[TYPE]


def characteristic_class(value: Any) -> str:
    """The v5 class for a value. What no class holds (null, mixed or nested lists) is the base class's."""
    kinds = Characteristic.KINDS
    if type(value) is not list:
        return f"{kinds.get(type(value), '')}Characteristic"
    found = {kinds.get(type(entry), "") for entry in value}
    if found == {"Integer", "Number"}:
        return "NumberArrayCharacteristic"
    if len(found) > 1 or "" in found:
        return "Characteristic"
    return f"{found.pop() if found else 'Object'}ArrayCharacteristic"


class Duration(Plain):
    """v4 has a quantity of time, v5 whole units of it."""

    FINER: Mapping[str, tuple[int, str]] = MappingProxyType(
        {
            "year": (12, "month"), "week": (7, "day"), "day": (24, "hour"),
            "hour": (60, "minute"), "minute": (60, "second"),
        }
    )  # fmt: skip

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        """Raises ContractViolation for an amount that no finer unit makes whole."""
        amount = value.get("amount")
        if type(amount) is not float:
            return value
        units, whole = str(value.get("units", "")), amount
        while not whole.is_integer() and units.lower().removesuffix("s") in self.FINER:
            factor, units = self.FINER[units.lower().removesuffix("s")]
            whole = round(whole * factor, 6)
        if not whole.is_integer():
            message = "a duration is a whole number of its units"
            raise ContractViolation([Violation(spelled((at, "amount")), Code.INVALID_VALUE, message)])
        if whole != amount:
            run.reshaped((at, "amount"), "v5 counts whole units", amount)
            run.reshaped((at, "units"), "v5 counts whole units", value["units"])
            return {**value, "amount": int(whole), "units": units}
        return {**value, "amount": int(whole)}


class Product(Plain):
    """v4 has one class with a reference's attributes among the others, v5 a reference or a value."""

    def _lift_type(self, out: Object, at: Place, run: Run) -> None:
        if out.get(TYPE) is None:
            out[TYPE] = "ProductRef" if looks_like_reference(out) else "Product"

    def _lower_type(self, out: Object, at: Place, run: Run) -> None:
        if not run.conventions.keep_types and out.get(TYPE) in ("Product", "ProductRef"):
            del out[TYPE]


class RelatedProduct(Plain):
    """v4 holds the related product, v5 names it. What v4 says beyond its name rides along in v5, as `product`."""

    HOISTED = ("id", "href", "name", REFERRED_TYPE)

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        out = super().lift(value, at, run)
        product = out.get("product")
        if isinstance(product, dict):
            for name in product.keys() & out.keys() & set(self.HOISTED):
                run.lost((at, name), "the product inside says it", out[name])
            out |= {name: product.pop(name) for name in self.HOISTED if name in product}
            sent = value["product"].get(TYPE)
            if product.keys() <= {TYPE} and sent in (None, "ProductRef"):
                del out["product"]
        return out

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        out = super().lower(value, at, run)
        product = out.pop("product", {})
        if not isinstance(product, dict):
            run.lost((at, "product"), NOT_IN_V4, product)
            product = {}
        for name in product.keys() & value.keys() & set(self.HOISTED):
            run.lost(((at, "product"), name), "the relationship says it", product[name])
        inside = product.keys() & set(self.HOISTED)
        for name in inside:
            run.reshaped(((at, "product"), name), "v5 says it at the relationship", product[name])
        if inside:
            run.reshaped((at, "product"), "v5 says it at the relationship", value["product"])
        named = {name: out.pop(name) for name in self.HOISTED if name in out}
        if not product and run.conventions.keep_types:
            product = {TYPE: "ProductRef"}
        out["product"] = {**product, **named}
        return out


class Envelope(Plain):
    """Events: v5 names the class, spells the time right, and asks for information in a patch."""

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        out = super().lift(value, at, run)
        out[TYPE] = value.get("eventType", self.shape.v5)
        out["@baseType"] = "Event"
        event = out.get("event")
        if str(out[TYPE]).endswith("InformationRequiredEvent") and isinstance(event, dict):
            if "fieldPath" in out:
                event["informationRequired"] = {"op": "add", "path": out.pop("fieldPath")}
            for name in event.keys() & {"productOrder", "cancelProductOrder"}:
                event[name] = _shrunk(event[name], ((at, "event"), name), run)
        return out

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        event = value.get("event")
        if isinstance(event, dict) and "canccelProductOrder" in event:
            event = dict(event)
            event["cancelProductOrder"] = event.pop("canccelProductOrder")
            value = {**value, "event": event}
        out = super().lower(value, at, run)
        for name in (TYPE, "@baseType"):
            out.pop(name, None)
        wanted = out["event"].pop("informationRequired", None) if isinstance(out.get("event"), dict) else None
        if isinstance(wanted, dict) and "path" in wanted:
            out["fieldPath"] = wanted["path"]
        return out


def _shrunk(resource: Any, at: Place, run: Run) -> Any:
    if not isinstance(resource, dict):
        return resource
    for name in resource.keys() - REFERENCE_MEMBERS:
        run.lost((at, name), "v5 names the resource only", resource[name])
    kept = {name: member for name, member in resource.items() if name in REFERENCE_MEMBERS}
    return {**kept, TYPE: f"{resource.get(TYPE, '')}Ref"}


def converter_of(shape: Shape) -> Plain:
    """What converts the objects of a class."""
    kinds: Mapping[Form, type[Plain]] = {
        Form.PLAIN: Plain,
        Form.WRAPPED: Wrapped,
        Form.IDENTIFIER: Identifier,
        Form.CHARACTERISTIC: Characteristic,
        Form.DURATION: Duration,
        Form.PRODUCT: Product,
        Form.RELATED_PRODUCT: RelatedProduct,
        Form.EVENT: Envelope,
    }
    return kinds[shape.form](shape)
