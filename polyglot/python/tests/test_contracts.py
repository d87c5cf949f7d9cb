"""Values and messages mean here what they mean in .NET."""
import functools
import json
import pathlib
import unittest

from forge_id import Forge, sku
from forge_id.contracts import (
    EVENTS, ContractError, Money, read_envelope, read_instant, read_microseconds, read_money, read_quantity, read_sku,
    write_envelope, write_money,
)

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "vectors"
VALUES = json.loads((VECTORS / "values.json").read_text(encoding="utf-8"))
MESSAGES = json.loads((VECTORS / "events.json").read_text(encoding="utf-8"))
FORGE = Forge("forgeshop.example")
EVENT_IDS = FORGE.entity("events")


def minor_units(money):
    return str(int(money.amount.scaleb(-money.amount.as_tuple().exponent)))


def as_bytes(headers):
    return [(name, value.encode("utf-8")) for name, value in headers]


def attributes(envelope):
    return {
        "id": str(envelope.id), "type": envelope.type, "source": envelope.source, "subject": str(envelope.subject),
        "sequence": str(envelope.sequence), "time": None if envelope.time is None else str(envelope.time),
        "dataVersion": envelope.data_version,
        "correlationId": envelope.correlation_id and str(envelope.correlation_id),
        "causationId": envelope.causation_id and str(envelope.causation_id),
    }


READERS = {
    "text": lambda value: {"text": value},
    "id": lambda value: {"id": value},
    "sku": lambda value: {"sku": read_sku(value)},
    "quantity": lambda value: {"quantity": read_quantity(value)},
    "epochMicroseconds": lambda value: {"epochMicroseconds": str(read_microseconds(value))},
    "minorUnits": lambda value: {"currency": read_money(value).currency, "minorUnits": minor_units(read_money(value))},
}


class ValueTests(unittest.TestCase):
    def each(self, vectors, value_of, check):
        self.assertTrue(vectors)
        for vector in vectors:
            with self.subTest(vector):
                if "error" in vector:
                    self.assertRaises(ContractError, check, value_of(vector), vector)
                else:
                    check(value_of(vector), vector)

    def test_money_is_read_and_written_exactly(self):
        def check(value, vector):
            money = read_money(value)
            self.assertEqual((str(money.amount), money.currency), (vector["amount"], vector["currency"]))
            self.assertEqual(minor_units(money), vector["minorUnits"])
            self.assertEqual(json.dumps(write_money(money), separators=(",", ":")), vector["written"])
        self.each(VALUES["money"], lambda vector: json.loads(vector["json"]), check)

    def test_a_price_times_a_quantity_is_exact(self):
        for line in VALUES["lineTotals"]:
            price = read_money({"amount": line["unitPrice"], "currency": line["currency"]})
            self.assertEqual(write_money(Money(price.amount * line["quantity"], price.currency))["amount"], line["total"])

    def test_instants_are_the_same_instants(self):
        def check(value, vector):
            self.assertEqual(str(read_microseconds(value)), vector["epochMicroseconds"])
            self.assertEqual(read_instant(value).microsecond, int(vector["epochMicroseconds"]) % 1_000_000)
        self.each(VALUES["instants"], lambda vector: vector["text"], check)

    def test_quantities_are_whole_numbers_of_32_bits(self):
        self.each(
            VALUES["quantities"], lambda vector: json.loads(vector["json"]),
            lambda value, vector: self.assertEqual(read_quantity(value), vector["quantity"]))

    def test_skus_have_one_form_and_one_product(self):
        def check(value, vector):
            self.assertEqual(read_sku(value), vector["sku"])
            self.assertEqual(str(FORGE.entity("products").id(sku(read_sku(value)))), vector["productId"])
        self.each(VALUES["skus"], lambda vector: vector["text"], check)


class MessageTests(unittest.TestCase):
    def test_envelopes_are_read_and_written_byte_for_byte(self):
        for message in MESSAGES["events"]:
            with self.subTest(message["type"]):
                envelope = read_envelope(as_bytes(message["headers"]), EVENT_IDS)
                self.assertEqual(attributes(envelope), message["attributes"])
                self.assertEqual(str(envelope.subject), message["key"])
                self.assertEqual(EVENTS[envelope.type], {"topic": message["topic"], "version": envelope.data_version})
                written = {name: value for name, value in message["headers"]}
                headers = write_envelope(envelope, written["ce_time"], EVENT_IDS, written["traceparent"])
                self.assertEqual([list(header) for header in headers], message["headers"])

    def test_what_only_explains_an_event_is_dropped_where_it_cannot_be_read(self):
        for message in MESSAGES["tolerated"]:
            with self.subTest(message["change"]):
                self.assertEqual(attributes(read_envelope(as_bytes(message["headers"]), EVENT_IDS)), message["attributes"])

    def test_unreadable_envelopes_are_refused(self):
        for message in MESSAGES["refused"]:
            with self.subTest(message["change"]):
                self.assertRaises(ContractError, read_envelope, as_bytes(message["headers"]), EVENT_IDS)

    def test_every_value_of_every_event_means_the_same(self):
        self.assertEqual({message["type"] for message in MESSAGES["events"]}, set(EVENTS))
        for message in MESSAGES["events"]:
            body = json.loads(message["body"])
            for pointer, expected in message["values"].items():
                with self.subTest(f"{message['type']} {pointer}"):
                    parts = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
                    value = functools.reduce(lambda node, part: node[part], parts, body)
                    self.assertEqual(READERS[list(expected)[-1]](value), expected)
