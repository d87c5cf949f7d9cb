#!/usr/bin/env python3
"""Runs forge_id.py against vector files, or derives IDs from JSON lines.

    python3 run.py vectors FILE...    checks files shaped like forge-id.json or rfc9562.json
    python3 run.py derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
                                      (with --why: "error: " and the message)
    python3 run.py misuse             calls that pass null or the wrong type: each must be a ForgeError
"""
import datetime
import json
import sys

sys.dont_write_bytecode = True

from forge_id import (  # noqa: E402
    Entity, Forge, ForgeError, Record, Value, bool_, canonical, dec, email, int_, parse_uuid, text, ts3, ts6,
    uuid_, v5, v8_hmac_sha256, v8_sha256,
)


def parse_json(text):
    def not_json(_):
        raise ValueError("not JSON")
    # Python also reads NaN and Infinity. Numbers are never looked at, so they need not be converted.
    return json.loads(text, parse_constant=not_json, parse_int=float, parse_float=lambda _: 0.0)


def parse_key(node, where="key"):
    """JSON -> what the library takes. Anything unexpected is left to the library to refuse."""
    if isinstance(node, list):
        return [parse_key(item, where) for item in node]
    if isinstance(node, dict):
        is_value, is_record = "kind" in node or "value" in node, "fields" in node
        if is_value and not is_record:
            return Value(node.get("kind"), node.get("value"))
        if is_record and not is_value:
            fields = node["fields"]
            if not isinstance(fields, list) or any(not isinstance(f, list) or len(f) != 2 for f in fields):
                raise ForgeError(where, None, "WrongShape", "has fields that are not [name, value] pairs")
            return Record([(name, parse_key(value, where)) for name, value in fields])
    return None


def parse_entity(item):
    secret = item.get("secret")
    if secret is not None and not isinstance(secret, str):
        raise ForgeError("secret", None, "Configuration", "is not text")
    if not isinstance(item.get("algorithm"), str):  # absent is refused here, although the library has a default
        raise ForgeError("algorithm", None, "Configuration", "is not text")
    return Forge(item.get("domain")).entity(item.get("entity"), item["algorithm"], secret)


def derive(line):
    try:
        item = parse_json(line.decode("utf-8"))
        if not isinstance(item, dict):
            raise ForgeError("line", None, "WrongShape", "is not a JSON object")
        return str(parse_entity(item).id(parse_key(item.get("key"))))
    except ForgeError as error:
        return f"error: {error}"
    except (ValueError, RecursionError):
        return "error: line: Form: is not JSON"


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


def vectors(files):
    passed = failed = 0
    for file in files:
        with open(file, encoding="utf-8") as stream:
            data = json.load(stream)
        if isinstance(data, list):
            checks = [("rfc", check_rfc, item) for item in data]
        else:
            checks = [("kinds", check_kind, item) for item in data.get("kinds", [])]
            checks += [("ids", check_id, item) for item in data.get("ids", [])]
        if not checks:
            print(f"{file}: no vectors")
            failed += 1
        for number, (what, check, item) in enumerate(checks):
            try:
                got = check(item)
                if "error" in item:
                    problem = "must be refused"
                else:
                    problem = ", ".join(f"wrong {m}" for m in got if m in item and got[m] != item[m])
            except ForgeError as error:
                problem = "" if "error" in item else f"refused: {error}"
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            passed, failed = passed + (not problem), failed + bool(problem)
            if problem:
                print(f"{file}: {what} {item.get('id', number)}: {problem}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def misuse():
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
    failed = 0
    for name, call in calls.items():
        try:
            call()
            problem = "was accepted"
        except ForgeError:
            continue
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        failed += 1
        print(f"{name}: {problem}")
    print(f"{len(calls) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main(arguments):
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    if arguments[:1] == ["vectors"] and len(arguments) > 1:
        return vectors(arguments[1:])
    if arguments in (["derive"], ["derive", "--why"]):
        for line in sys.stdin.buffer:  # bytes: text mode would take a lone \r for the end of a line
            result = derive(line)
            print(result if len(arguments) == 2 or not result.startswith("error") else "error")
        return 0
    if arguments == ["misuse"]:
        return misuse()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
