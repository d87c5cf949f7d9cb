"""Runs contracts.sql against vectors/values.json and vectors/events.json, as items of run.py."""
import json
import os

DOMAIN = "forgeshop.example"
KINDS = ("money", "lineTotals", "instants", "quantities", "skus", "types", "envelope", "value")

# Each reads a vector and returns what it says, under the names of the vector.
SETUP = r"""
create function pg_temp.microseconds(instant timestamptz) returns text language sql
return (extract(epoch from instant) * 1000000)::bigint::text;

create function pg_temp.minor_units(amount numeric) returns text language sql
return coalesce(nullif(ltrim(replace(amount::text, '.', ''), '0'), ''), '0');

create function pg_temp.read_contract(what text, item jsonb) returns jsonb language plpgsql as $fn$
declare
    money record;
    read  record;
begin
    case what
        when 'money' then
            money := forge.read_money((item ->> 'json')::jsonb);
            return jsonb_build_object('amount', money.amount::text, 'currency', money.currency,
                'minorUnits', pg_temp.minor_units(money.amount), 'written', forge.write_money(money.amount, money.currency));
        when 'lineTotals' then
            money := forge.read_money(jsonb_build_object('amount', item -> 'unitPrice', 'currency', item -> 'currency'));
            return jsonb_build_object('total',
                forge.write_money(money.amount * forge.read_quantity(item -> 'quantity'), money.currency) -> 'amount');
        when 'instants' then
            return jsonb_build_object('epochMicroseconds', pg_temp.microseconds(forge.read_instant(item ->> 'text')));
        when 'quantities' then
            return jsonb_build_object('quantity', forge.read_quantity((item ->> 'json')::jsonb));
        when 'skus' then
            return jsonb_build_object('sku', forge.read_sku(item ->> 'text'),
                'productId', forge.product_id(item ->> 'domain', item ->> 'text'));
        when 'types' then
            return (select jsonb_object_agg(type, jsonb_build_array(topic, version)) from forge.event_types());
        when 'envelope' then
            read := forge.read_envelope(item -> 'headers', item ->> 'domain');
            return jsonb_build_object('id', read.id, 'type', read.type, 'source', read.source, 'subject', read.subject,
                'sequence', read.sequence::text, 'time', pg_temp.microseconds(read.time), 'dataVersion', read.data_version,
                'correlationId', read.correlation_id, 'causationId', read.causation_id)
                || case when item ? 'key' then jsonb_build_object('key', read.subject) else '{}' end;
        when 'value' then
            item := item || jsonb_build_object('node', (item ->> 'body')::jsonb #> string_to_array(substr(item ->> 'pointer', 2), '/'));
            case item ->> 'kind'
                when 'minorUnits' then
                    money := forge.read_money(item -> 'node');
                    return jsonb_build_object('currency', money.currency, 'minorUnits', pg_temp.minor_units(money.amount));
                when 'epochMicroseconds' then
                    return jsonb_build_object('epochMicroseconds', pg_temp.microseconds(forge.read_instant(item ->> 'node')));
                when 'quantity' then return jsonb_build_object('quantity', forge.read_quantity(item -> 'node'));
                when 'sku' then return jsonb_build_object('sku', forge.read_sku(item ->> 'node'));
                when 'id' then return jsonb_build_object('id', forge.parse_uuid(item ->> 'node'));
                when 'text' then return jsonb_build_object('text', item -> 'node');
            end case;
    end case;
end $fn$;
"""

INPUTS = {"money": {"json"}, "lineTotals": {"unitPrice", "currency", "quantity"}, "instants": {"text"}, "quantities": {"json"},
          "skus": {"text"}}


def load(folder, file):
    with open(os.path.join(folder, file), encoding="utf-8") as stream:
        return json.load(stream)


def value_items(values):
    """(what, item, expected, name) of each value; expected is None if it must be refused."""
    for what, inputs in INPUTS.items():
        if not values[what]:
            raise SystemExit(f"values.json: no {what}")
        for vector in values[what]:
            expected = None if "error" in vector else {member: vector[member] for member in vector if member not in inputs}
            if expected and "written" in expected:
                expected["written"] = json.loads(expected["written"])
            yield what, {"domain": DOMAIN, **vector}, expected, f"values.json: {what} {vector}"


def message_items(messages):
    """The same of each message: its attributes, and each value of its data."""
    types = {message["type"]: [message["topic"], message["attributes"]["dataVersion"]] for message in messages["events"]}
    yield "types", {}, types, "events.json: types"
    for group in ("events", "tolerated", "refused"):
        if not messages[group]:
            raise SystemExit(f"events.json: no {group}")
        for message in messages[group]:
            name = f"events.json: {message.get('type', message.get('change'))}"
            key = {member: message[member] for member in ("key",) if member in message}
            expected = None if "error" in message else {**message["attributes"], **key}
            yield "envelope", {"domain": DOMAIN, "headers": message["headers"], **key}, expected, name
            for pointer, expected in message.get("values", {}).items():
                item = {"body": message["body"], "pointer": pointer, "kind": list(expected)[-1]}
                yield "value", item, expected, name + pointer


def check(folder, run_all):
    """Runs all vectors with run_all of run.py; returns the exit code."""
    work = [*value_items(load(folder, "values.json")), *message_items(load(folder, "events.json"))]
    results = run_all([(what, item) for what, item, _, _ in work])
    failed = 0
    for (_, _, expected, name), result in zip(work, results):
        # A refusal is one of contracts.sql, or of a type that cannot be part of a key, and no error of PostgreSQL.
        is_refused = result.get("error", "").startswith(("contract: ", "field type (text): "))
        is_right = result == expected if expected is not None else is_refused
        if not is_right:
            failed += 1
            print(f"{name}: {result}")
    print(f"{len(work) - failed} passed, {failed} failed")
    return 1 if failed else 0
