#!/usr/bin/env python3
"""Runs forge_id.py against vector files, or derives IDs from JSON lines.

    python3 run.py vectors FILE...    checks files shaped like forge-id.json or rfc9562.json
    python3 run.py derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
                                      (with --why: "error: " and the message)
"""
import json
import sys

sys.dont_write_bytecode = True

from forge_id import (  # noqa: E402
    Forge, ForgeError, Record, Value, canonical, parse_uuid, v5, v8_sha256,
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
                raise ForgeError(where, None, "has fields that are not [name, value] pairs")
            return Record([(name, parse_key(value, where)) for name, value in fields])
    return None


def parse_entity(item):
    secret = item.get("secret")
    if secret is not None and not isinstance(secret, str):
        raise ForgeError("secret", None, "is not text")
    if not isinstance(item.get("algorithm"), str):  # absent is refused here, although the library has a default
        raise ForgeError("algorithm", None, "is not text")
    return Forge(item.get("domain")).entity(item.get("entity"), item["algorithm"], secret)


def derive(line):
    try:
        item = parse_json(line.decode("utf-8"))
        if not isinstance(item, dict):
            raise ForgeError("line", None, "is not a JSON object")
        return str(parse_entity(item).id(parse_key(item.get("key"))))
    except ForgeError as error:
        return f"error: {error}"
    except (ValueError, RecursionError):
        return "error: line: is not JSON"


def name_bytes(part):
    """An rfc9562.json name: text, {repeat, count}, {hex}, or a list of those."""
    if isinstance(part, list):
        return b"".join(name_bytes(p) for p in part)
    if isinstance(part, dict):
        return bytes.fromhex(part["hex"]) if "hex" in part else name_bytes(part["repeat"]) * int(part["count"])
    try:
        return part.encode("utf-8")
    except UnicodeEncodeError:
        raise ForgeError("name", None, "is not valid Unicode") from None


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


def main(arguments):
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    if arguments[:1] == ["vectors"] and len(arguments) > 1:
        return vectors(arguments[1:])
    if arguments in (["derive"], ["derive", "--why"]):
        for line in sys.stdin.buffer:  # bytes: text mode would take a lone \r for the end of a line
            result = derive(line)
            print(result if len(arguments) == 2 or not result.startswith("error") else "error")
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
