"""None or a value of the wrong type is refused with a ForgeError, never with a TypeError."""
import datetime
import unittest

from forge_id import (
    Entity, Forge, ForgeError, Record, Value, bool_, canonical, dec, email, int_, parse_uuid, text, ts3, ts6, uuid_,
    v5, v8_hmac_sha256, v8_sha256,
)


class MisuseTests(unittest.TestCase):
    def test_misuse_is_refused(self):
        forge = Forge("forgeshop.example")
        key, derive = forge.entity("users").namespace, forge.entity("users").id
        calls = {
            **{f"{make.__name__}({value})": lambda make=make, value=value: derive({"a": make(value)})
               for make in (email, text, int_, dec, bool_, uuid_, ts3, ts6) for value in (None, 1.5, b"a")},
            "a naive time": lambda: derive(ts3(datetime.datetime(2024, 1, 1))),
            "unknown kind": lambda: derive(Value([], "a")),
            "key None": lambda: derive(None),
            "key str": lambda: derive("a"),
            "field None": lambda: derive({"a": None}),
            "field str": lambda: derive({"a": "b"}),
            "field name None": lambda: derive({None: text("a")}),
            "Record(None)": lambda: Record(None),
            "Record(5)": lambda: Record(5),
            "Record of a single": lambda: Record([("a",)]),
            "Record of None": lambda: Record([None]),
            "Record of str": lambda: Record(["ab"]),
            "Forge(None)": lambda: Forge(None),
            "entity(None)": lambda: forge.entity(None),
            "Entity(None)": lambda: Entity(None, "users"),
            "algorithm None": lambda: forge.entity("users", None),
            "algorithm list": lambda: forge.entity("users", []),
            "secret None": lambda: forge.entity("users", "v8-hmac-sha256"),
            "secret int": lambda: forge.entity("users", "v8-hmac-sha256", 5),
            "canonical(None)": lambda: canonical(None, None),
            "parse_uuid(None)": lambda: parse_uuid(None),
            "v5(None)": lambda: v5(None, b"a"),
            "v5 of None": lambda: v5(key, None),
            "v8_sha256 of int": lambda: v8_sha256(key, 5),
            "v8_hmac_sha256 without secret": lambda: v8_hmac_sha256(key, b"a", None),
        }
        for name, call in calls.items():
            with self.subTest(name):
                self.assertRaises(ForgeError, call)
