"""The values and the envelope of the shop's events: read exactly as .NET reads them.

Checked by vectors/values.json and vectors/events.json. Money is a decimal.Decimal, never a float.
"""
from __future__ import annotations

import datetime
import decimal
import importlib.resources
import json
import re
import uuid
from collections.abc import Iterable
from typing import Any, Dict, NamedTuple, NoReturn, Optional, Tuple, Union

from . import Entity, ForgeError, int_, parse_uuid, text, uuid_

__all__ = [
    "ContractError", "Money", "Envelope", "EVENTS", "CURRENCY_DECIMALS",
    "read_money", "write_money", "read_microseconds", "read_instant", "read_quantity", "read_sku", "read_envelope", "write_envelope",
]

_FACTS: Dict[str, Any] = json.loads((importlib.resources.files("forge_id") / "contracts.json").read_text(encoding="utf-8"))

EVENTS: Dict[str, Dict[str, Any]] = _FACTS["events"]
"""The topic and the newest version of each type."""

CURRENCY_DECIMALS: Dict[str, int] = _FACTS["currencyDecimals"]
"""The number of decimals of each currency."""

_MAX_DIGITS = 15  # before the point
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_FIRST_SECOND = -62_135_596_800  # 0001-01-01T00:00:00Z
_END_SECOND = 253_402_300_800  # the first second of the year 10000


class ContractError(ValueError):
    """A value or a message that breaks its contract. The message never repeats the value."""


def _refuse(why: str) -> NoReturn:
    raise ContractError(why)


# --- Values ----------------------------------------------------------------------------------------

class Money(NamedTuple):
    """An amount, with the decimals of its currency."""

    amount: decimal.Decimal
    currency: str


def read_money(value: Any) -> Money:
    """Reads {"amount": "12.50", "currency": "EUR"}."""
    if not isinstance(value, dict):
        _refuse("money is not an object")
    amount, currency = value.get("amount"), value.get("currency")
    match = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]{1,4}))?", amount) if isinstance(amount, str) else None
    if match is None:
        _refuse("the amount is not a string of digits")
    if not isinstance(currency, str) or currency not in CURRENCY_DECIMALS:
        _refuse("the currency is unknown")
    whole, fraction, decimals = match.group(1), match.group(2) or "", CURRENCY_DECIMALS[currency]
    if fraction[decimals:].strip("0"):
        _refuse("the amount has more decimals than its currency")
    return Money(decimal.Decimal(int(whole + fraction[:decimals].ljust(decimals, "0"))).scaleb(-decimals), currency)


def write_money(money: Money) -> Dict[str, str]:
    """Returns the form of the contract."""
    decimals = CURRENCY_DECIMALS.get(money.currency)
    if decimals is None:
        _refuse("the currency is unknown")
    if not money.amount.is_finite() or money.amount < 0 or money.amount >= 10 ** _MAX_DIGITS:
        _refuse("the amount is negative or too large")
    units = money.amount.scaleb(decimals)
    if units != int(units):
        _refuse("the amount has more decimals than its currency")
    digits = str(int(units)).rjust(decimals + 1, "0")
    amount = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return {"amount": amount, "currency": money.currency}


_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,16}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))?")


def read_microseconds(value: Any) -> int:
    """Reads an instant with any offset (without one it is UTC): microseconds since 1970, rounded down."""
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        _refuse("the instant is not of the form 2026-11-21T08:00:00Z")
    try:
        date = datetime.datetime(*(int(part) for part in match.groups()[:6]), tzinfo=datetime.timezone.utc)
    except ValueError:
        raise ContractError("the instant does not exist") from None
    fraction, sign, hours, minutes = match.groups()[6:]
    offset = int(hours or 0) * 60 + int(minutes or 0)
    if int(minutes or 0) > 59 or offset > 14 * 60:
        _refuse("the instant does not exist")
    since = date - _EPOCH
    seconds = since.days * 86400 + since.seconds - (-offset if sign == "-" else offset) * 60
    if not _FIRST_SECOND <= seconds < _END_SECOND:
        _refuse("the instant does not exist")
    return seconds * 1_000_000 + int((fraction or "")[:6].ljust(6, "0"))


def read_instant(value: Any) -> datetime.datetime:
    """Reads an instant as a datetime in UTC, in microseconds, rounded down."""
    return _EPOCH + datetime.timedelta(microseconds=read_microseconds(value))


def read_quantity(value: Any) -> int:
    """Reads a whole number of 32 bits."""
    if type(value) is not int or not -(2 ** 31) <= value < 2 ** 31:  # True is an int in Python
        _refuse("the quantity is not a whole number of 32 bits")
    return value


def read_sku(value: Any) -> str:
    """Returns the canonical form of a SKU of the shop, given in any case and with spaces around it."""
    sku = value.strip("\t\n\v\f\r ") if isinstance(value, str) else ""
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", sku):
        _refuse("the SKU is not of the form [A-Z0-9][A-Z0-9._~-]{0,63}")
    return sku.upper()  # of ASCII, as checked above


# --- Envelope: CloudEvents 1.0 in Kafka's binary mode -------------------------------------------------

class Envelope(NamedTuple):
    """The attributes of a message. What only explains the event is None where it cannot be read."""

    id: uuid.UUID
    type: str
    source: str
    subject: uuid.UUID
    sequence: int
    time: Optional[int]
    """Microseconds since 1970; None where it cannot be read: take the time of the record."""
    data_version: int
    correlation_id: Optional[uuid.UUID]
    causation_id: Optional[uuid.UUID]


def read_envelope(headers: Iterable[Tuple[str, Union[bytes, str, None]]], events: Entity) -> Envelope:
    """Reads the attributes of a message and verifies its ID. Of several headers with one name the last counts.

    `events` is the entity type of event IDs: forge.entity("events").
    """
    texts = {name: _text(value) for name, value in headers}

    def required(name: str) -> str:
        return texts.get(name) or _refuse(f"the header {name} is missing or not text")

    if required("ce_specversion") != "1.0":
        _refuse("ce_specversion is not 1.0")
    kind = required("ce_type")
    sequence = _positive("ce_sequence", required("ce_sequence"))
    subject = _id(required("ce_subject")) or _refuse("the header ce_subject is not an ID")
    event = _id(required("ce_id")) or _refuse("the header ce_id is not an ID")
    if event != _event_id(events, subject, kind, sequence):
        _refuse("ce_id is not derived from ce_subject, ce_type and ce_sequence")
    version = texts.get("ce_dataversion")
    return Envelope(
        event, kind, texts.get("ce_source") or "", subject, sequence, _time(texts.get("ce_time")),
        _positive("ce_dataversion", "1" if version is None else version),
        _id(texts.get("ce_correlationid")), _id(texts.get("ce_causationid")))


def write_envelope(
    envelope: Envelope, time: str, events: Entity, trace_parent: Optional[str] = None, trace_state: Optional[str] = None,
) -> list[Tuple[str, str]]:
    """Returns the headers of a message, in the order in which .NET writes them. `time` is RFC 3339 in UTC, at most microseconds."""
    headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", str(_event_id(events, envelope.subject, envelope.type, envelope.sequence))),
        ("ce_type", envelope.type),
        ("ce_source", envelope.source),
        ("ce_subject", str(envelope.subject)),
        ("ce_time", time),
        ("ce_sequence", str(envelope.sequence)),
        ("ce_dataversion", str(envelope.data_version)),
        ("ce_correlationid", envelope.correlation_id and str(envelope.correlation_id)),
        ("ce_causationid", envelope.causation_id and str(envelope.causation_id)),
        ("content-type", "application/json"),
        ("traceparent", trace_parent),
        ("tracestate", trace_state),
    ]
    return [(name, value) for name, value in headers if value is not None]


def _event_id(events: Entity, aggregate: uuid.UUID, kind: str, sequence: int) -> Optional[uuid.UUID]:
    try:
        return events.id({"aggregate": uuid_(aggregate), "type": text(kind), "sequence": int_(sequence)})
    except ForgeError:
        return None


def _text(value: Union[bytes, str, None]) -> Optional[str]:
    try:
        decoded = value.decode("utf-8") if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return None
    return None if decoded is None or re.search("[\x00-\x1f\x7f-\x9f]", decoded) else decoded


def _id(value: Optional[str]) -> Optional[uuid.UUID]:
    try:
        return None if value is None else parse_uuid(value)
    except ForgeError:
        return None


def _positive(name: str, value: str) -> int:
    if not re.fullmatch("[0-9]{1,19}", value) or not 1 <= int(value) < 2 ** 63:
        _refuse(f"the header {name} is not a positive integer")
    return int(value)


def _time(value: Optional[str]) -> Optional[int]:
    try:
        return None if value is None else read_microseconds(value)
    except ContractError:
        return None
