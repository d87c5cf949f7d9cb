-- The values and the envelope of the shop's events: read exactly as .NET reads them. Checked by vectors/values.json and
-- vectors/events.json.
--
-- Run this file after forge.sql and contract_facts.sql, any number of times; the extension forge_id includes all three.
--
--   select m.amount, m.currency from events cross join lateral forge.read_money(payload -> 'total') as m;
--   select forge.read_instant(payload ->> 'placedAt'), forge.read_quantity(payload #> '{lines,0,quantity}') from events;
--   select forge.event_id('forgeshop.example', subject, 'orders.order-placed', 1);
--
-- All functions are immutable. What breaks its contract is refused with an exception with SQLSTATE 22023 that begins with
-- "contract: " and never contains the value; null is refused like any other wrong value.

-- Values ---------------------------------------------------------------------------------------------------

create or replace function forge.refuse_contract(why text) returns void
language plpgsql immutable parallel safe as $fn$
begin
    raise exception using errcode = 'invalid_parameter_value', message = 'contract: ' || why;
end $fn$;

-- An amount that is not negative and below 10^15, with the decimals of its currency.
create or replace function forge.check_money(amount numeric, currency text) returns numeric
language plpgsql immutable parallel safe as $fn$
declare
    decimals int := forge.currency_decimals(currency);
begin
    if decimals is null then perform forge.refuse_contract('the currency is unknown'); end if;
    if amount is null or not (amount >= 0 and amount < 1e15) then  -- NaN is larger than any number
        perform forge.refuse_contract('the amount is missing, negative or too large');
    end if;
    if round(amount, decimals) <> amount then
        perform forge.refuse_contract('the amount has more decimals than its currency');
    end if;
    return round(amount, decimals);
end $fn$;

create or replace function forge.read_money(value jsonb, out amount numeric, out currency text)
language plpgsql immutable parallel safe as $fn$
declare
    digits text := forge.jsonb_text(value -> 'amount');
begin
    if jsonb_typeof(value) is distinct from 'object' then perform forge.refuse_contract('money is not an object'); end if;
    if digits is null or digits collate "C" !~ '^[0-9]{1,15}(\.[0-9]{1,4})?$' then
        perform forge.refuse_contract('the amount is not a string of digits');
    end if;
    currency := forge.jsonb_text(value -> 'currency');
    amount := forge.check_money(digits::numeric, currency);
end $fn$;

create or replace function forge.write_money(amount numeric, currency text) returns jsonb
language sql immutable parallel safe
return jsonb_build_object('amount', forge.check_money(amount, currency)::text, 'currency', currency);

-- An instant with any offset (without one it is UTC), in microseconds, rounded down; null if it is not one. Seconds, months and
-- offsets are checked here: make_timestamp takes 24:00 and 08:00:60, and its errors contain the value.
create or replace function forge.instant_or_null(value text) returns timestamptz
language plpgsql immutable parallel safe as $fn$
declare
    parts  text[] := regexp_match(value collate "C",
        '^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,16}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))?$');
    micros int := rpad(left(coalesce(parts[7], ''), 6), 6, '0')::int;
    zone   int := coalesce(parts[9]::int, 0) * 60 + coalesce(parts[10]::int, 0);
    utc    timestamp;
begin
    if parts is null or parts[1] = '0000' or parts[2]::int not between 1 and 12
        or parts[3]::int not between 1 and forge.days_in(parts[1]::int, parts[2]::int)
        or parts[4]::int > 23 or parts[5]::int > 59 or parts[6]::int > 59
        or coalesce(parts[10]::int, 0) > 59 or zone > 14 * 60 then
        return null;
    end if;
    -- The double of the seconds has 15 digits, and make_timestamp rounds it to microseconds.
    utc := make_timestamp(parts[1]::int, parts[2]::int, parts[3]::int, parts[4]::int, parts[5]::int, parts[6]::int + micros / 1e6)
        - make_interval(mins => case parts[8] when '-' then -zone else zone end);
    return case when extract(year from utc) between 1 and 9999 then utc at time zone 'UTC' end;
end $fn$;

create or replace function forge.read_instant(value text) returns timestamptz
language plpgsql immutable parallel safe as $fn$
declare
    instant timestamptz := forge.instant_or_null(value);
begin
    if instant is null then
        perform forge.refuse_contract('the instant is not of the form 2026-11-21T08:00:00Z, or does not exist');
    end if;
    return instant;
end $fn$;

create or replace function forge.read_quantity(value jsonb) returns int
language plpgsql immutable parallel safe as $fn$
begin
    -- case, because "or" may evaluate its second operand first.
    if not (case when jsonb_typeof(value) = 'number' and value #>> '{}' ~ '^-?[0-9]{1,10}$'
                 then (value #>> '{}')::bigint between -2147483648 and 2147483647 else false end) then
        perform forge.refuse_contract('the quantity is not a whole number of 32 bits');
    end if;
    return (value #>> '{}')::int;
end $fn$;

-- The canonical form of a SKU of the shop, given in any case and with spaces around it.
create or replace function forge.read_sku(value text) returns text
language plpgsql immutable parallel safe as $fn$
begin
    if value is null or forge.strip(value) collate "C" !~ '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' then
        perform forge.refuse_contract('the SKU is not of the form [A-Z0-9][A-Z0-9._~-]{0,63}');
    end if;
    return upper(forge.strip(value) collate "C");
end $fn$;

create or replace function forge.product_id(domain text, sku text, algorithm text default 'v5', secret bytea default null) returns uuid
language sql immutable parallel safe
return forge.id(domain, 'products', 'sku', forge.read_sku(sku), algorithm, secret);

-- Envelope: CloudEvents 1.0 in Kafka's binary mode ------------------------------------------------------------

create or replace function forge.event_id(domain text, subject uuid, type text, sequence bigint,
                                          algorithm text default 'v5', secret bytea default null) returns uuid
language sql immutable parallel safe
return forge.record_id(domain, 'events', forge.record(forge.field('aggregate', 'uuid', subject::text),
    forge.field('type', 'text', type), forge.field('sequence', 'int', sequence::text)), algorithm, secret);

create or replace function forge.uuid_or_null(value text) returns uuid
language sql immutable parallel safe
return case when value collate "C" ~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$' then value::uuid end;

-- The text of a header; null if it is missing or has control characters. Of several with one name, the last counts.
create or replace function forge.header(headers jsonb, name text) returns text
language sql immutable parallel safe as $fn$
    select case when h.value collate "C" !~ '[\u0001-\u001f\u007f-\u009f]' then h.value end
    from (select forge.jsonb_text(pair -> 1) as value
          from jsonb_array_elements(headers) with ordinality as p (pair, number)
          where pair ->> 0 = name
          order by number desc limit 1) as h
$fn$;

create or replace function forge.required_header(headers jsonb, name text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    value text := forge.header(headers, name);
begin
    if value is null then perform forge.refuse_contract(format('the header %s is missing or not text', name)); end if;
    return value;
end $fn$;

create or replace function forge.positive_header(name text, value text) returns bigint
language plpgsql immutable parallel safe as $fn$
begin
    if not (case when value collate "C" ~ '^[0-9]{1,19}$' then value::numeric between 1 and 9223372036854775807 else false end) then
        perform forge.refuse_contract(format('the header %s is not a positive integer', name));
    end if;
    return value::bigint;
end $fn$;

-- Reads the headers of a message, [[name, text], ...], and verifies its ID. What only explains the event is null where it cannot be
-- read (the source is empty); without a time, take the time of the record.
create or replace function forge.read_envelope(
    headers jsonb, domain text, algorithm text default 'v5', secret bytea default null,
    out id uuid, out type text, out source text, out subject uuid, out sequence bigint, out "time" timestamptz, out data_version bigint,
    out correlation_id uuid, out causation_id uuid)
language plpgsql immutable parallel safe as $fn$
begin
    if jsonb_typeof(headers) is distinct from 'array' then perform forge.refuse_contract('the headers are not an array'); end if;
    if forge.required_header(headers, 'ce_specversion') <> '1.0' then perform forge.refuse_contract('ce_specversion is not 1.0'); end if;
    type := forge.required_header(headers, 'ce_type');
    sequence := forge.positive_header('ce_sequence', forge.required_header(headers, 'ce_sequence'));
    subject := forge.uuid_or_null(forge.required_header(headers, 'ce_subject'));
    if subject is null then perform forge.refuse_contract('the header ce_subject is not an ID'); end if;
    id := forge.uuid_or_null(forge.required_header(headers, 'ce_id'));
    if id is null then perform forge.refuse_contract('the header ce_id is not an ID'); end if;
    if id <> forge.event_id(domain, subject, type, sequence, algorithm, secret) then
        perform forge.refuse_contract('ce_id is not derived from ce_subject, ce_type and ce_sequence');
    end if;
    source := coalesce(forge.header(headers, 'ce_source'), '');
    "time" := forge.instant_or_null(forge.header(headers, 'ce_time'));
    data_version := forge.positive_header('ce_dataversion', coalesce(forge.header(headers, 'ce_dataversion'), '1'));
    correlation_id := forge.uuid_or_null(forge.header(headers, 'ce_correlationid'));
    causation_id := forge.uuid_or_null(forge.header(headers, 'ce_causationid'));
end $fn$;

-- Documentation: \df+ forge.* ---------------------------------------------------------------------------------

comment on function forge.event_types() is 'Returns the topic and the newest version of each type of message';
comment on function forge.currency_decimals(text) is 'Returns the number of decimals of a currency; null for an unknown one';
comment on function forge.read_money(jsonb) is 'Returns amount and currency of {"amount": "12.50", "currency": "EUR"}';
comment on function forge.write_money(numeric, text) is 'Returns an amount in the form of the contract: amount, currency';
comment on function forge.read_instant(text) is
    'Returns an instant with any offset (without one it is UTC), in microseconds, rounded down';
comment on function forge.read_quantity(jsonb) is 'Returns a whole number of 32 bits';
comment on function forge.read_sku(text) is 'Returns the canonical form of a SKU of the shop';
comment on function forge.product_id(text, text, text, bytea) is
    'Returns the ID of the product with a SKU: domain, SKU, algorithm, secret';
comment on function forge.event_id(text, uuid, text, bigint, text, bytea) is
    'Returns the ID of an event: domain, subject, type, sequence, algorithm, secret';
comment on function forge.read_envelope(jsonb, text, text, bytea) is
    'Returns the attributes of a message, whose ID is verified: headers ([[name, text], ...]), domain, algorithm, secret';
