"""Runs the vectors that every implementation of Forge reproduces."""
import json
import pathlib
import unittest

from forge_id import ForgeError, canonical, parse_uuid, v5, v8_sha256
from run import parse_entity, parse_key

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "vectors"


def read(file):
    return json.loads((VECTORS / file).read_text(encoding="utf-8"))


def name_bytes(part):
    """An rfc9562.json name: text, {repeat, count}, {hex}, or a list of those."""
    if isinstance(part, list):
        return b"".join(name_bytes(p) for p in part)
    if isinstance(part, dict):
        return bytes.fromhex(part["hex"]) if "hex" in part else name_bytes(part["repeat"]) * int(part["count"])
    try:
        return part.encode("utf-8")
    except UnicodeEncodeError:
        raise ForgeError("name", None, "LoneSurrogate", "is not valid Unicode") from None


def check_kind(item):
    return {"canonical": canonical(item.get("kind"), item.get("input"))}


def check_id(item):
    entity, key = parse_entity(item), parse_key(item.get("key"))
    return {"namespace": str(entity.namespace), "name": entity.name_of(key), "uuid": str(entity.id(key))}


def check_rfc(item):
    function = {"uuidv5-sha1": v5, "uuidv8-sha256": v8_sha256}[item["algorithm"]]
    return {"uuid": str(function(parse_uuid(item["namespace"]), name_bytes(item["name"])))}


class VectorTests(unittest.TestCase):
    def test_canonical_text_of_values(self):
        self.run_all(read("forge-id.json")["kinds"], check_kind)

    def test_namespace_name_and_id_of_keys(self):
        self.run_all(read("forge-id.json")["ids"], check_id)

    def test_uuids_of_rfc_9562(self):
        self.run_all(read("rfc9562.json"), check_rfc)

    def run_all(self, items, check):
        self.assertTrue(items)
        for number, item in enumerate(items):
            with self.subTest(item.get("id", number)):
                if "error" in item:
                    self.assertRaises(ForgeError, check, item)
                else:
                    got = check(item)
                    self.assertEqual(got, {**got, **{member: item[member] for member in got if member in item}})
