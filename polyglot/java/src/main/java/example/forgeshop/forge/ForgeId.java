package example.forgeshop.forge;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Forge ID, version 1 ("forge:1"): the same 16 bytes for the same thing, in every language.
 *
 * <p>It needs Java 17 and nothing else.
 *
 * <pre>{@code
 * ForgeId.Forge forge = ForgeId.domain("forgeshop.example");
 * UUID userId  = forge.entity("users").id(ForgeId.email("Ada@Example.COM"));
 * UUID orderId = forge.entity("orders").id(ForgeId.record()
 *     .field("user", ForgeId.uuid(userId)).field("reference", ForgeId.text("r-1")));
 * }</pre>
 *
 * <p>domain -> namespace of the entity type -> key -> name -> ID; the file reads in the order value,
 * record, name, ID.
 *
 * <p>All rules follow one principle: a step that rewrites a key (trimming, changing case)
 * touches ASCII only, so that it is the same in every language; whatever else could make two
 * equal-looking keys differ is refused with an error and never repaired. That is why trim(), strip(),
 * toLowerCase(), Normalizer, Instant.parse() and UUID.fromString() do not judge any text below: each of
 * them gives another answer in another language, or accepts more than it should.
 *
 * <p>A refusal is a {@link Refused}. It names the field, the kind, the reason and the refused code
 * point, but never the value: a key may be personal data, and error messages end up in logs. The reasons
 * are the same words in every language, and so is which one of several mistakes is named: the first.
 */
public final class ForgeId {
    private ForgeId() {}

    private static final int MAX_DEPTH = 8; // of a record; the outer record is level 1
    private static final int MIN_SECRET_BYTES = 16;
    private static final UUID DNS_NAMESPACE = UUID.fromString("6ba7b810-9dad-11d1-80b4-00c04fd430c8"); // RFC 9562, 6.6

    /**
     * A refusal; {@code where} is the field or the argument, {@code codePoint} the refused character or -1.
     * {@code reason} is a stable word: Missing, Empty, TooLong, Character, Edge, LoneSurrogate, Form,
     * TooManyDigits, Range, TooPrecise, FieldName, DuplicateField, NoFields, TooDeep, WrongKind or WrongShape;
     * Configuration where not a key but the domain, entity type, algorithm or secret is refused.
     * {@code detail} is for people.
     */
    public static final class Refused extends IllegalArgumentException {
        private static final long serialVersionUID = 2;
        /** The field or the argument. */
        public final String where;
        /** The kind of the value; null if the refusal is not about a value. */
        public final String kind;
        /** A stable word. */
        public final String reason;
        /** For people; not stable. */
        public final String detail;
        /** The refused character, or -1. */
        public final int codePoint;

        /** Creates a refusal. */
        public Refused(String where, String kind, String reason, String detail, int codePoint) {
            super((kind == null ? where : where + " (" + kind + ")") + ": " + reason + ": " + detail);
            this.where = where;
            this.kind = kind;
            this.reason = reason;
            this.detail = detail;
            this.codePoint = codePoint;
        }
    }

    private static Refused refused(String where, String kind, String reason, String detail) {
        return new Refused(where, kind, reason, detail, -1);
    }

    private static Refused missing(String where) { return refused(where, null, "Missing", "is null"); }

    private static Refused misconfigured(String where, String detail) {
        return refused(where, null, "Configuration", detail);
    }

    /** With a detail such as "U+00E9 is not allowed there". */
    private static Refused blamed(String where, String kind, int codePoint, String reason, String detail) {
        return new Refused(where, kind, reason, detail.replace("U+", String.format("U+%04X", codePoint)), codePoint);
    }

    private static Refused blamed(String where, String kind, int codePoint) {
        return blamed(where, kind, codePoint, isSurrogate(codePoint) ? "LoneSurrogate" : "Character", NOT_ALLOWED);
    }

    private static final String NOT_ALLOWED = "U+ is not allowed there";

    /** The position of the first character that is not allowed, or -1. By code point: a Java char may be half of one. */
    private static int firstWrong(IntPredicate allowed, String value) {
        for (int i = 0; i < value.length(); ) {
            int codePoint = value.codePointAt(i); // of a lone surrogate: the surrogate itself
            if (!allowed.test(codePoint)) return i;
            i += Character.charCount(codePoint);
        }
        return -1;
    }

    private static void allow(String where, String kind, IntPredicate allowed, String value) {
        int wrong = firstWrong(allowed, value);
        if (wrong >= 0) throw blamed(where, kind, value.codePointAt(wrong));
    }

    /** For a value whose first {@code at} chars could begin a valid one: refuses the next one, or the early end. */
    private static Refused stopped(String where, String kind, String value, int at, String detail) {
        return at < value.length() ? blamed(where, kind, value.codePointAt(at)) : refused(where, kind, "Form", detail);
    }

    private static int matchingLength(Pattern beginning, String value) {
        Matcher match = beginning.matcher(value);
        return match.lookingAt() ? match.end() : 0;
    }

    /** In UTF-8, of which getBytes would write "?" for a lone surrogate. */
    private static long bytesOf(String value) {
        return value.codePoints().mapToLong(c -> c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4).sum();
    }

    /** Checked before the characters of a value, so that every language reports the same one of two errors. */
    private static void limit(String where, String kind, String value, int most) {
        if (bytesOf(value) > most) throw refused(where, kind, "TooLong", "is longer than " + most + " bytes");
    }

    // Character.isLetter, isDigit and similar methods cover all of Unicode and grow with each version of Java.
    private static boolean isDigit(int c) { return c >= '0' && c <= '9'; }
    private static boolean isLower(int c) { return c >= 'a' && c <= 'z'; }
    private static boolean isUpper(int c) { return c >= 'A' && c <= 'Z'; }
    private static boolean isAlphanumeric(int c) { return isDigit(c) || isLower(c) || isUpper(c); }
    private static boolean isSurrogate(int c) { return c >= 0xD800 && c <= 0xDFFF; }

    // --- Values: what a caller writes --------------------------------------------------------------

    /** A key: one {@link Value} (plain form) or one {@link Record} (record form, in which lists may stand). */
    public sealed interface Key permits Value, ListOf, Record {}

    /** One typed value. Not a Java record: its toString would put the value into logs. */
    public static final class Value implements Key {
        final String kind;
        final String text;

        Value(String kind, String text) {
            this.kind = kind;
            this.text = text;
        }

        @Override public String toString() { return "Value of kind " + kind; }
    }

    /** An ordered list inside a record; may be empty. */
    public static final class ListOf implements Key {
        final List<Key> items;

        ListOf(List<? extends Key> items) {
            if (items == null) throw missing("list");
            this.items = new ArrayList<>(items);
        }
    }

    /** A record; fields in any order. Keeps duplicates, so that they are detected and refused. */
    public static final class Record implements Key {
        final List<String> names = new ArrayList<>();
        final List<Key> values = new ArrayList<>();

        /** Adds a field and returns this record. */
        public Record field(String name, Key value) {
            names.add(name);
            values.add(value);
            return this;
        }
    }

    /** Returns an empty record, to which fields are added. */
    public static Record record() { return new Record(); }
    /** Returns a list; it may be empty. */
    public static ListOf list(Key... items) {
        return new ListOf(items == null ? null : Arrays.asList(items));
    }
    /** Returns a list; it may be empty. */
    public static ListOf list(List<? extends Key> items) { return new ListOf(items); }

    /** An e-mail address: trimmed, in lower case. */
    public static Value email(String value) { return new Value("email", value); }
    /** A stock keeping unit: trimmed, in upper case. */
    public static Value sku(String value) { return new Value("sku", value); }
    /** A text of at most 1,024 bytes of UTF-8, byte for byte. */
    public static Value text(String value) { return new Value("text", value); }
    /** A whole number of at most 38 digits. */
    public static Value integer(String value) { return new Value("int", value); }
    /** A whole number. */
    public static Value integer(long value) { return new Value("int", Long.toString(value)); }
    /** A decimal number of at most 28 digits. Text only: a double has lost digits already. */
    public static Value decimal(String value) { return new Value("dec", value); }
    /** A truth value. */
    public static Value bool(boolean value) { return new Value("bool", value ? "true" : "false"); }
    /** A UUID of 36 characters, in either case. */
    public static Value uuid(String value) { return new Value("uuid", value); }
    /** A UUID. */
    public static Value uuid(UUID value) { return new Value("uuid", textOf(value)); }
    /** An instant in milliseconds, with any UTC offset. */
    public static Value ts3(String value) { return new Value("ts3", value); }
    /** An instant in whole milliseconds. */
    public static Value ts3(Instant value) { return new Value("ts3", textOf(value)); }
    /** An instant in microseconds, with any UTC offset. */
    public static Value ts6(String value) { return new Value("ts6", value); }
    /** An instant in whole microseconds. */
    public static Value ts6(Instant value) { return new Value("ts6", textOf(value)); }

    /** A null stays one, and is refused when the ID is derived, as a null text is. */
    private static String textOf(Object value) { return value == null ? null : value.toString(); }

    /** For a kind that is only known at run time. An unknown one is refused when the ID is derived. */
    public static Value value(String kind, String text) { return new Value(kind, text); }

    // --- Canonical text: one text per value --------------------------------------------------------

    /** The canonical text of a value. */
    public static String canonical(String kind, String value) { return canonical(kind, value, "key"); }

    private static String canonical(String kind, String value, String where) {
        if (value == null) throw missing(where);
        if (kind == null || !KINDS.contains(kind)) throw refused(where, null, "WrongKind", "has an unknown kind");
        boolean stripped = kind.equals("email") || kind.equals("sku");
        if ((stripped ? strip(value) : value).isEmpty()) throw refused(where, kind, "Empty", "is empty");
        return switch (kind) {
            case "email" -> canonicalEmail(value, where);
            case "sku" -> canonicalSku(value, where);
            case "text" -> canonicalText(value, where);
            case "int" -> canonicalInt(value, where);
            case "dec" -> canonicalDec(value, where);
            case "bool" -> canonicalBool(value, where);
            case "uuid" -> canonicalUuid(value, where);
            default -> canonicalTimestamp(value, where, kind);
        };
    }

    private static final List<String> KINDS =
        List.of("email", "sku", "text", "int", "dec", "bool", "uuid", "ts3", "ts6");

    /** Removes U+0009-U+000D and U+0020 at both ends, and nothing else; trim() also takes U+0000-U+001F. */
    private static String strip(String value) {
        IntPredicate isSpace = c -> c >= 9 && c <= 13 || c == ' ';
        int start = 0;
        int end = value.length();
        while (start < end && isSpace.test(value.charAt(start))) start++;
        while (end > start && isSpace.test(value.charAt(end - 1))) end--;
        return value.substring(start, end);
    }

    // toLowerCase() and toUpperCase() follow the machine's language (in Turkish, "I" becomes a dotless i).
    private static String lower(String ascii) { return mapped(ascii, c -> isUpper(c) ? c + 32 : c); }
    private static String upper(String ascii) { return mapped(ascii, c -> isLower(c) ? c - 32 : c); }

    private static String mapped(String ascii, IntUnaryOperator change) {
        StringBuilder result = new StringBuilder(ascii.length());
        ascii.chars().map(change).forEach(c -> result.append((char) c));
        return result.toString();
    }

    // matches(), which means the whole string: find() with $ also stops before a final newline. A pattern of
    // a beginning matches the longest beginning of a valid value; its length is the index of the wrong character. The quantifiers are
    // possessive where a group repeats (a limit on the length comes first), so that no input makes the matcher recurse.
    private static final Pattern EMAIL = Pattern.compile(
        "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]++@[A-Za-z0-9-]++(?:\\.[A-Za-z0-9-]++)*+");
    private static final Pattern EMAIL_BEGINNING = Pattern.compile(
        "(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]++(?:@(?:[A-Za-z0-9-]++\\.)*[A-Za-z0-9-]*+)?)?");
    private static final Pattern DEC = Pattern.compile("(-?)([0-9]++)(?:\\.([0-9]++))?");
    private static final Pattern DEC_BEGINNING = Pattern.compile("-?(?:[0-9]++(?:\\.[0-9]*+)?)?");
    private static final Pattern BAD_IN_DOMAIN = Pattern.compile("[^A-Za-z0-9.-]|(?:^|\\.)\\.");

    private static String canonicalEmail(String input, String where) {
        String value = strip(input);
        limit(where, "email", value, 254);
        if (!EMAIL.matcher(value).matches()) {
            throw stopped(where, "email", value, matchingLength(EMAIL_BEGINNING, value), "is not of the form local@domain");
        }
        return lower(value);
    }

    private static String canonicalSku(String input, String where) {
        String value = strip(input);
        limit(where, "sku", value, 64);
        allow(where, "sku", c -> c >= '!' && c <= '~', value);
        return upper(value);
    }

    // Invisible, or able to make one text look like another, or impossible in some language: controls,
    // soft hyphen, zero-width and bidirectional marks, line separators, noncharacters, lone surrogates.
    // Letters and accents are not changed: é in one and é in two code points are two keys.
    private static boolean isTextAllowed(int c) {
        return !(c <= 0x1F || c >= 0x7F && c <= 0x9F || c == 0xAD || c == 0x180E || c == 0x200B
            || c == 0x200E || c == 0x200F || c >= 0x2028 && c <= 0x202E || c >= 0x2060 && c <= 0x2069
            || isSurrogate(c) || c >= 0xFDD0 && c <= 0xFDEF || c == 0xFEFF || c >= 0xFFF9 && c <= 0xFFFB
            || (c & 0xFFFE) == 0xFFFE);
    }

    private static boolean isTextSpace(int c) {
        return c == 0x20 || c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A
            || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    private static String canonicalText(String value, String where) {
        limit(where, "text", value, 1024); // bytes, not chars
        int first = value.charAt(0);
        int last = value.charAt(value.length() - 1);
        if (isTextSpace(first)) throw blamed(where, "text", first, "Edge", "must not start with U+");
        allow(where, "text", ForgeId::isTextAllowed, value);
        if (isTextSpace(last)) throw blamed(where, "text", last, "Edge", "must not end with U+");
        return value;
    }

    private static String canonicalInt(String value, String where) {
        String digits = value.startsWith("-") ? value.substring(1) : value;
        if (bytesOf(digits) > 38) throw refused(where, "int", "TooLong", "has more than 38 digits");
        boolean leadingZero = digits.startsWith("0") && !value.equals("0"); // -0 is one as well
        if (digits.isEmpty() || leadingZero) {
            throw refused(where, "int", "Form", "is not a whole number without leading zeros");
        }
        allow(where, "int", ForgeId::isDigit, digits);
        return value;
    }

    private static String canonicalDec(String value, String where) {
        Matcher match = DEC.matcher(value);
        if (!match.matches()) {
            throw stopped(where, "dec", value, matchingLength(DEC_BEGINNING, value), "is not a decimal number such as -12.5");
        }
        String whole = match.group(2);
        String fraction = match.group(3) == null ? "" : match.group(3);
        int start = 0;
        while (start < whole.length() && whole.charAt(start) == '0') start++;
        whole = whole.substring(start);
        int end = fraction.length();
        while (end > 0 && fraction.charAt(end - 1) == '0') end--;
        fraction = fraction.substring(0, end);
        if (whole.length() + fraction.length() > 28) throw refused(where, "dec", "TooManyDigits", "has more than 28 digits");
        if (whole.isEmpty() && fraction.isEmpty()) return "0"; // and so is -0
        return match.group(1) + (whole.isEmpty() ? "0" : whole) + (fraction.isEmpty() ? "" : "." + fraction);
    }

    private static String canonicalBool(String value, String where) {
        if (!value.equals("true") && !value.equals("false")) {
            throw refused(where, "bool", "Form", "is neither true nor false");
        }
        return value;
    }

    // [0-9] and not \d, which may also mean the digits of other scripts.
    private static final Pattern UUID_TEXT =
        Pattern.compile("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}");

    private static String canonicalUuid(String value, String where) {
        if (!UUID_TEXT.matcher(value).matches()) {
            throw refused(where, "uuid", "Form", "is not a UUID of 36 characters");
        }
        return lower(value);
    }

    /** Returns how many characters from {@code start} match {@code shape}, where 0 is any digit. */
    private static int fits(String value, int start, String shape) {
        int length = 0;
        while (length < shape.length() && start + length < value.length()) {
            char c = value.charAt(start + length);
            if (shape.charAt(length) == '0' ? !isDigit(c) : c != shape.charAt(length)) break;
            length++;
        }
        return length;
    }

    private static int number(String value, int start, int end) { return Integer.parseInt(value.substring(start, end)); }

    private static String canonicalTimestamp(String value, String where, String kind) {
        String form = "is not a time such as 2024-01-15T10:30:00Z";
        int end = fits(value, 0, "0000-00-00T00:00:00");
        if (end < 19) throw stopped(where, kind, value, end, form);
        String fraction = "";
        if (value.startsWith(".", end)) {
            int start = ++end;
            while (end < value.length() && isDigit(value.charAt(end))) end++;
            if (end == start || end - start > 9) throw refused(where, kind, "Form", form);
            fraction = value.substring(start, end);
        }

        int offset = 0;
        if (value.startsWith("+", end) || value.startsWith("-", end)) {
            int fit = fits(value, end + 1, "00:00");
            if (fit < 5) throw stopped(where, kind, value, end + 1 + fit, form);
            int offsetMinutes = number(value, end + 4, end + 6);
            offset = number(value, end + 1, end + 3) * 60 + offsetMinutes;
            if (offsetMinutes > 59 || offset > 14 * 60) {
                throw refused(where, kind, "Range", "has an offset outside -14:00 to +14:00");
            }
            if (value.charAt(end) == '-') {
                if (offset == 0) throw refused(where, kind, "Range", "has the offset -00:00, which means unknown");
                offset = -offset;
            }
            end += 6;
        } else if (value.startsWith("Z", end)) {
            end++;
        } else {
            throw stopped(where, kind, value, end, form);
        }
        if (end < value.length()) throw blamed(where, kind, value.codePointAt(end));

        int digits = kind.equals("ts3") ? 3 : 6;
        for (int i = digits; i < fraction.length(); i++) {
            if (fraction.charAt(i) != '0') {
                throw refused(where, kind, "TooPrecise", "is finer than " + digits + " decimals");
            }
        }
        fraction = (fraction + "000000").substring(0, digits);

        int year = number(value, 0, 4);
        int month = number(value, 5, 7);
        int day = number(value, 8, 10);
        int hour = number(value, 11, 13);
        int minute = number(value, 14, 16);
        int second = number(value, 17, 19);
        if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) {
            throw refused(where, kind, "Range", "has a date that does not exist");
        }
        if (hour > 23 || minute > 59 || second > 59) {
            throw refused(where, kind, "Range", "has a time of day that does not exist");
        }
        int minutes = hour * 60 + minute - offset; // of the day; subtracting the offset makes it UTC
        if (minutes < 0) {
            minutes += 1440;
            if (--day == 0) {
                if (--month == 0) {
                    month = 12;
                    year--;
                }
                day = daysIn(year, month);
            }
        } else if (minutes >= 1440) {
            minutes -= 1440;
            if (++day > daysIn(year, month)) {
                day = 1;
                if (++month == 13) {
                    month = 1;
                    year++;
                }
            }
        }
        if (year < 1 || year > 9999) throw refused(where, kind, "Range", "is outside the years 0001 to 9999 in UTC");
        // Locale.ROOT: String.format writes the digits of the machine's language otherwise.
        return String.format(Locale.ROOT, "%04d-%02d-%02dT%02d:%02d:%02d.%sZ",
            year, month, day, minutes / 60, minutes % 60, second, fraction);
    }

    private static int daysIn(int year, int month) {
        return switch (month) {
            case 2 -> year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
            case 4, 6, 9, 11 -> 30;
            default -> 31;
        };
    }

    // --- Name: the text that is hashed -------------------------------------------------------------

    /** Plain form: the canonical text itself. Record form: RFC 8785 JSON in which every leaf is a string. */
    private static String nameOf(String entity, Key key) {
        if (key instanceof Value value) return canonical(value.kind, value.text, "key");
        if (key instanceof Record) return "[\"forge:1\",\"" + entity + "\"," + render(key, "", 1) + "]";
        if (key == null) throw missing("key");
        throw refused("key", null, "WrongShape", "is neither a value nor a record");
    }

    private static String render(Key node, String path, int depth) {
        String where = path.isEmpty() ? "key" : "field " + path;
        if (node instanceof Value value) {
            // The leaf contains the kind, so that services which disagree on a kind disagree on every ID.
            // Of the characters that JSON escapes, only these two can occur: every kind refuses controls.
            String leaf = canonical(value.kind, value.text, where).replace("\\", "\\\\").replace("\"", "\\\"");
            return "\"" + value.kind + ":" + leaf + "\"";
        }
        if (node == null) throw missing(where);
        if (depth > MAX_DEPTH) throw refused(where, null, "TooDeep", "is nested deeper than " + MAX_DEPTH + " levels");
        if (node instanceof ListOf list) {
            List<String> items = new ArrayList<>();
            for (Key item : list.items) items.add(render(item, path + "[" + items.size() + "]", depth + 1));
            return "[" + String.join(",", items) + "]";
        }
        if (!(node instanceof Record fields)) throw refused(where, null, "WrongShape", "is not a value, a list or a record");

        // Sorted by name. Names are ASCII, so this order is the order of the bytes, and the same in every language.
        Map<String, String> rendered = new TreeMap<>();
        String twice = null; // the first name in that order, and told only if nothing else is wrong
        for (int i = 0; i < fields.names.size(); i++) {
            String name = fields.names.get(i);
            checkFieldName(name, where);
            String fieldPath = path.isEmpty() ? name : path + "." + name;
            String field = "\"" + name + "\":" + render(fields.values.get(i), fieldPath, depth + 1);
            if (rendered.put(name, field) != null && (twice == null || name.compareTo(twice) < 0)) twice = name;
        }
        if (twice != null) {
            throw refused("field " + (path.isEmpty() ? "" : path + ".") + twice, null, "DuplicateField", "appears twice");
        }
        if (rendered.isEmpty()) throw refused(where, null, "NoFields", "must have at least one field");
        return "{" + String.join(",", rendered.values()) + "}";
    }

    private static void checkFieldName(String name, String where) {
        if (name == null) throw refused(where, null, "FieldName", "has a field name that is not text");
        int wrong = name.isEmpty() || isLower(name.charAt(0)) ? firstWrong(c -> isLower(c) || isDigit(c) || c == '_', name) : 0;
        if (wrong >= 0) throw blamed(where, null, name.codePointAt(wrong), "FieldName", "has a field name with U+");
        if (name.isEmpty() || name.length() > 64) {
            throw refused(where, null, "FieldName", "has a field name that is not 1 to 64 characters long");
        }
    }

    // --- ID: from a domain to 16 bytes -------------------------------------------------------------

    /** All entity types of one domain, such as forgeshop.example. */
    public static Forge domain(String domain) { return new Forge(domain); }

    /** All entity types of one domain. Immutable and thread-safe. */
    public static final class Forge {
        final UUID root;

        private Forge(String domain) {
            if (domain == null) throw misconfigured("domain", "is not text");
            // Characters before length: the counted text is then ASCII, and all languages count alike.
            Matcher bad = BAD_IN_DOMAIN.matcher(domain);
            if (bad.find()) throw blamed("domain", null, domain.codePointAt(bad.start()), "Configuration", NOT_ALLOWED);
            if (domain.isEmpty() || domain.length() > 253) throw misconfigured("domain", "is not 1 to 253 characters long");
            if (domain.endsWith(".")) throw misconfigured("domain", "ends with a dot");
            root = v5(DNS_NAMESPACE, lower(domain));
        }

        /** One entity type with the default algorithm, v5: outsiders can derive its IDs. */
        public Entity entity(String name) { return new Entity(this, name, "v5", null); }

        /**
         * One entity type with another algorithm: v8-sha256, or v8-hmac-sha256 and its secret. Which one
         * is part of the entity's declaration: never change it later.
         */
        public Entity entity(String name, String algorithm, String secret) {
            return new Entity(this, name, algorithm, secret);
        }
    }

    /** One entity type: derives the IDs of its members. Immutable and thread-safe. */
    public static final class Entity {
        private final String name;
        private final String algorithm;
        private final byte[] secret;
        private final UUID namespace;

        private Entity(Forge forge, String name, String algorithm, String secret) {
            if (algorithm == null || !List.of("v5", "v8-sha256", "v8-hmac-sha256").contains(algorithm)) {
                throw misconfigured("algorithm", "is not one of v5, v8-sha256, v8-hmac-sha256");
            }
            boolean keyed = algorithm.equals("v8-hmac-sha256");
            // The caller of a secret expects IDs that cannot be guessed; without HMAC they can.
            if (!keyed && secret != null) throw misconfigured("secret", "is only used by v8-hmac-sha256");
            // The bytes of the text, untrimmed. Fails closed: no secret, no ID.
            if (keyed && (secret == null || secret.isEmpty())) throw misconfigured("secret", "is missing");
            // The error does not reveal which surrogate it is, because the value is secret.
            if (keyed && firstWrong(c -> !isSurrogate(c), secret) >= 0) {
                throw misconfigured("secret", "has a lone surrogate");
            }
            this.secret = keyed ? utf8(secret, "secret") : null;
            if (keyed) checkSecret(this.secret);
            if (name == null) throw misconfigured("entity", "is not text");
            int wrong = name.isEmpty() || isLower(name.charAt(0))
                ? firstWrong(c -> isLower(c) || isDigit(c) || c == '_' || c == '.' || c == '-', name) : 0;
            if (wrong >= 0) throw blamed("entity", null, name.codePointAt(wrong), "Configuration", NOT_ALLOWED);
            if (name.isEmpty() || name.length() > 64) throw misconfigured("entity", "is not 1 to 64 characters long");
            this.name = name;
            this.algorithm = algorithm;
            this.namespace = v5(forge.root, name);
        }

        /** The UUIDv5 with which the names are hashed. */
        public UUID namespace() { return namespace; }

        /** The ID of a value (plain form) or a record (record form). */
        public UUID id(Key key) {
            String text = nameOf(key);
            return switch (algorithm) {
                case "v5" -> v5(namespace, text);
                case "v8-sha256" -> v8Sha256(namespace, text);
                default -> v8HmacSha256(namespace, utf8(text, "name"), secret);
            };
        }

        /** The text that id() hashes: for tests and for the analysis of differences. May be personal data. */
        public String nameOf(Key key) { return ForgeId.nameOf(name, key); }
    }

    private static void checkSecret(byte[] secret) {
        if (secret == null || secret.length == 0) throw misconfigured("secret", "is missing");
        if (secret.length < MIN_SECRET_BYTES) {
            throw misconfigured("secret", "is shorter than " + MIN_SECRET_BYTES + " bytes");
        }
    }

    private static byte[] utf8(String value, String where) {
        if (value == null) throw missing(where);
        allow(where, null, c -> !isSurrogate(c), value); // getBytes would silently write "?" for a lone surrogate
        return value.getBytes(StandardCharsets.UTF_8);
    }

    /** UUIDv5, RFC 9562 section 5.5. The name is taken as it is. */
    public static UUID v5(UUID namespace, String name) { return v5(namespace, utf8(name, "name")); }

    /** UUIDv5, RFC 9562 section 5.5. The name is taken as it is. */
    public static UUID v5(UUID namespace, byte[] name) { return uuidFrom(digest("SHA-1", namespace, name), 5); }

    /** UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2. */
    public static UUID v8Sha256(UUID namespace, String name) { return v8Sha256(namespace, utf8(name, "name")); }

    /** UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2. */
    public static UUID v8Sha256(UUID namespace, byte[] name) {
        return uuidFrom(digest("SHA-256", namespace, name), 8);
    }

    /** UUIDv8 from HMAC-SHA-256: without the secret an ID cannot be derived, guessed or confirmed. */
    public static UUID v8HmacSha256(UUID namespace, byte[] name, byte[] secret) {
        checkSecret(secret);
        if (name == null) throw missing("name");
        try {
            Mac mac = Mac.getInstance("HmacSHA256"); // a new one each time: a Mac is not thread-safe
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update(toBytes(namespace));
            return uuidFrom(mac.doFinal(name), 8);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    private static byte[] digest(String algorithm, UUID namespace, byte[] name) {
        if (name == null) throw missing("name");
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            digest.update(toBytes(namespace));
            return digest.digest(name);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java platform has both
        }
    }

    private static UUID uuidFrom(byte[] digest, int version) {
        ByteBuffer bytes = ByteBuffer.wrap(digest); // big-endian, which is network order
        long high = bytes.getLong() & ~0xF000L | (long) version << 12;
        long low = bytes.getLong() & 0x3FFFFFFFFFFFFFFFL | 0x8000000000000000L; // the variant of RFC 9562
        return new UUID(high, low);
    }

    /** The 16 bytes of a UUID in network order, as every store and every other language has them. */
    public static byte[] toBytes(UUID uuid) {
        if (uuid == null) throw missing("uuid");
        return ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits()).array();
    }

    /** Exactly the 36-character form, either case. UUID.fromString also takes "1-1-1-1-1". */
    public static UUID parseUuid(String value) { return UUID.fromString(canonical("uuid", value, "uuid")); }

    /** {@code java ForgeId.java DOMAIN ENTITY KIND VALUE} prints one ID (plain form, v5). */
    public static void main(String[] arguments) {
        if (arguments.length != 4) {
            System.err.println("usage: java ForgeId.java DOMAIN ENTITY KIND VALUE");
            System.exit(2);
        }
        try {
            // The JVM decodes arguments with the locale's charset and may have lost characters by now.
            allow("argument", null, c -> c < 0x80, String.join("", arguments));
            System.out.println(domain(arguments[0]).entity(arguments[1]).id(value(arguments[2], arguments[3])));
        } catch (Refused refused) {
            System.err.println(refused.getMessage());
            System.exit(2);
        }
    }
}
