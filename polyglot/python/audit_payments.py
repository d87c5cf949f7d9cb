#!/usr/bin/env python3
"""Compares a payment provider's report with an export of the shop's payments, without asking any service.

    python3 audit_payments.py PROVIDER.csv EXPORT.csv

PROVIDER.csv has the columns email, cart, attempt, amount, currency: the natural keys of each charge, as the
provider received them. EXPORT.csv has payment_id, amount, currency. The script derives the ID of each charge's
payment (customer -> order -> payment) and needs no mapping table. It prints one line for each difference and a
summary. Exit code 0: both agree; 1: they differ; 2: a file or an argument is wrong.

FORGE_DOMAIN is the shop's domain (forgeshop.example if absent). FORGE_SECRET is the secret of a shop with keyed IDs.
"""
import csv
import os
import re
import sys
from decimal import Decimal

sys.dont_write_bytecode = True

from forge_id import Forge, ForgeError, email, int_, parse_uuid, text, uuid_  # noqa: E402

AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
CURRENCY = re.compile(r"[A-Z]{3}")


class Misuse(Exception):
    """A file or an argument is wrong; nothing was compared."""


def read(path, columns):
    """Returns (row number, fields) for each record; rows are counted from 1 after the header."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Misuse(f"{path} cannot be read") from error
    if not rows or rows[0] != columns:
        raise Misuse(f"{path} does not begin with the header {','.join(columns)}")
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(columns):
            raise Misuse(f"{path}, row {number}: {len(row)} fields instead of {len(columns)}")
        fields = dict(zip(columns, row))
        if not AMOUNT.fullmatch(fields["amount"]) or not CURRENCY.fullmatch(fields["currency"]):
            raise Misuse(f"{path}, row {number}: not an amount such as 12.50 and a currency such as EUR")
        yield number, fields


def payment_ids():
    """Returns the function that derives the ID of a payment from the natural keys of a charge."""
    forge, secret = Forge(os.environ.get("FORGE_DOMAIN", "forgeshop.example")), os.environ.get("FORGE_SECRET")
    algorithm = "v8-hmac-sha256" if secret else "v5"
    users, orders, payments = (forge.entity(name, algorithm, secret or None) for name in ("users", "orders", "payments"))

    def derive(charge):
        user = users.id(email(charge["email"]))
        order = orders.id({"user": uuid_(user), "reference": text(charge["cart"])})
        return payments.id({"order": uuid_(order), "attempt": int_(charge["attempt"])})

    return derive


def by_id(rows, id_of, path, report):
    """Returns the rows by payment ID; repeated IDs and refused keys are reported and left out."""
    known = {}
    for number, fields in rows:
        try:
            payment = str(id_of(fields))
        except ForgeError as error:
            # The message names the field and the rule, never the value.
            report("refused", f"{path}, row {number}: {error}")
            continue
        if payment in known:
            report("repeated", f"{payment} {path}, rows {known[payment][0]} and {number}")
        else:
            known[payment] = (number, fields)
    return known


def money(fields):
    return f"{fields['amount']} {fields['currency']}"


def main(arguments):
    if len(arguments) != 2:
        raise Misuse("two files are required: PROVIDER.csv EXPORT.csv")
    differences = 0

    def report(kind, detail):
        nonlocal differences
        differences += 1
        print(f"{kind:<10} {detail}")

    provider, export = (os.path.basename(path) for path in arguments)
    charges = list(read(arguments[0], ["email", "cart", "attempt", "amount", "currency"]))
    payments = list(read(arguments[1], ["payment_id", "amount", "currency"]))
    charged = by_id(charges, payment_ids(), provider, report)
    exported = by_id(payments, lambda fields: parse_uuid(fields["payment_id"]), export, report)
    agreeing = 0
    for payment, (number, charge) in charged.items():
        if payment not in exported:
            report("missing", f"{payment} {money(charge)} ({provider}, row {number})")
            continue
        row, found = exported[payment]
        if (Decimal(charge["amount"]), charge["currency"]) == (Decimal(found["amount"]), found["currency"]):
            agreeing += 1
        else:
            report("different", f"{payment} {money(charge)} ({provider}, row {number}), {money(found)} ({export}, row {row})")
    for payment, (number, found) in exported.items():
        if payment not in charged:
            report("unexpected", f"{payment} {money(found)} ({export}, row {number})")
    print(f"{len(charges)} charges, {len(payments)} payments: {agreeing} agree, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Misuse, ForgeError) as error:
        print(f"audit_payments: {error}", file=sys.stderr)
        sys.exit(2)
