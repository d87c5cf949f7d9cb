#!/usr/bin/env python3
"""Runs forge.sql against the vectors, or derives IDs from JSON lines, in a PostgreSQL database.

    python3 run.py test               the vectors of IDs, values and events, and calls that pass null: each must be an
                                      exception of forge.sql
    python3 run.py derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
                                      (with --why: "error: " and the message)

The database is the one that psql finds with the standard PG* environment variables, or the connection
URI in FORGE_PG. The files of the library are loaded first (they are made to be loaded again and again), which
leaves the schema forge behind; everything else is temporary. Needs psql; one connection, all items in one query.
"""
import json
import os
import subprocess
import sys

import contract_vectors

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = ("forge.sql", "contract_facts.sql", "contracts.sql")
VECTORS = ("forge-id.json", "rfc9562.json")

# What stands between a JSON item and the functions of the library. A refusal is an exception of the library
# (22023) or of PostgreSQL itself, whose jsonb has no lone surrogates and no U+0000 (22P02, 22P05), or
# which finds a text too deep or too long (54001, 54000). Anything else is a bug and stops the run.
SETUP = r"""
create function pg_temp.derive(item jsonb, secret bytea, everything boolean) returns jsonb language plpgsql as $fn$
declare
    domain    text := forge.jsonb_text(item -> 'domain');
    entity    text := forge.jsonb_text(item -> 'entity');
    algorithm text := forge.jsonb_text(item -> 'algorithm');
    key       jsonb := item -> 'key';
    kind      text;
    value     text;
    name      text;
    uuid      uuid;
begin
    if algorithm is null then  -- absent is refused here, although the functions have a default
        perform forge.refuse('algorithm', null, 'Configuration', 'is not text');
    end if;
    if jsonb_typeof(key) = 'object' and key ?| array['kind', 'value'] and not key ? 'fields' then
        kind := forge.jsonb_text(key -> 'kind');
        value := forge.jsonb_text(key -> 'value');
        uuid := forge.id(domain, entity, kind, value, algorithm, secret);
        name := case when everything then forge.canonical(kind, value) end;
    else
        uuid := forge.record_id(domain, entity, key, algorithm, secret);
        name := case when everything then forge.record_name(entity, key) end;
    end if;
    if everything then
        return jsonb_build_object('namespace', forge.namespace(domain, entity), 'name', name, 'uuid', uuid);
    end if;
    return jsonb_build_object('uuid', uuid);
end $fn$;

create function pg_temp.check_item(what text, payload text, bytes bytea) returns jsonb language plpgsql as $fn$
declare
    item jsonb;
begin
    item := payload::jsonb;
    case what
        when 'kinds' then
            return jsonb_build_object('canonical',
                forge.canonical(forge.jsonb_text(item -> 'kind'), forge.jsonb_text(item -> 'input')));
        when 'ids' then
            return pg_temp.derive(item, bytes, true);
        when 'derive' then
            return pg_temp.derive(item, bytes, false);
        when 'misuse' then
            execute item ->> 'call';
            return '{}';
        when 'uuidv5-sha1' then
            return jsonb_build_object('uuid', forge.v5(forge.parse_uuid(item ->> 'namespace'), bytes));
        when 'uuidv8-sha256' then
            return jsonb_build_object('uuid', forge.v8_sha256(forge.parse_uuid(item ->> 'namespace'), bytes));
        else
            return pg_temp.read_contract(what, item);
    end case;
exception when sqlstate '22023' or sqlstate '22P02' or sqlstate '22P05' or sqlstate '54000' or sqlstate '54001' then
    return jsonb_build_object('error',
        case sqlstate when '22023' then sqlerrm else 'line: WrongShape: cannot be represented in PostgreSQL' end);
end $fn$;

create temporary table items (number int primary key, what text, payload text, bytes bytea);
"""


def run_items(items):
    """items: (what, payload, bytes) tuples -> the results as dicts, in the same order."""
    library = ""
    for file in LIBRARY:
        with open(os.path.join(HERE, file), encoding="utf-8") as stream:
            library += stream.read() + "\n"
    rows = []
    for number, (what, payload, data) in enumerate(items):
        text = payload.replace("\\", "\\\\")  # COPY's own escape
        rows.append(f"{number}\t{what}\t{text}\t" + ("\\N" if data is None else "\\\\x" + data.hex()) + "\n")
    script = "".join([
        "set client_min_messages = warning; set standard_conforming_strings = on;\n",
        # Two runners at once would disturb each other: create or replace is not made for that.
        "begin; select pg_advisory_xact_lock(7310042) \\g /dev/null\n", library, ";\ncommit;\n",
        contract_vectors.SETUP, SETUP, "copy items from stdin;\n", *rows, "\\.\n",
        "copy (select pg_temp.check_item(what, payload, bytes) from items order by number) to stdout;\n",
    ])
    target = ["-d", os.environ["FORGE_PG"]] if os.environ.get("FORGE_PG") else []
    done = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *target, "-f", "-"],
        input=script.encode("utf-8"), stdout=subprocess.PIPE, env={**os.environ, "PGCLIENTENCODING": "UTF8"})
    lines = done.stdout.decode("utf-8").split("\n")[:-1]
    if done.returncode != 0 or len(lines) != len(rows):
        sys.exit("psql failed; see its messages above")
    return [json.loads(line.replace("\\\\", "\\")) for line in lines]


def secret_bytes(item):
    """The secret travels as bytes, because a text in PostgreSQL cannot hold U+0000."""
    secret = item.pop("secret", None)
    if secret is None:
        return None
    if not isinstance(secret, str):
        raise ValueError("secret: Configuration: is not text")
    try:
        return secret.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("secret: Configuration: has a lone surrogate") from None


def name_bytes(part):
    """An rfc9562.json name: text, {repeat, count}, {hex}, or a list of those."""
    if isinstance(part, list):
        return b"".join(name_bytes(p) for p in part)
    if isinstance(part, dict):
        return bytes.fromhex(part["hex"]) if "hex" in part else name_bytes(part["repeat"]) * int(part["count"])
    return part.encode("utf-8")  # of a lone surrogate: a UnicodeEncodeError, which is a ValueError


def prepare(what, item):
    """What run_items takes, or an exception for what cannot even be sent."""
    if what == "misuse" or what in contract_vectors.KINDS:
        return what, json.dumps(item), None
    if what == "rfc":
        return item["algorithm"], json.dumps({"namespace": item["namespace"]}), name_bytes(item["name"])
    members = ("kind", "input") if what == "kinds" else ("algorithm", "domain", "entity", "key", "secret")
    item = {member: item[member] for member in members if member in item}
    secret = secret_bytes(item)
    # ASCII with \uXXXX escapes, so that a lone surrogate reaches PostgreSQL, for it to refuse.
    return what, json.dumps(item, ensure_ascii=True), secret


def run_all(work):
    """work: (what, item) pairs -> results; sends what can be sent."""
    results, sent = [None] * len(work), []
    for position, (what, item) in enumerate(work):
        try:
            sent.append((position, prepare(what, item)))
        except RecursionError:
            results[position] = {"error": "line: TooDeep: is nested too deep"}
        except ValueError as error:
            results[position] = {"error": str(error)}
    for (position, _), result in zip(sent, run_items([prepared for _, prepared in sent])):
        results[position] = result
    return results


def parse_line(line):
    def not_json(_):
        raise ValueError("not JSON")
    try:
        # Numbers are never looked at; this spares Python and PostgreSQL their limits.
        item = json.loads(line.decode("utf-8"), parse_constant=not_json, parse_int=lambda _: 0, parse_float=lambda _: 0)
    except (ValueError, RecursionError):
        return "line: Form: is not JSON"
    return item if isinstance(item, dict) else "line: WrongShape: is not a JSON object"


def derive(why):
    items = [parse_line(line) for line in sys.stdin.buffer]
    results = iter(run_all([("derive", item) for item in items if isinstance(item, dict)]))
    for item in items:
        result = next(results) if isinstance(item, dict) else {"error": item}
        if "error" in result:
            print(f"error: {result['error']}" if why else "error")
        else:
            print(result["uuid"])
    return 0


MISUSE = [
    "select forge.id(null, 'users', 'text', 'a')",
    "select forge.id('forgeshop.example', null, 'text', 'a')",
    "select forge.id('forgeshop.example', 'users', null, 'a')",
    "select forge.id('forgeshop.example', 'users', 'text', null)",
    "select forge.id('forgeshop.example', 'users', 'text', 'a', null)",
    "select forge.id('forgeshop.example', 'users', 'text', 'a', 'v8-hmac-sha256')",
    "select forge.record_id('forgeshop.example', 'users', null)",
    "select forge.record_id('forgeshop.example', 'users', 'null')",
    "select forge.record_id('forgeshop.example', 'users', '[]')",
    "select forge.record_id('forgeshop.example', 'users', forge.record(variadic null))",
    "select forge.record_id('forgeshop.example', 'users', forge.record(null))",
    "select forge.record_id('forgeshop.example', 'users', forge.record(forge.field('a', null)))",
    "select forge.record_id('forgeshop.example', 'users', forge.record(forge.field('a', null, null)))",
    "select forge.record_id('forgeshop.example', 'users', forge.record(forge.field(null, 'text', 'a')))",
    "select forge.record_id('forgeshop.example', 'users', forge.record(forge.field('a', forge.list(null))))",
    "select forge.record_id('forgeshop.example', 'users', forge.record(forge.field('a', forge.list(variadic null))))",
    "select forge.canonical(null, null)",
    "select forge.parse_uuid(null)",
    "select forge.v8_hmac_sha256(forge.namespace('forgeshop.example', 'users'), 'a', null)",
    "select forge.read_money(null)",
    "select forge.write_money(null, 'EUR')",
    "select forge.write_money(1, null)",
    "select forge.write_money(-0.01, 'EUR')",
    "select forge.write_money(0.001, 'EUR')",
    "select forge.write_money(1e15, 'EUR')",
    "select forge.write_money('NaN', 'EUR')",
    "select forge.read_instant(null)",
    "select forge.read_quantity(null)",
    "select forge.read_sku(null)",
    "select forge.product_id('forgeshop.example', null)",
    "select forge.event_id('forgeshop.example', null, 'orders.order-placed', 1)",
    "select forge.event_id('forgeshop.example', gen_random_uuid(), null, 1)",
    "select forge.event_id('forgeshop.example', gen_random_uuid(), 'orders.order-placed', null)",
    "select forge.read_envelope(null, 'forgeshop.example')",
    "select forge.read_envelope('{}', 'forgeshop.example')",
    "select forge.read_envelope('[1, [], [\"ce_specversion\"], [\"ce_specversion\", 1]]', 'forgeshop.example')",
]


def misuse():
    failed = 0
    for call, result in zip(MISUSE, run_all([("misuse", {"call": call}) for call in MISUSE])):
        if "error" not in result or result["error"].startswith("line: "):
            failed += 1
            print(f"{call}: {result}")
    print(f"{len(MISUSE) - failed} passed, {failed} failed")
    return 1 if failed else 0


def vectors(files):
    work = []
    passed = failed = 0
    for file in files:
        with open(file, encoding="utf-8") as stream:
            data = json.load(stream)
        if isinstance(data, list):
            more = [(file, "rfc", number, item) for number, item in enumerate(data)]
        else:
            more = [(file, what, number, item) for what in ("kinds", "ids") for number, item in enumerate(data.get(what, []))]
        if not more:
            print(f"{file}: no vectors")
            failed += 1
        work += more
    results = run_all([(what, item) for _, what, _, item in work])
    for (file, what, number, item), result in zip(work, results):
        if "error" in item:
            problem = "" if "error" in result else "must be refused"
        elif "error" in result:
            problem = f"refused: {result['error']}"
        else:
            problem = ", ".join(f"wrong {m}" for m in result if m in item and result[m] != item[m])
        passed, failed = passed + (not problem), failed + bool(problem)
        if problem:
            print(f"{file}: {what} {item.get('id', number)}: {problem}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main(arguments):
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    if arguments == ["test"]:
        folder = os.path.join(HERE, "..", "..", "vectors")
        return vectors([os.path.join(folder, file) for file in VECTORS]) | misuse() | contract_vectors.check(folder, run_all)
    if arguments in (["derive"], ["derive", "--why"]):
        return derive(len(arguments) == 2)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
