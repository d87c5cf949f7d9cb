"""Forge ID, version 1 ("forge:1"): the same 16 bytes for the same thing, in every language.

The package needs Python 3.9 or newer and nothing else.

    from forge_id import Forge, email, text, uuid_

    forge = Forge("forgeshop.example")
    user_id = forge.entity("users").id(email("Ada@Example.COM"))
    order_id = forge.entity("orders").id({"user": uuid_(user_id), "reference": text("r-1")})

domain -> namespace of the entity type -> key -> name -> ID; the file reads in the order
value, record, name, ID.

All rules follow one principle: a step that rewrites a key (trimming, changing case) touches
ASCII only, so that it is the same in every language; whatever else could make two equal-looking keys
differ is refused with an error and never repaired. That is why str.lower(), a bare str.strip(), `\\d`, `$`,
datetime.fromisoformat() and uuid.UUID() do not judge any text below: each of them gives another answer
in another language, or accepts more than it should.

A refusal is a ForgeError. It names the field, the kind, the reason and the refused code point, but
never the value: a key may be personal data, and error messages end up in logs. The reasons are the same
words in every language, and so is which one of several mistakes is named: the first.
"""
from __future__ import annotations

import datetime
import decimal
import hashlib
import hmac
import re
import uuid
from collections.abc import Iterable
from typing import Any, Callable, Dict, NoReturn, Optional, Tuple, Union

__all__ = [
    "Forge", "Entity", "ForgeError", "Key", "Value", "Record",
    "email", "sku", "text", "int_", "dec", "bool_", "uuid_", "ts3", "ts6",
    "canonical", "parse_uuid", "v5", "v8_sha256", "v8_hmac_sha256",
]

MAX_DEPTH = 8          # of a record; the outer record is level 1
MIN_SECRET_BYTES = 16
DNS_NAMESPACE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562, section 6.6


class ForgeError(ValueError):
    """A refusal; `where` is the field or the argument, `code_point` the refused character, if there is one.

    `reason` is a stable word: Missing, Empty, TooLong, Character, Edge, LoneSurrogate, Form, TooManyDigits,
    Range, TooPrecise, FieldName, DuplicateField, NoFields, TooDeep, WrongKind or WrongShape; Configuration
    where not a key but the domain, entity type, algorithm or secret is refused. `detail` is for people.
    """

    def __init__(
        self, where: str, kind: Optional[str], reason: str, detail: str, code_point: Optional[int] = None,
    ) -> None:
        super().__init__(f"{where} ({kind}): {reason}: {detail}" if kind else f"{where}: {reason}: {detail}")
        self.where, self.kind, self.reason, self.detail, self.code_point = where, kind, reason, detail, code_point


def _refuse(where: str, kind: Optional[str], reason: str, detail: str) -> NoReturn:
    raise ForgeError(where, kind, reason, detail)


def _blame(
    where: str, kind: Optional[str], character: str, reason: str = "Character", detail: str = "U+ is not allowed there",
) -> NoReturn:
    """Raises with a detail such as "U+00E9 is not allowed there"."""
    code_point = ord(character)
    if reason == "Character" and 0xD800 <= code_point <= 0xDFFF:
        reason = "LoneSurrogate"
    raise ForgeError(where, kind, reason, detail.replace("U+", f"U+{code_point:04X}"), code_point)


def _stop(where: str, kind: str, value: str, at: int, detail: str) -> NoReturn:
    """For a value whose first `at` characters could begin a valid one: refuses the next one, or the early end."""
    if at < len(value):
        _blame(where, kind, value[at])
    _refuse(where, kind, "Form", detail)


def _limit(where: str, kind: str, value: str, most: int) -> None:
    """Checked before the characters of a value, so that every language reports the same one of two errors."""
    if len(value.encode("utf-8", "surrogatepass")) > most:
        _refuse(where, kind, "TooLong", f"is longer than {most} bytes")


# --- Values: what a caller writes ------------------------------------------------------------------

class Value:
    """One typed value. `text` is a str; the functions below also take native values that convert exactly."""

    __slots__ = ("kind", "text")

    kind: str
    text: Any  # what the caller passed; anything but text is refused when the ID is derived

    def __init__(self, kind: str, text: Any) -> None:
        self.kind, self.text = kind, text

    def __repr__(self) -> str:  # never the value: a repr ends up in logs and tracebacks
        return f"<Value {self.kind}>"


class Record:
    """A record as (name, value) pairs. A dict does as well; with pairs a duplicate name is detected and refused."""

    __slots__ = ("fields",)

    def __init__(self, fields: Union[Dict[str, Any], Iterable[Tuple[str, Any]]]) -> None:
        pairs = fields.items() if isinstance(fields, dict) else fields
        self.fields: list[Any] = list(pairs) if isinstance(pairs, Iterable) else [None]
        if any(not isinstance(pair, (tuple, list)) or len(pair) != 2 for pair in self.fields):
            _refuse("record", None, "WrongShape", "is not a dict or (name, value) pairs")


Key = Union[Value, Record, Dict[str, Any]]
"""A value (plain form), or a record, whose fields are values, lists and records."""


def email(value: str) -> Value:
    """An e-mail address: trimmed, in lower case."""
    return Value("email", value)


def sku(value: str) -> Value:
    """A stock keeping unit: trimmed, in upper case."""
    return Value("sku", value)


def text(value: str) -> Value:
    """A text of at most 1,024 bytes of UTF-8, byte for byte."""
    return Value("text", value)


def int_(value: Union[int, str]) -> Value:
    """A whole number of at most 38 digits."""
    # type() and not isinstance(): True is an int in Python. The bound is there because str() of an
    # enormous int raises an error of its own.
    return Value("int", str(value) if type(value) is int and abs(value) < 10 ** 40 else value)


def dec(value: Union[decimal.Decimal, int, str]) -> Value:
    """A decimal number of at most 28 digits; no float, because it has lost digits."""
    if type(value) is int:
        return Value("dec", int_(value).text)
    # format 'f' never writes an exponent. The bound keeps Decimal("1e999999999") from filling the memory.
    # The exponent of infinity and of NaN is no number.
    exponent = value.as_tuple().exponent if isinstance(value, decimal.Decimal) else None
    return Value("dec", format(value, "f") if isinstance(exponent, int) and abs(exponent) <= 1000 else value)


def bool_(value: Union[bool, str]) -> Value:
    """A truth value."""
    return Value("bool", str(value).lower() if isinstance(value, bool) else value)


def uuid_(value: Union[uuid.UUID, str]) -> Value:
    """A UUID; as text of 36 characters, in either case."""
    return Value("uuid", str(value) if isinstance(value, uuid.UUID) else value)


def ts3(value: Union[datetime.datetime, str]) -> Value:
    """An instant in milliseconds, with any UTC offset."""
    return Value("ts3", _timestamp_text(value))


def ts6(value: Union[datetime.datetime, str]) -> Value:
    """An instant in microseconds, with any UTC offset."""
    return Value("ts6", _timestamp_text(value))


def _timestamp_text(value: Any) -> Any:
    # A naive datetime is refused, because its instant is unknown.
    aware = isinstance(value, datetime.datetime) and value.tzinfo is not None
    return value.isoformat("T") if aware else value


# --- Canonical text: one text per value ------------------------------------------------------------

def canonical(kind: str, value: str, where: str = "key") -> str:
    """The canonical text of a value; `where` is for the error message only. Raises ForgeError."""
    if value is None:
        _refuse(where, None, "Missing", "is null")
    rule = _RULES.get(kind) if isinstance(kind, str) else None
    if rule is None:
        _refuse(where, None, "WrongKind", "has an unknown kind")
    if not isinstance(value, str):
        _refuse(where, kind, "WrongKind", "is neither text nor of a type that converts exactly")
    if not (_strip(value) if kind in ("email", "sku") else value):
        _refuse(where, kind, "Empty", "is empty")
    return rule(value, where, kind)


def _strip(value: str) -> str:
    return value.strip("\t\n\v\f\r ")  # these six and no others; a bare strip() also takes U+001C or U+00A0


_LOWER = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}  # for str.translate: A-Z only
_UPPER = {c: c - 32 for c in range(ord("a"), ord("z") + 1)}


# Matches the longest beginning of a valid value; the length of the match is the index of the wrong character.
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_EMAIL_BEGINNING = re.compile(r"(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+(?:@(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]*)?)?")


def _beginning(pattern: re.Pattern[str], value: str) -> str:
    match = pattern.match(value)
    return match.group() if match else ""


def _email(value: str, where: str, kind: str) -> str:
    value = _strip(value)
    _limit(where, kind, value, 254)
    if not _EMAIL.fullmatch(value):
        _stop(where, kind, value, len(_beginning(_EMAIL_BEGINNING, value)), "is not of the form local@domain")
    return value.translate(_LOWER)


def _sku(value: str, where: str, kind: str) -> str:
    value = _strip(value)
    _limit(where, kind, value, 64)
    bad = re.search("[^!-~]", value)
    if bad:
        _blame(where, kind, bad.group())
    return value.translate(_UPPER)


# Invisible, or able to make one text look like another, or impossible in some language: controls,
# soft hyphen, zero-width and bidirectional marks, line separators, noncharacters, lone surrogates.
# Letters and accents are not changed: é in one and é in two code points are two keys.
_TEXT_REFUSED = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069"
    "\\ud800-\\udfff\\ufdd0-\\ufdef\\ufeff\\ufff9-\\ufffb"
    + "".join(chr(plane + low) for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF)) + "]")
_TEXT_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


def _text(value: str, where: str, kind: str) -> str:
    _limit(where, kind, value, 1024)
    if value[0] in _TEXT_SPACES:
        _blame(where, kind, value[0], "Edge", "must not start with U+")
    bad = _TEXT_REFUSED.search(value)
    if bad:
        _blame(where, kind, bad.group())
    if value[-1] in _TEXT_SPACES:
        _blame(where, kind, value[-1], "Edge", "must not end with U+")
    return value


# fullmatch and not `$`, which also matches before a final newline; [0-9] and not \d, which also matches
# the digits of other scripts.
_DEC = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_DEC_BEGINNING = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?)?")
_UUID = re.compile("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")


def _int(value: str, where: str, kind: str) -> str:
    digits = value[1:] if value[0] == "-" else value
    if len(digits.encode("utf-8", "surrogatepass")) > 38:
        _refuse(where, kind, "TooLong", "has more than 38 digits")
    if not digits or (digits[0] == "0" and value != "0"):  # -0 would be a second name of 0
        _refuse(where, kind, "Form", "is not a whole number without leading zeros")
    bad = re.search("[^0-9]", digits)
    if bad:
        _blame(where, kind, bad.group())
    return value


def _dec(value: str, where: str, kind: str) -> str:
    match = _DEC.fullmatch(value)
    if not match:
        _stop(where, kind, value, len(_beginning(_DEC_BEGINNING, value)), "is not a decimal number such as -12.5")
    sign, whole, fraction = match.groups("")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    if len(whole) + len(fraction) > 28:
        _refuse(where, kind, "TooManyDigits", "has more than 28 digits")
    if not whole and not fraction:
        return "0"  # and so is -0
    return sign + (whole or "0") + ("." + fraction if fraction else "")


def _bool(value: str, where: str, kind: str) -> str:
    if value not in ("true", "false"):
        _refuse(where, kind, "Form", "is neither true nor false")
    return value


def _uuid(value: str, where: str, kind: str) -> str:
    if not _UUID.fullmatch(value):
        _refuse(where, kind, "Form", "is not a UUID of 36 characters")
    return value.translate(_LOWER)


_DIGITS = re.compile("[0-9]*")


def _fits(value: str, start: int, shape: str) -> int:
    """Returns how many characters from `start` match `shape`, where 0 is any digit."""
    length = 0
    for expected, actual in zip(shape, value[start:]):
        if not ("0" <= actual <= "9" if expected == "0" else actual == expected):
            break
        length += 1
    return length


def _timestamp(value: str, where: str, kind: str) -> str:
    form = "is not a time such as 2024-01-15T10:30:00Z"
    end = _fits(value, 0, "0000-00-00T00:00:00")
    if end < 19:
        _stop(where, kind, value, end, form)
    fraction = ""
    if value[end:end + 1] == ".":
        fraction = _beginning(_DIGITS, value[end + 1:])
        if not 1 <= len(fraction) <= 9:
            _refuse(where, kind, "Form", form)
        end += 1 + len(fraction)

    sign, offset = value[end:end + 1], 0
    if sign in ("+", "-"):
        fits = _fits(value, end + 1, "00:00")
        if fits < 5:
            _stop(where, kind, value, end + 1 + fits, form)
        offset_minutes = int(value[end + 4:end + 6])
        offset = int(value[end + 1:end + 3]) * 60 + offset_minutes
        if offset_minutes > 59 or offset > 14 * 60:
            _refuse(where, kind, "Range", "has an offset outside -14:00 to +14:00")
        if sign == "-" and offset == 0:
            _refuse(where, kind, "Range", "has the offset -00:00, which means unknown")
        end += 6
    elif sign == "Z":
        end += 1
    else:
        _stop(where, kind, value, end, form)
    if end < len(value):
        _blame(where, kind, value[end])

    digits = 3 if kind == "ts3" else 6
    if fraction[digits:].strip("0"):
        _refuse(where, kind, "TooPrecise", f"is finer than {digits} decimals")
    fraction = fraction[:digits].ljust(digits, "0")

    year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
    hour, minute, second = int(value[11:13]), int(value[14:16]), int(value[17:19])
    if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        _refuse(where, kind, "Range", "has a date that does not exist")
    if hour > 23 or minute > 59 or second > 59:
        _refuse(where, kind, "Range", "has a time of day that does not exist")
    # Minutes of the day; subtracting the offset makes it UTC.
    minutes = hour * 60 + minute - (-offset if sign == "-" else offset)
    if minutes < 0:
        minutes += 1440
        day -= 1
        if day == 0:
            month -= 1
            if month == 0:
                year, month = year - 1, 12
            day = _days_in(year, month)
    elif minutes >= 1440:
        minutes -= 1440
        day += 1
        if day > _days_in(year, month):
            day = 1
            month += 1
            if month == 13:
                year, month = year + 1, 1
    if not 1 <= year <= 9999:
        _refuse(where, kind, "Range", "is outside the years 0001 to 9999 in UTC")
    return f"{year:04d}-{month:02d}-{day:02d}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{fraction}Z"


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


_RULES: Dict[str, Callable[[str, str, str], str]] = {
    "email": _email, "sku": _sku, "text": _text, "int": _int, "dec": _dec,
    "bool": _bool, "uuid": _uuid, "ts3": _timestamp, "ts6": _timestamp,
}


# --- Name: the text that is hashed -----------------------------------------------------------------

def _name(entity: str, key: Any) -> str:
    """Plain form: the canonical text itself. Record form: RFC 8785 JSON in which every leaf is a string."""
    if isinstance(key, Value):
        return canonical(key.kind, key.text, "key")
    if isinstance(key, (Record, dict)):
        return f'["forge:1","{entity}",{_render(key, "", 1)}]'
    if key is None:
        _refuse("key", None, "Missing", "is null")
    _refuse("key", None, "WrongShape", "is neither a value nor a record")


def _render(node: Any, path: str, depth: int) -> str:
    where = f"field {path}" if path else "key"
    if isinstance(node, Value):
        # The leaf contains the kind, so that services which disagree on a kind disagree on every ID.
        # Of the characters that JSON escapes, only these two can occur: every kind refuses controls.
        leaf = canonical(node.kind, node.text, where).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{node.kind}:{leaf}"'
    if node is None:
        _refuse(where, None, "Missing", "is null")
    if depth > MAX_DEPTH:
        _refuse(where, None, "TooDeep", f"is nested deeper than {MAX_DEPTH} levels")
    if isinstance(node, (list, tuple)):
        return "[" + ",".join(_render(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node)) + "]"
    if not isinstance(node, (Record, dict)):
        _refuse(where, None, "WrongShape", "is not a value, a list or a record")

    fields = []
    for name, value in node.items() if isinstance(node, dict) else node.fields:
        _check_field_name(name, where)
        fields.append((name, _render(value, f"{path}.{name}" if path else name, depth + 1)))
    if not fields:
        _refuse(where, None, "NoFields", "must have at least one field")
    fields.sort()  # names are ASCII, so this order is the order of the bytes, and the same in every language
    for (name, _), (following, _) in zip(fields, fields[1:]):
        if name == following:
            _refuse(f"field {path}.{name}" if path else f"field {name}", None, "DuplicateField", "appears twice")
    return "{" + ",".join(f'"{name}":{rendered}' for name, rendered in fields) + "}"


def _check_field_name(name: Any, where: str) -> None:
    if not isinstance(name, str):
        _refuse(where, None, "FieldName", "has a field name that is not text")
    bad = re.search("^[^a-z]|[^a-z0-9_]", name)
    if bad:
        _blame(where, None, bad.group(), "FieldName", "has a field name with U+")
    if not 1 <= len(name) <= 64:
        _refuse(where, None, "FieldName", "has a field name that is not 1 to 64 characters long")


# --- ID: from a domain to 16 bytes -----------------------------------------------------------------

class Forge:
    """All entity types of one domain, such as forgeshop.example."""

    root: uuid.UUID

    def __init__(self, domain: str) -> None:
        if not isinstance(domain, str):
            _misconfigured("domain", "is not text")
        # Characters before length: the counted text is then ASCII, and all languages count alike.
        bad = re.search(r"[^A-Za-z0-9.-]|(?:^|\.)\.", domain)
        if bad:
            _blame("domain", None, bad.group()[0], "Configuration")
        if not 1 <= len(domain) <= 253:
            _misconfigured("domain", "is not 1 to 253 characters long")
        if domain.endswith("."):
            _misconfigured("domain", "ends with a dot")
        self.root = v5(DNS_NAMESPACE, domain.translate(_LOWER))

    def entity(self, name: str, algorithm: str = "v5", secret: Union[str, bytes, None] = None) -> Entity:
        """One entity type. Which algorithm it uses is part of its declaration: never change it later."""
        return Entity(self, name, algorithm, secret)


class Entity:
    """One entity type: derives the IDs of its members. Immutable, so safe to keep and to share."""

    name: str
    algorithm: str
    namespace: uuid.UUID

    def __init__(
        self, forge: Forge, name: str, algorithm: str = "v5", secret: Union[str, bytes, None] = None,
    ) -> None:
        if not isinstance(forge, Forge):
            _misconfigured("domain", "is not a Forge")
        if algorithm not in ("v5", "v8-sha256", "v8-hmac-sha256"):
            _misconfigured("algorithm", "is not one of v5, v8-sha256, v8-hmac-sha256")
        if algorithm == "v8-hmac-sha256":
            secret = _secret_bytes(secret)
        elif secret is not None:
            # The caller of a secret expects IDs that cannot be guessed; these can.
            _misconfigured("secret", "is only used by v8-hmac-sha256")
        if not isinstance(name, str):
            _misconfigured("entity", "is not text")
        bad = re.search("^[^a-z]|[^a-z0-9_.-]", name)
        if bad:
            _blame("entity", None, bad.group(), "Configuration")
        if not 1 <= len(name) <= 64:
            _misconfigured("entity", "is not 1 to 64 characters long")
        self.name, self.algorithm, self._secret = name, algorithm, secret
        self.namespace = v5(forge.root, name)

    def id(self, key: Key) -> uuid.UUID:
        """The ID, a uuid.UUID, of a Value (plain form) or of a dict or Record (record form)."""
        name = _name(self.name, key)
        if self.algorithm == "v5":
            return v5(self.namespace, name)
        if self.algorithm == "v8-sha256":
            return v8_sha256(self.namespace, name)
        return v8_hmac_sha256(self.namespace, name, self._secret or b"")

    def name_of(self, key: Key) -> str:
        """The text that id() hashes: for tests and for the analysis of differences. May be personal data."""
        return _name(self.name, key)


def _misconfigured(where: str, detail: str) -> NoReturn:
    _refuse(where, None, "Configuration", detail)


def _secret_bytes(secret: Any) -> bytes:
    """The bytes of a secret, untrimmed. Fails closed: no secret, no ID."""
    if not secret:
        _misconfigured("secret", "is missing")
    if isinstance(secret, str):
        if re.search("[\ud800-\udfff]", secret):  # which one is the secret's business
            _misconfigured("secret", "has a lone surrogate")
        secret = secret.encode("utf-8")
    elif not isinstance(secret, bytes):
        _misconfigured("secret", "is not text")
    if len(secret) < MIN_SECRET_BYTES:
        _misconfigured("secret", f"is shorter than {MIN_SECRET_BYTES} bytes")
    return secret


def _message(namespace: uuid.UUID, name: Any) -> bytes:
    if not isinstance(namespace, uuid.UUID):
        _refuse("namespace", None, "WrongKind", "is not a uuid.UUID")
    if isinstance(name, str):
        bad = re.search("[\ud800-\udfff]", name)
        if bad:
            _blame("name", None, bad.group())
        name = name.encode("utf-8")
    elif not isinstance(name, bytes):
        _refuse("name", None, "WrongKind", "is neither text nor bytes")
    return namespace.bytes + name  # .bytes is network order; .bytes_le would be another ID


def _uuid_from(digest: bytes, version: int) -> uuid.UUID:
    b = bytearray(digest[:16])
    b[6] = b[6] & 0x0F | version << 4
    b[8] = b[8] & 0x3F | 0x80  # the variant of RFC 9562
    return uuid.UUID(bytes=bytes(b))


def v5(namespace: uuid.UUID, name: Union[str, bytes]) -> uuid.UUID:
    """UUIDv5, RFC 9562 section 5.5. The name is a str or bytes and is taken as it is."""
    # SHA-1 has no security function here; the flag is for interpreters that restrict SHA-1.
    return _uuid_from(hashlib.sha1(_message(namespace, name), usedforsecurity=False).digest(), 5)


def v8_sha256(namespace: uuid.UUID, name: Union[str, bytes]) -> uuid.UUID:
    """UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2."""
    return _uuid_from(hashlib.sha256(_message(namespace, name)).digest(), 8)


def v8_hmac_sha256(namespace: uuid.UUID, name: Union[str, bytes], secret: Union[str, bytes]) -> uuid.UUID:
    """UUIDv8 from HMAC-SHA-256: without the secret an ID cannot be derived, guessed or confirmed."""
    return _uuid_from(hmac.digest(_secret_bytes(secret), _message(namespace, name), "sha256"), 8)


def parse_uuid(value: str) -> uuid.UUID:
    """Exactly the 36-character form, either case. uuid.UUID() also takes braces, "urn:" and misplaced hyphens."""
    return uuid.UUID(canonical("uuid", value, "uuid"))
