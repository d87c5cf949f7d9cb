#!/usr/bin/env python3
"""Derives IDs from JSON lines: for the tests of the repository that compare the languages.

    python3 run.py derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
                                      (with --why: "error: " and the message)
"""
import json
import sys

sys.dont_write_bytecode = True

from forge_id import Forge, ForgeError, Record, Value  # noqa: E402


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


def main(arguments):
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    if arguments in (["derive"], ["derive", "--why"]):
        for line in sys.stdin.buffer:  # bytes: text mode would take a lone \r for the end of a line
            result = derive(line)
            print(result if len(arguments) == 2 or not result.startswith("error") else "error")
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
