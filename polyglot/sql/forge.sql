-- Forge ID, version 1 ("forge:1"): the same 16 bytes for the same thing, in every language.
--
-- For PostgreSQL 15 or newer with a UTF-8 database; needs pgcrypto, which comes with PostgreSQL. Run this
-- file unchanged, any number of times (psql -f forge.sql), or install it as the extension forge_id: it creates
-- the schema forge and its functions.
--
--   select forge.id('forgeshop.example', 'users', 'email', 'Ada@Example.COM');
--   select forge.record_id('forgeshop.example', 'orders', forge.record(
--            forge.field('user', 'uuid', user_id::text), forge.field('reference', 'text', reference)));
--
-- domain -> namespace of the entity type -> key -> name -> ID; the file reads in the order errors, values,
-- records, IDs. All functions are immutable: they may stand in generated columns and in indexes.
--
-- All rules follow one principle: a step that rewrites a key (trimming, changing case) touches
-- ASCII only, so that it is the same in every language; whatever else could make two equal-looking keys
-- differ is refused with an error and never repaired. So no lower() without collation "C" (it follows the
-- database's collation), no btrim() without a list (it takes U+0020 only), no timestamptz (it rounds, and
-- reads with the session's settings) and no ::uuid (it takes braces and misplaced hyphens) judge any text
-- below; regular expressions run with collation "C" too.
--
-- A refusal is an exception with SQLSTATE 22023. It names the field, the kind, the reason and the code
-- point that was refused, but never the value: "field user.email (email): Character: U+00E9 is not allowed there".
-- The reasons are the same words in every language, and so is which one of several mistakes is named: the
-- first. They are Missing, Empty, TooLong, Character, Edge, Form, TooManyDigits, Range, TooPrecise, FieldName,
-- DuplicateField, NoFields, TooDeep, WrongKind and WrongShape; Configuration where not a key but the domain,
-- entity type, algorithm or secret is refused. (The server's own log may show whole statements: pass keys and
-- secrets as parameters, and mind log_statement and log_parameter_max_length.) NULL is refused like any
-- other wrong value: a missing field makes another type of record. Lone surrogates and U+0000, which other
-- languages have to refuse, cannot exist in PostgreSQL's text.

create schema if not exists forge;

do $do$
begin
    -- The script of an extension, as which this file is installed as well, must not create another one.
    if not exists (select from pg_extension where extname = 'pgcrypto') then create extension pgcrypto; end if;
end $do$;

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

drop function if exists forge.refuse(text, text, text);  -- of older versions of this file, as the next two
drop function if exists forge.blame(text, text, text, text);
drop function if exists forge.has_empty_part(text);

create or replace function forge.refuse(place text, kind text, reason text, detail text) returns void
language plpgsql immutable parallel safe as $fn$
begin
    raise exception using errcode = 'invalid_parameter_value',
        message = place || coalesce(' (' || kind || ')', '') || ': ' || reason || ': ' || detail;
end $fn$;

-- Refuses with a detail such as "U+00E9 is not allowed there", if one character is the cause.
create or replace function forge.blame(place text, kind text, "character" text, reason text default 'Character',
                                       detail text default 'U+ is not allowed there') returns void
language plpgsql immutable parallel safe as $fn$
declare
    hex text := upper(to_hex(ascii("character")));  -- ascii() is the code point, in a UTF-8 database
begin
    if "character" <> '' then
        perform forge.refuse(place, kind, reason, replace(detail, 'U+', 'U+' || lpad(hex, greatest(4, length(hex)), '0')));
    end if;
end $fn$;

-- For a value that begins as a valid one could: refuses the next character, or the early end.
create or replace function forge.stop(place text, kind text, value text, beginning text, detail text) returns void
language plpgsql immutable parallel safe as $fn$
begin
    perform forge.blame(place, kind, substr(value, length(beginning) + 1, 1));
    perform forge.refuse(place, kind, 'Form', detail);
end $fn$;

-- Checked before the characters of a value, so that every language reports the same one of two errors.
create or replace function forge.check_length(place text, kind text, value text, most int) returns void
language plpgsql immutable parallel safe as $fn$
begin
    if octet_length(value) > most then
        perform forge.refuse(place, kind, 'TooLong', format('is longer than %s bytes', most));
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
    value text := forge.strip(input);
begin
    perform forge.check_length(place, 'email', value, 254);
    if value collate "C" !~ $re$^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$$re$ then
        -- Matches the longest beginning of a valid value; its length is the index of the wrong character.
        perform forge.stop(place, 'email', value, substring(value collate "C" from
            $re$^(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+(?:@(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]*)?)?$re$),
            'is not of the form local@domain');
    end if;
    return lower(value collate "C");
end $fn$;

create or replace function forge.canonical_sku(input text, place text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    value text := forge.strip(input);
begin
    perform forge.check_length(place, 'sku', value, 64);
    perform forge.blame(place, 'sku', substring(value collate "C" from '[^!-~]'));
    return upper(value collate "C");
end $fn$;

-- Refused is what is invisible, or able to make one text look like another, or impossible in some
-- language: controls, soft hyphen, zero-width and bidirectional marks, line separators, noncharacters.
-- Letters and accents are not changed: é in one and é in two code points are two keys.
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
    perform forge.check_length(place, 'text', value, 1024);
    perform forge.blame(place, 'text', substring(left(value, 1) collate "C" from space), 'Edge', 'must not start with U+');
    perform forge.blame(place, 'text', substring(value collate "C" from refused));
    perform forge.blame(place, 'text', substring(right(value, 1) collate "C" from space), 'Edge', 'must not end with U+');
    return value;
end $fn$;

create or replace function forge.canonical_int(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    digits text := case when left(value, 1) = '-' then substr(value, 2) else value end;
begin
    if octet_length(digits) > 38 then perform forge.refuse(place, 'int', 'TooLong', 'has more than 38 digits'); end if;
    if digits = '' or left(digits, 1) = '0' and value <> '0' then  -- -0 would be a second name of 0
        perform forge.refuse(place, 'int', 'Form', 'is not a whole number without leading zeros');
    end if;
    perform forge.blame(place, 'int', substring(digits collate "C" from '[^0-9]'));
    return value;
end $fn$;

create or replace function forge.canonical_dec(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    digits   text := ltrim(value, '-');
    whole    text := ltrim(split_part(digits, '.', 1), '0');
    fraction text := rtrim(split_part(digits, '.', 2), '0');
begin
    if value collate "C" !~ '^-?[0-9]+(\.[0-9]+)?$' then
        perform forge.stop(place, 'dec', value, substring(value collate "C" from '^-?(?:[0-9]+(?:\.[0-9]*)?)?'),
                           'is not a decimal number such as -12.5');
    end if;
    if length(whole) + length(fraction) > 28 then
        perform forge.refuse(place, 'dec', 'TooManyDigits', 'has more than 28 digits');
    end if;
    if whole = '' and fraction = '' then return '0'; end if;  -- and so is -0
    return case when left(value, 1) = '-' then '-' else '' end
        || case when whole = '' then '0' else whole end
        || case when fraction = '' then '' else '.' || fraction end;
end $fn$;

create or replace function forge.canonical_bool(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
begin
    if value not in ('true', 'false') then
        perform forge.refuse(place, 'bool', 'Form', 'is neither true nor false');
    end if;
    return value;
end $fn$;

create or replace function forge.canonical_uuid(value text, place text) returns text
language plpgsql immutable parallel safe as $fn$
begin
    if value collate "C" !~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$' then
        perform forge.refuse(place, 'uuid', 'Form', 'is not a UUID of 36 characters');
    end if;
    return lower(value collate "C");
end $fn$;

-- Returns the longest beginning of a value that matches shape, where 0 is any digit.
create or replace function forge.fitting(value text, shape text) returns text
language plpgsql immutable strict parallel safe as $fn$
declare
    plain text := translate(value, '123456789', '000000000');
begin
    for size in reverse length(shape)..1 loop
        if left(plain, size) = left(shape, size) then return left(value, size); end if;
    end loop;
    return '';
end $fn$;

create or replace function forge.canonical_timestamp(value text, place text, kind text) returns text
language plpgsql immutable parallel safe as $fn$
declare
    form   constant text := 'is not a time such as 2024-01-15T10:30:00Z';
    digits constant int := case kind when 'ts3' then 3 else 6 end;
    beginning       text := forge.fitting(value, '0000-00-00T00:00:00');
    zone            text;
    "offset"        int := 0;
    fraction        text := '';
    year            int;
    month           int;
    day             int;
    minutes         int;  -- of the day
begin
    if length(beginning) < 19 then perform forge.stop(place, kind, value, beginning, form); end if;
    if substr(value, 20, 1) = '.' then
        fraction := substring(substr(value, 21) collate "C" from '^[0-9]*');
        if length(fraction) not between 1 and 9 then perform forge.refuse(place, kind, 'Form', form); end if;
        beginning := left(value, 20 + length(fraction));
    end if;

    zone := substr(value, length(beginning) + 1);
    if left(zone, 1) = 'Z' then
        beginning := beginning || 'Z';
    elsif left(zone, 1) in ('+', '-') then
        beginning := beginning || left(zone, 1) || forge.fitting(substr(zone, 2), '00:00');
        zone := right(beginning, length(zone) - length(value));  -- without what came before it
        if length(zone) < 6 then perform forge.stop(place, kind, value, beginning, form); end if;
        "offset" := substr(zone, 2, 2)::int * 60 + substr(zone, 5, 2)::int;
        if substr(zone, 5, 2)::int > 59 or "offset" > 14 * 60 then
            perform forge.refuse(place, kind, 'Range', 'has an offset outside -14:00 to +14:00');
        end if;
        if left(zone, 1) = '-' then
            if "offset" = 0 then
                perform forge.refuse(place, kind, 'Range', 'has the offset -00:00, which means unknown');
            end if;
            "offset" := -"offset";
        end if;
    else
        perform forge.stop(place, kind, value, beginning, form);
    end if;
    perform forge.blame(place, kind, substr(value, length(beginning) + 1, 1));

    if rtrim(substr(fraction, digits + 1), '0') <> '' then
        perform forge.refuse(place, kind, 'TooPrecise', format('is finer than %s decimals', digits));
    end if;

    year := substr(value, 1, 4)::int;
    month := substr(value, 6, 2)::int;
    day := substr(value, 9, 2)::int;
    if month not between 1 and 12 or day not between 1 and forge.days_in(year, month) then
        perform forge.refuse(place, kind, 'Range', 'has a date that does not exist');
    end if;
    if substr(value, 12, 2)::int > 23 or substr(value, 15, 2)::int > 59 or substr(value, 18, 2)::int > 59 then
        perform forge.refuse(place, kind, 'Range', 'has a time of day that does not exist');
    end if;
    -- Subtracting the offset makes it UTC.
    minutes := substr(value, 12, 2)::int * 60 + substr(value, 15, 2)::int - "offset";
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
        perform forge.refuse(place, kind, 'Range', 'is outside the years 0001 to 9999 in UTC');
    end if;
    return lpad(year::text, 4, '0') || '-' || lpad(month::text, 2, '0') || '-' || lpad(day::text, 2, '0')
        || 'T' || lpad((minutes / 60)::text, 2, '0') || ':' || lpad((minutes % 60)::text, 2, '0') || ':' || substr(value, 18, 2)
        || '.' || rpad(left(fraction, digits), digits, '0') || 'Z';
end $fn$;

-- The canonical text of a value; place is for the error message only.
create or replace function forge.canonical(kind text, value text, place text default 'key') returns text
language plpgsql immutable parallel safe as $fn$
begin
    if value is null then perform forge.refuse(place, null, 'Missing', 'is null'); end if;
    if kind is null or kind not in ('email', 'sku', 'text', 'int', 'dec', 'bool', 'uuid', 'ts3', 'ts6') then
        perform forge.refuse(place, null, 'WrongKind', 'has an unknown kind');
    end if;
    if (case when kind in ('email', 'sku') then forge.strip(value) else value end) = '' then
        perform forge.refuse(place, kind, 'Empty', 'is empty');
    end if;
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
-- jsonb drops duplicate members, which must be detected and refused.

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
    name      text;
    value     jsonb;
    names     text[] := '{}';
    rendered  text[] := '{}';
    prefix    text := case when path = '' then '' else path || '.' end;
begin
    if jsonb_typeof(node) = 'object' and node ?| array['kind', 'value'] and not node ? 'fields' then
        kind := forge.jsonb_text(node -> 'kind');
        -- The leaf contains the kind, so that services which disagree on a kind disagree on every ID.
        -- Of the characters that JSON escapes, only these two can occur: every kind refuses controls.
        return '"' || kind || ':'
            || replace(replace(forge.canonical(kind, forge.jsonb_text(node -> 'value'), place), '\', '\\'), '"', '\"')
            || '"';
    end if;
    if coalesce(jsonb_typeof(node), 'null') = 'null' then perform forge.refuse(place, null, 'Missing', 'is null'); end if;
    if depth > max_depth then
        perform forge.refuse(place, null, 'TooDeep', format('is nested deeper than %s levels', max_depth));
    end if;

    if jsonb_typeof(node) = 'array' then
        return '[' || coalesce((
            select string_agg(forge.render(i.item, format('%s[%s]', path, i.n - 1), depth + 1), ',' order by i.n)
            from jsonb_array_elements(node) with ordinality as i (item, n)), '') || ']';
    end if;

    if jsonb_typeof(node) is distinct from 'object' or not node ? 'fields' or node ?| array['kind', 'value'] then
        perform forge.refuse(place, null, 'WrongShape', 'is not a value, a list or a record');
    end if;
    if jsonb_typeof(node -> 'fields') <> 'array' then
        perform forge.refuse(place, null, 'WrongShape', 'has fields that are not [name, value] pairs');
    end if;
    if exists (
            select from jsonb_array_elements(node -> 'fields') as f (pair)
            where jsonb_typeof(f.pair) <> 'array' or jsonb_array_length(f.pair) <> 2) then
        perform forge.refuse(place, null, 'WrongShape', 'has fields that are not [name, value] pairs');
    end if;
    -- A loop, because a query does not define the order of its function calls, and the first error must be reported.
    for name, value in
        select forge.jsonb_text(f.pair -> 0), f.pair -> 1
        from jsonb_array_elements(node -> 'fields') with ordinality as f (pair, n) order by f.n
    loop
        perform forge.check_field_name(name, place);
        names := names || name;
        rendered := rendered || format('"%s":%s', name, forge.render(value, prefix || name, depth + 1));
    end loop;
    if names = '{}' then perform forge.refuse(place, null, 'NoFields', 'must have at least one field'); end if;
    -- Collation "C" is the order of the bytes; another collation may disagree on "_" and on digits.
    select min(n collate "C") into name
    from (select n from unnest(names) as n group by n having count(*) > 1) as twice (n);
    if name is not null then
        perform forge.refuse('field ' || prefix || name, null, 'DuplicateField', 'appears twice');
    end if;
    return '{' || (
        select string_agg(f.field, ',' order by f.name collate "C") from unnest(names, rendered) as f (name, field)) || '}';
end $fn$;

-- The text in a jsonb string; null for anything else.
create or replace function forge.jsonb_text(node jsonb) returns text
language sql immutable parallel safe
return case jsonb_typeof(node) when 'string' then node #>> '{}' end;

create or replace function forge.check_field_name(name text, place text) returns void
language plpgsql immutable parallel safe as $fn$
begin
    if name is null then
        perform forge.refuse(place, null, 'FieldName', 'has a field name that is not text');
    end if;
    perform forge.blame(place, null, substring(name collate "C" from '^[^a-z]|[^a-z0-9_]'), 'FieldName', 'has a field name with U+');
    if length(name) not between 1 and 64 then
        perform forge.refuse(place, null, 'FieldName', 'has a field name that is not 1 to 64 characters long');
    end if;
end $fn$;

-- The name of a record: the text that is hashed. For tests and for the analysis of differences.
create or replace function forge.record_name(entity text, record jsonb) returns text
language plpgsql immutable parallel safe as $fn$
begin
    if coalesce(jsonb_typeof(record), 'null') = 'null' then perform forge.refuse('key', null, 'Missing', 'is null'); end if;
    if jsonb_typeof(record) is distinct from 'object' or not record ? 'fields' then
        perform forge.refuse('key', null, 'WrongShape', 'is neither a value nor a record');
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

-- UUIDv8 from HMAC-SHA-256: without the secret an ID cannot be derived, guessed or confirmed.
create or replace function forge.v8_hmac_sha256(namespace uuid, name bytea, secret bytea) returns uuid
language plpgsql immutable parallel safe as $fn$
begin
    if secret is null or secret = '' then perform forge.refuse('secret', null, 'Configuration', 'is missing'); end if;
    if octet_length(secret) < 16 then perform forge.refuse('secret', null, 'Configuration', 'is shorter than 16 bytes'); end if;
    return forge.uuid_from(forge.hmac_sha256(uuid_send(namespace) || name, secret), 8);
end $fn$;

create or replace function forge.root(domain text) returns uuid
language plpgsql immutable parallel safe as $fn$
declare
    dns constant uuid := '6ba7b810-9dad-11d1-80b4-00c04fd430c8';  -- RFC 9562, section 6.6
begin
    if domain is null then perform forge.refuse('domain', null, 'Configuration', 'is not text'); end if;
    -- Characters before length: the counted text is then ASCII, and all languages count alike.
    perform forge.blame('domain', null, left(substring(domain collate "C" from '[^A-Za-z0-9.-]|(?:^|\.)\.'), 1), 'Configuration');
    if length(domain) not between 1 and 253 then
        perform forge.refuse('domain', null, 'Configuration', 'is not 1 to 253 characters long');
    end if;
    if right(domain, 1) = '.' then perform forge.refuse('domain', null, 'Configuration', 'ends with a dot'); end if;
    return forge.v5(dns, convert_to(lower(domain collate "C"), 'UTF8'));
end $fn$;

-- The namespace of an entity type: UUIDv5(UUIDv5(DNS, domain), entity).
create or replace function forge.namespace(domain text, entity text) returns uuid
language plpgsql immutable parallel safe as $fn$
declare
    root uuid := forge.root(domain);
begin
    if entity is null then perform forge.refuse('entity', null, 'Configuration', 'is not text'); end if;
    perform forge.blame('entity', null, substring(entity collate "C" from '^[^a-z]|[^a-z0-9_.-]'), 'Configuration');
    if length(entity) not between 1 and 64 then
        perform forge.refuse('entity', null, 'Configuration', 'is not 1 to 64 characters long');
    end if;
    return forge.v5(root, convert_to(entity, 'UTF8'));
end $fn$;

-- Which algorithm an entity type uses is part of its declaration: never change it later.
create or replace function forge.check_algorithm(algorithm text, secret bytea) returns void
language plpgsql immutable parallel safe as $fn$
begin
    if algorithm is null or algorithm not in ('v5', 'v8-sha256', 'v8-hmac-sha256') then
        perform forge.refuse('algorithm', null, 'Configuration', 'is not one of v5, v8-sha256, v8-hmac-sha256');
    end if;
    if algorithm = 'v8-hmac-sha256' then
        if coalesce(secret, '') = '' then perform forge.refuse('secret', null, 'Configuration', 'is missing'); end if;
        if octet_length(secret) < 16 then perform forge.refuse('secret', null, 'Configuration', 'is shorter than 16 bytes'); end if;
    elsif secret is not null then
        -- The caller of a secret expects IDs that cannot be guessed; these can.
        perform forge.refuse('secret', null, 'Configuration', 'is only used by v8-hmac-sha256');
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
    namespace uuid;
begin
    perform forge.root(domain);
    perform forge.check_algorithm(algorithm, secret);
    namespace := forge.namespace(domain, entity);
    return forge.derive(namespace, forge.canonical(kind, value), algorithm, secret);
end $fn$;

-- The ID of an entity whose key is a record.
create or replace function forge.record_id(domain text, entity text, record jsonb,
                                           algorithm text default 'v5', secret bytea default null) returns uuid
language plpgsql immutable parallel safe as $fn$
declare
    namespace uuid;
begin
    perform forge.root(domain);
    perform forge.check_algorithm(algorithm, secret);
    namespace := forge.namespace(domain, entity);
    return forge.derive(namespace, forge.record_name(entity, record), algorithm, secret);
end $fn$;

-- Documentation: \df+ forge.* ---------------------------------------------------------------------------------

comment on schema forge is 'Forge IDs: name-based UUIDs (RFC 9562) of natural keys, the same 16 bytes in every language';
comment on function forge.id(text, text, text, text, text, bytea) is
    'Returns the ID of an entity whose key is one value: domain, entity type, kind, value, algorithm, secret';
comment on function forge.record_id(text, text, jsonb, text, bytea) is
    'Returns the ID of an entity whose key is a record (forge.record): domain, entity type, record, algorithm, secret';
comment on function forge.record(jsonb[]) is 'Returns a record of fields (forge.field)';
comment on function forge.field(text, text, text) is 'Returns a field with a value: name, kind, value';
comment on function forge.field(text, jsonb) is 'Returns a field with a list (forge.list) or a nested record';
comment on function forge.list(jsonb[]) is 'Returns a list of values (forge.value), lists and records; it may be empty';
comment on function forge.value(text, text) is
    'Returns a value for a list: kind (email, sku, text, int, dec, bool, uuid, ts3, ts6), value';
comment on function forge.canonical(text, text, text) is
    'Returns the canonical text of a value: kind, value, its place for the error message';
comment on function forge.parse_uuid(text) is 'Returns a UUID of exactly 36 characters, in either case';
comment on function forge.namespace(text, text) is 'Returns the namespace of an entity type: domain, entity type';
comment on function forge.record_name(text, jsonb) is
    'Returns the text that is hashed, for tests and for the analysis of differences; may be personal data';
comment on function forge.v5(uuid, bytea) is 'Returns a UUIDv5, RFC 9562 section 5.5; the name is taken as it is';
comment on function forge.v8_sha256(uuid, bytea) is 'Returns a UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2';
comment on function forge.v8_hmac_sha256(uuid, bytea, bytea) is 'Returns a UUIDv8 from HMAC-SHA-256: namespace, name, secret';
