"""Forge ID, version 1 ("forge:1"): the same 16 bytes for the same thing, in every language.

Copy this file into your project; it needs Python 3.9 or newer and nothing else.

    from forge_id import Forge, email, text, uuid_

    forge = Forge("forgeshop.example")
    user_id = forge.entity("users").id(email("Ada@Example.COM"))
    order_id = forge.entity("orders").id({"user": uuid_(user_id), "reference": text("r-1")})

domain -> namespace of the entity type -> key -> name -> ID; the file reads in the order
value, record, name, ID.

One principle stands behind every rule: a step that rewrites a key (trimming, changing case) touches
ASCII only, so that it is the same in every language; whatever else could make two equal-looking keys
differ is refused, loudly, and never repaired. That is why str.lower(), a bare str.strip(), `\\d`, `$`,
datetime.fromisoformat() and uuid.UUID() do not judge any text below: each of them gives another answer
in another language, or accepts more than it should.

A refusal is a ForgeError. It names the field, the kind, the reason and the code point to blame, but
never the value: a key may be personal data, and error messages end up in logs.
"""
from __future__ import annotations

import datetime
import decimal
import hashlib
import hmac
import re
import uuid

__all__ = [
    "Forge", "Entity", "ForgeError", "Value", "Record",
    "email", "sku", "text", "int_", "dec", "bool_", "uuid_", "ts3", "ts6",
    "canonical", "parse_uuid", "v5", "v8_sha256", "v8_hmac_sha256",
]

MAX_DEPTH = 8          # of a record; the outer record is level 1
MIN_SECRET_BYTES = 16
DNS_NAMESPACE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562, section 6.6


class ForgeError(ValueError):
    """A refusal; `where` is the field or the argument, `code_point` the character to blame, if one is."""

    def __init__(self, where, kind, reason, code_point=None):
        super().__init__(f"{where} ({kind}): {reason}" if kind else f"{where}: {reason}")
        self.where, self.kind, self.reason, self.code_point = where, kind, reason, code_point


def _refuse(where, kind, reason):
    raise ForgeError(where, kind, reason)


def _blame(where, kind, pattern, character):
    """Raises with a reason such as "U+00E9 is not allowed"."""
    code_point = ord(character)
    raise ForgeError(where, kind, pattern.replace("U+", f"U+{code_point:04X}"), code_point)


def _allow(where, kind, allowed, value, pattern="U+ is not allowed"):
    """Refuses the first character that is outside the class `allowed`, such as "0-9-"."""
    bad = re.search(f"[^{allowed}]", value)
    if bad:
        _blame(where, kind, pattern, bad.group())


# --- Values: what a caller writes ------------------------------------------------------------------

class Value:
    """One typed value. `text` is a str; the functions below also take native values that convert exactly."""

    __slots__ = ("kind", "text")

    def __init__(self, kind, text):
        self.kind, self.text = kind, text

    def __repr__(self):  # never the value: a repr ends up in logs and tracebacks
        return f"<Value {self.kind}>"


class Record:
    """A record as (name, value) pairs. A dict does as well; pairs let a duplicate name be seen and refused."""

    __slots__ = ("fields",)

    def __init__(self, fields):
        self.fields = list(fields.items() if isinstance(fields, dict) else fields)


def email(value):
    return Value("email", value)


def sku(value):
    return Value("sku", value)


def text(value):
    return Value("text", value)


def int_(value):
    # type() and not isinstance(): True is an int in Python. The bound is there because str() of an
    # enormous int raises an error of its own.
    return Value("int", str(value) if type(value) is int and abs(value) < 10 ** 40 else value)


def dec(value):
    if type(value) is int:
        return Value("dec", int_(value).text)
    # format 'f' never writes an exponent. The bound keeps Decimal("1e999999999") from filling the memory.
    native = isinstance(value, decimal.Decimal) and value.is_finite() and abs(value.as_tuple().exponent) <= 1000
    return Value("dec", format(value, "f") if native else value)


def bool_(value):
    return Value("bool", str(value).lower() if isinstance(value, bool) else value)


def uuid_(value):
    return Value("uuid", str(value) if isinstance(value, uuid.UUID) else value)


def ts3(value):
    return Value("ts3", _timestamp_text(value))


def ts6(value):
    return Value("ts6", _timestamp_text(value))


def _timestamp_text(value):
    # A naive datetime stays what it is and is refused: nobody knows which instant it means.
    aware = isinstance(value, datetime.datetime) and value.tzinfo is not None
    return value.isoformat("T") if aware else value


# --- Canonical text: one text per value ------------------------------------------------------------

def canonical(kind, value, where="key"):
    """The canonical text of a value; `where` only serves the error message."""
    rule = _RULES.get(kind) if isinstance(kind, str) else None
    if rule is None:
        _refuse(where, None, "has an unknown kind")
    if not isinstance(value, str):
        _refuse(where, kind, "is not text")
    return rule(value, where, kind)


def _strip(value):
    return value.strip("\t\n\v\f\r ")  # these six and no others; a bare strip() also takes U+001C or U+00A0


_LOWER = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}  # for str.translate: A-Z only
_UPPER = {c: c - 32 for c in range(ord("a"), ord("z") + 1)}


def _email(value, where, kind):
    value = _strip(value)
    if not value:
        _refuse(where, kind, "is empty")
    local, at, domain = value.partition("@")
    _allow(where, kind, "A-Za-z0-9.!#$%&'*+/=?^_`{|}~-", local)
    if not at:
        _refuse(where, kind, "has no @")
    _allow(where, kind, "A-Za-z0-9.-", domain)
    if not local:
        _refuse(where, kind, "has nothing before the @")
    if "" in domain.split("."):
        _refuse(where, kind, "has an empty part in its domain")
    if len(value) > 254:
        _refuse(where, kind, "is longer than 254 bytes")
    return value.translate(_LOWER)


def _sku(value, where, kind):
    value = _strip(value)
    if not value:
        _refuse(where, kind, "is empty")
    _allow(where, kind, "!-~", value)
    if len(value) > 64:
        _refuse(where, kind, "is longer than 64 bytes")
    return value.translate(_UPPER)


# Invisible, or able to make one text look like another, or unable to exist in some language: controls,
# soft hyphen, zero-width and bidirectional marks, line separators, noncharacters, lone surrogates.
# Letters and accents are not touched: é in one and é in two code points are two keys.
_TEXT_REFUSED = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069"
    "\\ud800-\\udfff\\ufdd0-\\ufdef\\ufeff\\ufff9-\\ufffb"
    + "".join(chr(plane + low) for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF)) + "]")
_TEXT_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


def _text(value, where, kind):
    if not value:
        _refuse(where, kind, "is empty")
    bad = _TEXT_REFUSED.search(value)
    if bad:
        _blame(where, kind, "U+ is not allowed", bad.group())
    if value[0] in _TEXT_SPACES:
        _blame(where, kind, "must not start with U+", value[0])
    if value[-1] in _TEXT_SPACES:
        _blame(where, kind, "must not end with U+", value[-1])
    if len(value.encode("utf-8")) > 1024:
        _refuse(where, kind, "is longer than 1024 bytes")
    return value


# fullmatch and not `$`, which also matches before a final newline; [0-9] and not \d, which also matches
# the digits of other scripts.
_INT = re.compile("0|-?[1-9][0-9]*")
_DEC = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_UUID = re.compile("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))")


def _int(value, where, kind):
    if not value:
        _refuse(where, kind, "is empty")
    _allow(where, kind, "0-9-", value)
    if not _INT.fullmatch(value):
        _refuse(where, kind, "is not a whole number without leading zeros")
    if len(value.lstrip("-")) > 38:
        _refuse(where, kind, "has more than 38 digits")
    return value


def _dec(value, where, kind):
    if not value:
        _refuse(where, kind, "is empty")
    _allow(where, kind, "0-9.-", value)
    match = _DEC.fullmatch(value)
    if not match:
        _refuse(where, kind, "is not a decimal number such as -12.5")
    sign, whole, fraction = match.groups("")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    if len(fraction) > 28:
        _refuse(where, kind, "has more than 28 decimals")
    if len(whole) + len(fraction) > 28:
        _refuse(where, kind, "has more than 28 digits")
    if not whole and not fraction:
        return "0"  # and so is -0
    return sign + (whole or "0") + ("." + fraction if fraction else "")


def _bool(value, where, kind):
    _allow(where, kind, "a-z", value)
    if value not in ("true", "false"):
        _refuse(where, kind, "is neither true nor false")
    return value


def _uuid(value, where, kind):
    _allow(where, kind, "0-9A-Fa-f-", value)
    if not _UUID.fullmatch(value):
        _refuse(where, kind, "is not a UUID of 36 characters")
    return value.translate(_LOWER)


def _timestamp(value, where, kind):
    _allow(where, kind, "0-9TZ:.+-", value)
    match = _TIMESTAMP.fullmatch(value)
    if not match:
        _refuse(where, kind, "is not a time such as 2024-01-15T10:30:00Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign = match.group(7) or "", match.group(8)
    if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        _refuse(where, kind, "has a date that does not exist")
    if hour > 23 or minute > 59 or second > 59:
        _refuse(where, kind, "has a time of day that does not exist")

    minutes = hour * 60 + minute  # of the day; subtracting the offset makes it UTC
    if sign:
        offset_hours, offset_minutes = int(match.group(9)), int(match.group(10))
        offset = offset_hours * 60 + offset_minutes
        if offset_minutes > 59 or offset > 14 * 60:
            _refuse(where, kind, "has an offset outside -14:00 to +14:00")
        if sign == "-" and offset == 0:
            _refuse(where, kind, "has the offset -00:00, which means unknown")
        minutes -= offset if sign == "+" else -offset
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
        _refuse(where, kind, "is outside the years 0001 to 9999 in UTC")

    digits = 3 if kind == "ts3" else 6
    if fraction[digits:].strip("0"):
        _refuse(where, kind, f"is finer than {digits} decimals")
    fraction = fraction[:digits].ljust(digits, "0")
    return f"{year:04d}-{month:02d}-{day:02d}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{fraction}Z"


def _days_in(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


_RULES = {
    "email": _email, "sku": _sku, "text": _text, "int": _int, "dec": _dec,
    "bool": _bool, "uuid": _uuid, "ts3": _timestamp, "ts6": _timestamp,
}


# --- Name: the text that is hashed -----------------------------------------------------------------

def _name(entity, key):
    """Plain form: the canonical text itself. Record form: RFC 8785 JSON in which every leaf is a string."""
    if isinstance(key, Value):
        return canonical(key.kind, key.text, "key")
    if isinstance(key, (Record, dict)):
        return f'["forge:1","{entity}",{_render(key, "", 1)}]'
    _refuse("key", None, "is neither a value nor a record")


def _render(node, path, depth):
    where = f"field {path}" if path else "key"
    if isinstance(node, Value):
        # The kind stands in the leaf, so that services which disagree on a kind disagree on every ID.
        # Of the characters that JSON escapes, only these two can occur: every kind refuses controls.
        leaf = canonical(node.kind, node.text, where).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{node.kind}:{leaf}"'
    if depth > MAX_DEPTH:
        _refuse(where, None, f"is nested deeper than {MAX_DEPTH} levels")
    if isinstance(node, (list, tuple)):
        return "[" + ",".join(_render(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node)) + "]"
    if not isinstance(node, (Record, dict)):
        _refuse(where, None, "is not a value, a list or a record")

    fields = {}
    for name, value in Record(node).fields if isinstance(node, dict) else node.fields:
        _check_field_name(name, where)
        field_path = f"{path}.{name}" if path else name
        if name in fields:
            _refuse(f"field {field_path}", None, "appears twice")
        fields[name] = _render(value, field_path, depth + 1)
    if not fields:
        _refuse(where, None, "must have at least one field")
    # Names are ASCII, so this order is the order of the bytes, and the same in every language.
    return "{" + ",".join(f'"{name}":{fields[name]}' for name in sorted(fields)) + "}"


def _check_field_name(name, where):
    if not isinstance(name, str):
        _refuse(where, None, "has a field name that is not text")
    if not name:
        _refuse(where, None, "has an empty field name")
    _allow(where, None, "a-z", name[0], "has a field name that starts with U+")
    _allow(where, None, "a-z0-9_", name, "has a field name with U+")
    if len(name) > 64:
        _refuse(where, None, "has a field name longer than 64 characters")


# --- ID: from a domain to 16 bytes -----------------------------------------------------------------

class Forge:
    """All entity types of one domain, such as forgeshop.example."""

    def __init__(self, domain):
        if not isinstance(domain, str):
            _refuse("domain", None, "is not text")
        if not domain:
            _refuse("domain", None, "is empty")
        _allow("domain", None, "A-Za-z0-9.-", domain)
        if "" in domain.split("."):
            _refuse("domain", None, "has an empty part")
        if len(domain) > 253:
            _refuse("domain", None, "is longer than 253 characters")
        self.root = v5(DNS_NAMESPACE, domain.translate(_LOWER))

    def entity(self, name, algorithm="v5", secret=None):
        """One entity type. Which algorithm it uses is part of its declaration: never change it later."""
        return Entity(self, name, algorithm, secret)


class Entity:
    """One entity type: derives the IDs of its members. Immutable, so safe to keep and to share."""

    def __init__(self, forge, name, algorithm="v5", secret=None):
        if not isinstance(name, str):
            _refuse("entity", None, "is not text")
        if not name:
            _refuse("entity", None, "is empty")
        _allow("entity", None, "a-z", name[0], "must not start with U+")
        _allow("entity", None, "a-z0-9_.-", name)
        if len(name) > 64:
            _refuse("entity", None, "is longer than 64 characters")
        if algorithm not in ("v5", "v8-sha256", "v8-hmac-sha256"):
            _refuse("algorithm", None, "is not one of v5, v8-sha256, v8-hmac-sha256")
        if algorithm == "v8-hmac-sha256":
            secret = _secret_bytes(secret)
        elif secret is not None:
            # Whoever passes a secret expects IDs that nobody can guess; these would not be.
            _refuse("secret", None, "is only used by v8-hmac-sha256")
        self.name, self.algorithm, self._secret = name, algorithm, secret
        self.namespace = v5(forge.root, name)

    def id(self, key):
        """The ID, a uuid.UUID, of a Value (plain form) or of a dict or Record (record form)."""
        name = _name(self.name, key)
        if self.algorithm == "v5":
            return v5(self.namespace, name)
        if self.algorithm == "v8-sha256":
            return v8_sha256(self.namespace, name)
        return v8_hmac_sha256(self.namespace, name, self._secret)

    def name_of(self, key):
        """The text that id() hashes: for tests and for looking into a difference. May be personal data."""
        return _name(self.name, key)


def _secret_bytes(secret):
    """The bytes of a secret, untrimmed. Fails closed: no secret, no ID."""
    if not secret:
        _refuse("secret", None, "is missing")
    if isinstance(secret, str):
        _allow("secret", None, "\\x00-\\ud7ff\\ue000-\\U0010ffff", secret)  # all but lone surrogates
        secret = secret.encode("utf-8")
    elif not isinstance(secret, bytes):
        _refuse("secret", None, "is not text")
    if len(secret) < MIN_SECRET_BYTES:
        _refuse("secret", None, f"is shorter than {MIN_SECRET_BYTES} bytes")
    return secret


def _message(namespace, name):
    if isinstance(name, str):
        _allow("name", None, "\\x00-\\ud7ff\\ue000-\\U0010ffff", name)
        name = name.encode("utf-8")
    return namespace.bytes + name  # .bytes is network order; .bytes_le would be another ID


def _uuid_from(digest, version):
    b = bytearray(digest[:16])
    b[6] = b[6] & 0x0F | version << 4
    b[8] = b[8] & 0x3F | 0x80  # the variant of RFC 9562
    return uuid.UUID(bytes=bytes(b))


def v5(namespace, name):
    """UUIDv5, RFC 9562 section 5.5. The name is a str or bytes and is taken as it is."""
    # SHA-1 names things here, it protects nothing: says so to interpreters that restrict it.
    return _uuid_from(hashlib.sha1(_message(namespace, name), usedforsecurity=False).digest(), 5)


def v8_sha256(namespace, name):
    """UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2."""
    return _uuid_from(hashlib.sha256(_message(namespace, name)).digest(), 8)


def v8_hmac_sha256(namespace, name, secret):
    """UUIDv8 from HMAC-SHA-256: nobody without the secret can derive, guess or confirm it."""
    return _uuid_from(hmac.digest(_secret_bytes(secret), _message(namespace, name), "sha256"), 8)


def parse_uuid(value):
    """Exactly the 36-character form, either case. uuid.UUID() also takes braces, "urn:" and misplaced hyphens."""
    return uuid.UUID(canonical("uuid", value, "uuid"))
