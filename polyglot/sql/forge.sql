-- Forge ID, version 1 ("forge:1"): the same 16 bytes for the same thing, in every language.
--
-- For PostgreSQL 15 or newer with a UTF-8 database; needs pgcrypto, which comes with PostgreSQL. Run this
-- file as it is, as often as you like (psql -f forge.sql): it creates the schema forge and its functions.
--
--   select forge.id('forgeshop.example', 'users', 'email', 'Ada@Example.COM');
--   select forge.record_id('forgeshop.example', 'orders', forge.record(
--            forge.field('user', 'uuid', user_id::text), forge.field('reference', 'text', reference)));
--
-- domain -> namespace of the entity type -> key -> name -> ID; the file reads in the order errors, values,
-- records, IDs. All functions are immutable: they may stand in generated columns and in indexes.
--
-- One principle stands behind every rule: a step that rewrites a key (trimming, changing case) touches
-- ASCII only, so that it is the same in every language; whatever else could make two equal-looking keys
-- differ is refused, loudly, and never repaired. So no lower() without collation "C" (it follows the
-- database's collation), no btrim() without a list (it takes U+0020 only), no timestamptz (it rounds, and
-- reads with the session's settings) and no ::uuid (it takes braces and misplaced hyphens) judge any text
-- below; regular expressions run with collation "C" too.
--
-- A refusal is an exception with SQLSTATE 22023. It names the field, the kind, the reason and the code
-- point to blame, but never the value. (The server's own log may show whole statements: pass keys and
-- secrets as parameters, and mind log_statement and log_parameter_max_length.) NULL is refused like any
-- other wrong value: a missing field makes another type of record. Lone surrogates and U+0000, which other
-- languages have to refuse, cannot exist in PostgreSQL's text.

create schema if not exists forge;
create extension if not exists pgcrypto;

do $do$
begin
    if current_setting('server_encoding') <> 'UTF8' then
        raise exception 'forge needs a database with the encoding UTF8';
    end if;
    -- pgcrypto may be in any schema, and no search_path can be relied on: find it once, here.
    execute (
        select format($sql$
            create or replace function forge.sha1(message bytea) returns bytea
            language sql immutable strict parallel safe
            return %1$s.digest(message, 'sha1');

            create or replace function forge.hmac_sha256(message bytea, secret bytea) returns bytea
            language sql immutable strict parallel safe
            return %1$s.hmac(message, secret, 'sha256');
        $sql$, extnamespace::regnamespace)
        from pg_extension where extname = 'pgcrypto');
end $do$;

-- Errors -------------------------------------------------------------------------------------------------

create or replace function forge.refuse(place text, kind text, reason text) returns void
language plpgsql immutable parallel safe as $fn$
begin
    raise exception using errcode = 'invalid_parameter_value',
        message = place || coalesce(' (' || kind || ')', '') || ': ' || reason;
end $fn$;

-- Refuses with a reason such as "U+00E9 is not allowed", if there is a character to blame.
create or replace function forge.blame(place text, kind text, "character" text,
                                       pattern text default 'U+ is not allowed') returns void
language plpgsql immutable parallel safe as $fn$
declare
    hex text := upper(to_hex(ascii("character")));  -- ascii() is the code point, in a UTF-8 database
begin
    if "character" <> '' then
        perform forge.refuse(place, kind, replace(pattern, 'U+', 'U+' || lpad(hex, greatest(4, length(hex)), '0')));
    end if;
end $fn$;

-- Values: one canonical text per value ---------------------------------------------------------------------

-- Removes U+0009-U+000D and U+0020 at both ends, nothing else. (E'\v' would be the letter v.)
create or replace function forge.strip(value text) returns text
language sql immutable strict parallel safe
return btrim(value, E'\t\n\x0b\x0c\r ');

create or replace function forge.days_in(year int, month int) returns int
language sql immutable strict parallel safe
return case when month = 2 then
                case when year % 4 = 0 and (year % 100 <> 0 or year % 400 = 0) then 29 else 28 end
            when month in (4, 6, 9, 11) then 30
            else 31 end;

create or replace function forge.canonical_email(input text, place text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    value  text := forge.strip(input);
    at     int  := strpos(value, '@');
    local  text := case when at = 0 then value else left(value, at - 1) end;
    domain text := case when at = 0 then '' else substr(value, at + 1) end;
begin
    if value = '' then perform forge.refuse(place, 'email', 'is empty'); end if;
    perform forge.blame(place, 'email', substring(local collate "C" from $re$[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]$re$));
    if at = 0 then perform forge.refuse(place, 'email', 'has no @'); end if;
    perform forge.blame(place, 'email', substring(domain collate "C" from '[^A-Za-z0-9.-]'));
    if local = '' then perform forge.refuse(place, 'email', 'has nothing before the @'); end if;
    if forge.has_empty_part(domain) then perform forge.refuse(place, 'email', 'has an empty part in its domain'); end if;
    if length(value) > 254 then perform forge.refuse(place, 'email', 'is longer than 254 bytes'); end if;
    return lower(value collate "C");
end $fn$;

create or replace function forge.has_empty_part(domain text) returns boolean
language sql immutable strict parallel safe
return domain = '' or left(domain, 1) = '.' or right(domain, 1) = '.' or strpos(domain, '..') > 0;

create or replace function forge.canonical_sku(input text, place text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    value text := forge.strip(input);
begin
    if value = '' then perform forge.refuse(place, 'sku', 'is empty'); end if;
    perform forge.blame(place, 'sku', substring(value collate "C" from '[^!-~]'));
    if length(value) > 64 then perform forge.refuse(place, 'sku', 'is longer than 64 bytes'); end if;
    return upper(value collate "C");
end $fn$;

-- Refused is what is invisible, or able to make one text look like another, or unable to exist in some
-- language: controls, soft hyphen, zero-width and bidirectional marks, line separators, noncharacters.
-- Letters and accents are not touched: é in one and é in two code points are two keys.
create or replace function forge.canonical_text(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    refused constant text :=
        $re$[\u0001-\u001f\u007f-\u009f\u00ad\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069$re$
        || $re$\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff$re$
        || $re$\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0004fffe\U0004ffff$re$
        || $re$\U0005fffe\U0005ffff\U0006fffe\U0006ffff\U0007fffe\U0007ffff\U0008fffe\U0008ffff$re$
        || $re$\U0009fffe\U0009ffff\U000afffe\U000affff\U000bfffe\U000bffff\U000cfffe\U000cffff$re$
        || $re$\U000dfffe\U000dffff\U000efffe\U000effff\U000ffffe\U000fffff\U0010fffe\U0010ffff]$re$;
    space constant text := $re$[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]$re$;
begin
    if value = '' then perform forge.refuse(place, 'text', 'is empty'); end if;
    perform forge.blame(place, 'text', substring(value collate "C" from refused));
    perform forge.blame(place, 'text', substring(left(value, 1) collate "C" from space), 'must not start with U+');
    perform forge.blame(place, 'text', substring(right(value, 1) collate "C" from space), 'must not end with U+');
    if octet_length(value) > 1024 then perform forge.refuse(place, 'text', 'is longer than 1024 bytes'); end if;
    return value;
end $fn$;

create or replace function forge.canonical_int(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
begin
    if value = '' then perform forge.refuse(place, 'int', 'is empty'); end if;
    perform forge.blame(place, 'int', substring(value collate "C" from '[^0-9-]'));
    if value collate "C" !~ '^(0|-?[1-9][0-9]*)$' then
        perform forge.refuse(place, 'int', 'is not a whole number without leading zeros');
    end if;
    if length(ltrim(value, '-')) > 38 then perform forge.refuse(place, 'int', 'has more than 38 digits'); end if;
    return value;
end $fn$;

create or replace function forge.canonical_dec(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    digits   text := ltrim(value, '-');
    whole    text := ltrim(split_part(digits, '.', 1), '0');
    fraction text := rtrim(split_part(digits, '.', 2), '0');
begin
    if value = '' then perform forge.refuse(place, 'dec', 'is empty'); end if;
    perform forge.blame(place, 'dec', substring(value collate "C" from '[^0-9.-]'));
    if value collate "C" !~ '^-?[0-9]+(\.[0-9]+)?$' then
        perform forge.refuse(place, 'dec', 'is not a decimal number such as -12.5');
    end if;
    if length(fraction) > 28 then perform forge.refuse(place, 'dec', 'has more than 28 decimals'); end if;
    if length(whole) + length(fraction) > 28 then
        perform forge.refuse(place, 'dec', 'has more than 28 digits');
    end if;
    if whole = '' and fraction = '' then return '0'; end if;  -- and so is -0
    return case when left(value, 1) = '-' then '-' else '' end
        || case when whole = '' then '0' else whole end
        || case when fraction = '' then '' else '.' || fraction end;
end $fn$;

create or replace function forge.canonical_bool(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
begin
    perform forge.blame(place, 'bool', substring(value collate "C" from '[^a-z]'));
    if value not in ('true', 'false') then perform forge.refuse(place, 'bool', 'is neither true nor false'); end if;
    return value;
end $fn$;

create or replace function forge.canonical_uuid(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
begin
    perform forge.blame(place, 'uuid', substring(value collate "C" from '[^0-9A-Fa-f-]'));
    if value collate "C" !~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$' then
        perform forge.refuse(place, 'uuid', 'is not a UUID of 36 characters');
    end if;
    return lower(value collate "C");
end $fn$;

create or replace function forge.canonical_timestamp(value text, place text, kind text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    digits constant int := case kind when 'ts3' then 3 else 6 end;
    part            text[];
    year            int;
    month           int;
    day             int;
    minutes         int;  -- of the day
    "offset"        int;
    fraction        text;
begin
    perform forge.blame(place, kind, substring(value collate "C" from '[^0-9TZ:.+-]'));
    part := regexp_match(value collate "C",
        '^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})'
        '(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$');
    if part is null then perform forge.refuse(place, kind, 'is not a time such as 2024-01-15T10:30:00Z'); end if;
    year := part[1]::int;
    month := part[2]::int;
    day := part[3]::int;
    if month not between 1 and 12 or day not between 1 and forge.days_in(year, month) then
        perform forge.refuse(place, kind, 'has a date that does not exist');
    end if;
    if part[4]::int > 23 or part[5]::int > 59 or part[6]::int > 59 then
        perform forge.refuse(place, kind, 'has a time of day that does not exist');
    end if;

    minutes := part[4]::int * 60 + part[5]::int;
    if part[8] is not null then  -- subtracting the offset makes it UTC
        "offset" := part[9]::int * 60 + part[10]::int;
        if part[10]::int > 59 or "offset" > 14 * 60 then
            perform forge.refuse(place, kind, 'has an offset outside -14:00 to +14:00');
        end if;
        if part[8] = '-' and "offset" = 0 then
            perform forge.refuse(place, kind, 'has the offset -00:00, which means unknown');
        end if;
        minutes := minutes - case part[8] when '+' then "offset" else -"offset" end;
    end if;
    if minutes < 0 then
        minutes := minutes + 1440;
        day := day - 1;
        if day = 0 then
            month := month - 1;
            if month = 0 then
                year := year - 1;
                month := 12;
            end if;
            day := forge.days_in(year, month);
        end if;
    elsif minutes >= 1440 then
        minutes := minutes - 1440;
        day := day + 1;
        if day > forge.days_in(year, month) then
            day := 1;
            month := month + 1;
            if month = 13 then
                year := year + 1;
                month := 1;
            end if;
        end if;
    end if;
    if year not between 1 and 9999 then
        perform forge.refuse(place, kind, 'is outside the years 0001 to 9999 in UTC');
    end if;

    fraction := coalesce(part[7], '');
    if rtrim(substr(fraction, digits + 1), '0') <> '' then
        perform forge.refuse(place, kind, format('is finer than %s decimals', digits));
    end if;
    return lpad(year::text, 4, '0') || '-' || lpad(month::text, 2, '0') || '-' || lpad(day::text, 2, '0')
        || 'T' || lpad((minutes / 60)::text, 2, '0') || ':' || lpad((minutes % 60)::text, 2, '0') || ':' || part[6]
        || '.' || rpad(left(fraction, digits), digits, '0') || 'Z';
end $fn$;

-- The canonical text of a value; place only serves the error message.
create or replace function forge.canonical(kind text, value text, place text default 'key') returns text
language plpgsql immutable parallel safe as $fn$
begin
    if kind is null or kind not in ('email', 'sku', 'text', 'int', 'dec', 'bool', 'uuid', 'ts3', 'ts6') then
        perform forge.refuse(place, null, 'has an unknown kind');
    end if;
    if value is null then perform forge.refuse(place, kind, 'is not text'); end if;
    case kind
        when 'email' then return forge.canonical_email(value, place);
        when 'sku'   then return forge.canonical_sku(value, place);
        when 'text'  then return forge.canonical_text(value, place);
        when 'int'   then return forge.canonical_int(value, place);
        when 'dec'   then return forge.canonical_dec(value, place);
        when 'bool'  then return forge.canonical_bool(value, place);
        when 'uuid'  then return forge.canonical_uuid(value, place);
        else              return forge.canonical_timestamp(value, place, kind);
    end case;
end $fn$;

-- Exactly the 36-character form, either case.
create or replace function forge.parse_uuid(value text) returns uuid
language sql immutable parallel safe
return forge.canonical('uuid', value, 'uuid')::uuid;

-- Records ------------------------------------------------------------------------------------------------
-- A record is jsonb in the shape {"fields": [[name, value], ...]}, a value {"kind": ..., "value": ...}, a
-- list an array. Build it with these functions. Fields are pairs and not members of an object because
-- jsonb drops duplicate members, which must be seen and refused.

create or replace function forge.value(kind text, value text) returns jsonb
language sql immutable parallel safe
return jsonb_build_object('kind', kind, 'value', value);

create or replace function forge.field(name text, kind text, value text) returns jsonb
language sql immutable parallel safe
return jsonb_build_array(name, forge.value(kind, value));

-- A field whose value is a list or a nested record.
create or replace function forge.field(name text, value jsonb) returns jsonb
language sql immutable parallel safe
return jsonb_build_array(name, value);

-- Of values, lists and records; may be empty.
create or replace function forge.list(variadic items jsonb[] default '{}') returns jsonb
language sql immutable parallel safe
return to_jsonb(items);

create or replace function forge.record(variadic fields jsonb[]) returns jsonb
language sql immutable parallel safe
return jsonb_build_object('fields', fields);

-- RFC 8785 JSON in which every leaf is a string.
create or replace function forge.render(node jsonb, path text, depth int) returns text
language plpgsql immutable parallel safe as $fn$
declare
    max_depth constant int := 8;  -- of a record; the outer record is level 1
    place     text := case when path = '' then 'key' else 'field ' || path end;
    kind      text;
    fields    jsonb;
    prefix    text;
    twice     text;
begin
    if jsonb_typeof(node) = 'object' and node ?| array['kind', 'value'] and not node ? 'fields' then
        kind := forge.jsonb_text(node -> 'kind');
        -- The kind stands in the leaf, so that services which disagree on a kind disagree on every ID.
        -- Of the characters that JSON escapes, only these two can occur: every kind refuses controls.
        return '"' || kind || ':'
            || replace(replace(forge.canonical(kind, forge.jsonb_text(node -> 'value'), place), '\', '\\'), '"', '\"')
            || '"';
    end if;
    if depth > max_depth then
        perform forge.refuse(place, null, format('is nested deeper than %s levels', max_depth));
    end if;

    if jsonb_typeof(node) = 'array' then
        return '[' || coalesce((
            select string_agg(forge.render(i.item, format('%s[%s]', path, i.n - 1), depth + 1), ',' order by i.n)
            from jsonb_array_elements(node) with ordinality as i (item, n)), '') || ']';
    end if;

    if jsonb_typeof(node) is distinct from 'object' or not node ? 'fields' or node ?| array['kind', 'value'] then
        perform forge.refuse(place, null, 'is not a value, a list or a record');
    end if;
    fields := node -> 'fields';
    if jsonb_typeof(fields) <> 'array' then
        perform forge.refuse(place, null, 'has fields that are not [name, value] pairs');
    end if;
    if exists (
            select from jsonb_array_elements(fields) as f (pair)
            where jsonb_typeof(f.pair) <> 'array' or jsonb_array_length(f.pair) <> 2) then
        perform forge.refuse(place, null, 'has fields that are not [name, value] pairs');
    end if;
    if fields = '[]' then perform forge.refuse(place, null, 'must have at least one field'); end if;
    perform forge.check_field_name(forge.jsonb_text(f.pair -> 0), place) from jsonb_array_elements(fields) as f (pair);
    prefix := case when path = '' then '' else path || '.' end;
    select prefix || (f.pair ->> 0) into twice
    from jsonb_array_elements(fields) as f (pair) group by f.pair ->> 0 having count(*) > 1 limit 1;
    if found then perform forge.refuse('field ' || twice, null, 'appears twice'); end if;
    -- Collation "C" is the order of the bytes; another collation may disagree on "_" and on digits.
    return '{' || (
        select string_agg(format('"%s":%s', f.pair ->> 0, forge.render(f.pair -> 1, prefix || (f.pair ->> 0), depth + 1)),
                          ',' order by (f.pair ->> 0) collate "C")
        from jsonb_array_elements(fields) as f (pair)) || '}';
end $fn$;

-- The text in a jsonb string; null for anything else.
create or replace function forge.jsonb_text(node jsonb) returns text
language sql immutable parallel safe
return case jsonb_typeof(node) when 'string' then node #>> '{}' end;

create or replace function forge.check_field_name(name text, place text) returns void
language plpgsql immutable parallel safe as $fn$
begin
    if name is null then perform forge.refuse(place, null, 'has a field name that is not text'); end if;
    if name = '' then perform forge.refuse(place, null, 'has an empty field name'); end if;
    perform forge.blame(place, null, substring(name collate "C" from '^[^a-z]'), 'has a field name that starts with U+');
    perform forge.blame(place, null, substring(name collate "C" from '[^a-z0-9_]'), 'has a field name with U+');
    if length(name) > 64 then perform forge.refuse(place, null, 'has a field name longer than 64 characters'); end if;
end $fn$;

-- The name of a record: the text that is hashed. For tests and for looking into a difference.
create or replace function forge.record_name(entity text, record jsonb) returns text
language plpgsql immutable parallel safe as $fn$
begin
    if jsonb_typeof(record) is distinct from 'object' or not record ? 'fields' then
        perform forge.refuse('key', null, 'is neither a value nor a record');
    end if;
    return '["forge:1","' || entity || '",' || forge.render(record, '', 1) || ']';
end $fn$;

-- IDs: from a domain to 16 bytes -----------------------------------------------------------------------------

-- A digest's first 16 bytes with version and the variant of RFC 9562; network order, as uuid has it.
create or replace function forge.uuid_from(digest bytea, version int) returns uuid
language sql immutable strict parallel safe
return encode(set_byte(set_byte(substr(digest, 1, 16),
        6, (get_byte(digest, 6) & 15) | (version << 4)),
        8, (get_byte(digest, 8) & 63) | 128), 'hex')::uuid;

-- UUIDv5, RFC 9562 section 5.5. The name's bytes are taken as they are.
create or replace function forge.v5(namespace uuid, name bytea) returns uuid
language sql immutable strict parallel safe
return forge.uuid_from(forge.sha1(uuid_send(namespace) || name), 5);

-- UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2.
create or replace function forge.v8_sha256(namespace uuid, name bytea) returns uuid
language sql immutable strict parallel safe
return forge.uuid_from(sha256(uuid_send(namespace) || name), 8);

-- UUIDv8 from HMAC-SHA-256: nobody without the secret can derive, guess or confirm it.
create or replace function forge.v8_hmac_sha256(namespace uuid, name bytea, secret bytea) returns uuid
language plpgsql immutable parallel safe as $fn$
begin
    if secret is null or secret = '' then perform forge.refuse('secret', null, 'is missing'); end if;
    if octet_length(secret) < 16 then perform forge.refuse('secret', null, 'is shorter than 16 bytes'); end if;
    return forge.uuid_from(forge.hmac_sha256(uuid_send(namespace) || name, secret), 8);
end $fn$;

-- The namespace of an entity type: UUIDv5(UUIDv5(DNS, domain), entity).
create or replace function forge.namespace(domain text, entity text) returns uuid
language plpgsql immutable parallel safe as $fn$
declare
    dns constant uuid := '6ba7b810-9dad-11d1-80b4-00c04fd430c8';  -- RFC 9562, section 6.6
begin
    if domain is null then perform forge.refuse('domain', null, 'is not text'); end if;
    if domain = '' then perform forge.refuse('domain', null, 'is empty'); end if;
    perform forge.blame('domain', null, substring(domain collate "C" from '[^A-Za-z0-9.-]'));
    if forge.has_empty_part(domain) then perform forge.refuse('domain', null, 'has an empty part'); end if;
    if length(domain) > 253 then perform forge.refuse('domain', null, 'is longer than 253 characters'); end if;

    if entity is null then perform forge.refuse('entity', null, 'is not text'); end if;
    if entity = '' then perform forge.refuse('entity', null, 'is empty'); end if;
    perform forge.blame('entity', null, substring(entity collate "C" from '^[^a-z]'), 'must not start with U+');
    perform forge.blame('entity', null, substring(entity collate "C" from '[^a-z0-9_.-]'));
    if length(entity) > 64 then perform forge.refuse('entity', null, 'is longer than 64 characters'); end if;

    return forge.v5(forge.v5(dns, convert_to(lower(domain collate "C"), 'UTF8')), convert_to(entity, 'UTF8'));
end $fn$;

-- Which algorithm an entity type uses is part of its declaration: never change it later.
create or replace function forge.check_algorithm(algorithm text, secret bytea) returns void
language plpgsql immutable parallel safe as $fn$
begin
    if algorithm is null or algorithm not in ('v5', 'v8-sha256', 'v8-hmac-sha256') then
        perform forge.refuse('algorithm', null, 'is not one of v5, v8-sha256, v8-hmac-sha256');
    end if;
    if algorithm = 'v8-hmac-sha256' then
        if coalesce(secret, '') = '' then perform forge.refuse('secret', null, 'is missing'); end if;
        if octet_length(secret) < 16 then perform forge.refuse('secret', null, 'is shorter than 16 bytes'); end if;
    elsif secret is not null then
        -- Whoever passes a secret expects IDs that nobody can guess; these would not be.
        perform forge.refuse('secret', null, 'is only used by v8-hmac-sha256');
    end if;
end $fn$;

create or replace function forge.derive(namespace uuid, name text, algorithm text, secret bytea) returns uuid
language plpgsql immutable parallel safe as $fn$
begin
    case algorithm
        when 'v5'        then return forge.v5(namespace, convert_to(name, 'UTF8'));
        when 'v8-sha256' then return forge.v8_sha256(namespace, convert_to(name, 'UTF8'));
        else                  return forge.v8_hmac_sha256(namespace, convert_to(name, 'UTF8'), secret);
    end case;
end $fn$;

-- The ID of an entity whose key is one value (plain form: the name is the canonical text itself). The
-- secret is the bytes of a text, untrimmed: convert_to('...', 'UTF8'). Without one, HMAC IDs are refused.
create or replace function forge.id(domain text, entity text, kind text, value text,
                                    algorithm text default 'v5', secret bytea default null) returns uuid
language plpgsql immutable parallel safe as $fn$
declare
    namespace uuid := forge.namespace(domain, entity);
begin
    perform forge.check_algorithm(algorithm, secret);
    return forge.derive(namespace, forge.canonical(kind, value), algorithm, secret);
end $fn$;

-- The ID of an entity whose key is a record.
create or replace function forge.record_id(domain text, entity text, record jsonb,
                                           algorithm text default 'v5', secret bytea default null) returns uuid
language plpgsql immutable parallel safe as $fn$
declare
    namespace uuid := forge.namespace(domain, entity);
begin
    perform forge.check_algorithm(algorithm, secret);
    return forge.derive(namespace, forge.record_name(entity, record), algorithm, secret);
end $fn$;
