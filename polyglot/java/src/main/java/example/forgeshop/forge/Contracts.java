package example.forgeshop.forge;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The values and the envelope of the shop's events: read exactly as .NET reads them. Checked by vectors/values.json and
 * vectors/events.json.
 *
 * <p>It needs no JSON library. A JSON value is what most libraries return: a {@link Map}, a {@link String}, an {@link Integer},
 * {@link Long} or {@link BigInteger}. Money is a {@link BigDecimal}, never a double.
 */
public final class Contracts {
    private Contracts() {}

    /** The topic and the newest version of a type. */
    public record Event(String topic, int version) {}

    /** The topic and the newest version of each type. */
    public static final Map<String, Event> EVENTS = Collections.unmodifiableMap(ContractFacts.EVENTS);

    /** The number of decimals of each currency. */
    public static final Map<String, Integer> CURRENCY_DECIMALS = Collections.unmodifiableMap(ContractFacts.CURRENCY_DECIMALS);

    /** A value or a message that breaks its contract. The message never repeats the value. */
    public static final class ContractException extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        /** Creates an exception. */
        public ContractException(String message) { super(message); }
    }

    private static ContractException refused(String why) { return new ContractException(why); }

    // --- Values ------------------------------------------------------------------------------------

    private static final BigDecimal TOO_LARGE = BigDecimal.TEN.pow(15);

    /** An amount that is not negative and below 10^15, with the decimals of its currency. */
    public record Money(BigDecimal amount, String currency) {
        /**
         * Gives the amount the decimals of its currency.
         *
         * @throws ContractException the currency is unknown, or the amount is negative, too large, or finer than the currency
         */
        public Money {
            Integer decimals = currency == null ? null : CURRENCY_DECIMALS.get(currency);
            if (decimals == null) throw refused("the currency is unknown");
            if (amount == null || amount.signum() < 0 || amount.compareTo(TOO_LARGE) >= 0) {
                throw refused("the amount is missing, negative or too large");
            }
            BigDecimal stripped = amount.stripTrailingZeros();
            if (stripped.scale() > decimals) throw refused("the amount has more decimals than its currency");
            amount = stripped.setScale(decimals);
        }

        /**
         * Returns a price times a quantity.
         *
         * @throws ContractException the result is negative or too large
         */
        public Money times(int quantity) { return new Money(amount.multiply(BigDecimal.valueOf(quantity)), currency); }
    }

    private static final Pattern AMOUNT = Pattern.compile("[0-9]{1,15}(?:\\.[0-9]{1,4})?");

    /**
     * Reads {"amount": "12.50", "currency": "EUR"}.
     *
     * @throws ContractException it is not of this form
     */
    public static Money readMoney(Object value) {
        if (!(value instanceof Map<?, ?> members)) throw refused("money is not an object");
        if (!(members.get("amount") instanceof String amount) || !AMOUNT.matcher(amount).matches()) {
            throw refused("the amount is not a string of digits");
        }
        if (!(members.get("currency") instanceof String currency)) throw refused("the currency is unknown");
        return new Money(new BigDecimal(amount), currency);
    }

    /** Returns the form of the contract, in the order amount, currency. */
    public static Map<String, String> writeMoney(Money money) {
        Map<String, String> members = new LinkedHashMap<>();
        members.put("amount", money.amount().toPlainString());
        members.put("currency", money.currency());
        return members;
    }

    private static final Pattern INSTANT = Pattern.compile(
        "([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\\.([0-9]{1,16}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))?");
    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant END = Instant.parse("+10000-01-01T00:00:00Z");

    /**
     * Reads an instant with any offset (without one it is UTC), in microseconds, rounded down.
     *
     * @throws ContractException it is not of the form 2026-11-21T08:00:00Z, or does not exist in the years 1 to 9999
     */
    public static Instant readInstant(String value) {
        Matcher match = value == null ? null : INSTANT.matcher(value);
        if (match == null || !match.matches()) throw refused("the instant is not of the form 2026-11-21T08:00:00Z");
        String fraction = match.group(2) == null ? "" : match.group(2);
        int hours = match.group(4) == null ? 0 : Integer.parseInt(match.group(4));
        int minutes = match.group(5) == null ? 0 : Integer.parseInt(match.group(5));
        int offset = hours * 60 + minutes;
        if (minutes > 59 || offset > 14 * 60) throw refused("the instant does not exist");
        Instant instant;
        try {
            instant = LocalDateTime.parse(match.group(1)).toInstant(ZoneOffset.UTC)
                .plusSeconds("-".equals(match.group(3)) ? offset * 60 : -offset * 60)
                .plusNanos(Long.parseLong((fraction + "000000").substring(0, 6)) * 1000);
        } catch (DateTimeException e) {
            throw refused("the instant does not exist");
        }
        if (instant.isBefore(FIRST) || !instant.isBefore(END)) throw refused("the instant does not exist");
        return instant;
    }

    /**
     * Reads a whole number of 32 bits.
     *
     * @throws ContractException it is another JSON value, 1.0 and "1" included
     */
    public static int readQuantity(Object value) {
        boolean isWhole = value instanceof Integer || value instanceof Long || value instanceof BigInteger;
        BigInteger number = isWhole ? new BigInteger(value.toString()) : null;
        if (number == null || number.bitLength() > 31) throw refused("the quantity is not a whole number of 32 bits");
        return number.intValue();
    }

    private static final Pattern SKU = Pattern.compile("[\t\n\u000b\f\r ]*+([A-Za-z0-9][A-Za-z0-9._~-]{0,63})[\t\n\u000b\f\r ]*+");

    /**
     * Returns the canonical form of a SKU of the shop, given in any case and with spaces around it.
     *
     * @throws ContractException it is not a SKU of the shop
     */
    public static String readSku(String value) {
        Matcher match = value == null ? null : SKU.matcher(value);
        if (match == null || !match.matches()) throw refused("the SKU is not of the form [A-Z0-9][A-Z0-9._~-]{0,63}");
        return match.group(1).toUpperCase(Locale.ROOT); // of ASCII, as checked above
    }

    // --- Envelope: CloudEvents 1.0 in Kafka's binary mode --------------------------------------------

    /** A header of a Kafka message. */
    public record Header(String name, byte[] value) {}

    /**
     * The attributes of a message. What only explains the event is null where it cannot be read (the source is empty); without a time,
     * take the time of the record.
     */
    public record Envelope(UUID id, String type, String source, UUID subject, long sequence, Instant time, long dataVersion,
                           UUID correlationId, UUID causationId) {}

    /**
     * Reads the attributes of a message and verifies its ID. Of several headers with one name the last counts.
     *
     * @param headers of the message
     * @param events the entity type of event IDs: {@code forge.entity("events")}
     * @throws ContractException a required attribute is missing or invalid, or the ID is not derived from the others
     */
    public static Envelope readEnvelope(Iterable<Header> headers, ForgeId.Entity events) {
        Map<String, String> texts = new HashMap<>();
        for (Header header : headers) texts.put(header.name(), text(header.value()));
        if (!required(texts, "ce_specversion").equals("1.0")) throw refused("ce_specversion is not 1.0");
        String type = required(texts, "ce_type");
        long sequence = positive("ce_sequence", required(texts, "ce_sequence"));
        UUID subject = idOrNull(required(texts, "ce_subject"));
        if (subject == null) throw refused("the header ce_subject is not an ID");
        UUID id = idOrNull(required(texts, "ce_id"));
        if (id == null) throw refused("the header ce_id is not an ID");
        if (!id.equals(eventId(subject, type, sequence, events))) {
            throw refused("ce_id is not derived from ce_subject, ce_type and ce_sequence");
        }
        String source = texts.get("ce_source");
        String version = texts.get("ce_dataversion");
        return new Envelope(id, type, source == null ? "" : source, subject, sequence, instantOrNull(texts.get("ce_time")),
            positive("ce_dataversion", version == null ? "1" : version),
            idOrNull(texts.get("ce_correlationid")), idOrNull(texts.get("ce_causationid")));
    }

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder().appendPattern("uuuu-MM-dd'T'HH:mm:ss")
        .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true).appendLiteral('Z').toFormatter(Locale.ROOT).withZone(ZoneOffset.UTC);

    /**
     * Returns the headers of a message, in the order in which .NET writes them. The ID is derived and the time must not be null.
     *
     * @param envelope the attributes
     * @param events the entity type of event IDs: {@code forge.entity("events")}
     * @param traceParent of W3C Trace Context, or null
     * @param traceState of W3C Trace Context, or null
     * @throws ContractException the ID cannot be derived from the subject, the type and the sequence
     */
    public static List<Header> writeEnvelope(Envelope envelope, ForgeId.Entity events, String traceParent, String traceState) {
        List<Header> headers = new ArrayList<>();
        add(headers, "ce_specversion", "1.0");
        add(headers, "ce_id", eventId(envelope.subject(), envelope.type(), envelope.sequence(), events));
        add(headers, "ce_type", envelope.type());
        add(headers, "ce_source", envelope.source());
        add(headers, "ce_subject", envelope.subject());
        add(headers, "ce_time", TIME.format(envelope.time()));
        add(headers, "ce_sequence", envelope.sequence());
        add(headers, "ce_dataversion", envelope.dataVersion());
        add(headers, "ce_correlationid", envelope.correlationId());
        add(headers, "ce_causationid", envelope.causationId());
        add(headers, "content-type", "application/json");
        add(headers, "traceparent", traceParent);
        add(headers, "tracestate", traceState);
        return headers;
    }

    private static void add(List<Header> headers, String name, Object value) {
        if (value != null) headers.add(new Header(name, value.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Returns the ID of an event.
     *
     * @param aggregate the subject of the message
     * @param type of the message
     * @param sequence the number of the event in its aggregate, from 1
     * @param events the entity type of event IDs: {@code forge.entity("events")}
     * @throws ContractException the type is not a text that can be part of a key
     */
    public static UUID eventId(UUID aggregate, String type, long sequence, ForgeId.Entity events) {
        try {
            return events.id(ForgeId.record().field("aggregate", ForgeId.uuid(aggregate)).field("type", ForgeId.text(type))
                .field("sequence", ForgeId.integer(sequence)));
        } catch (ForgeId.Refused e) {
            throw refused("no event ID can be derived: " + e.getMessage());
        }
    }

    private static String required(Map<String, String> texts, String name) {
        String text = texts.get(name);
        if (text == null) throw refused("the header " + name + " is missing or not text");
        return text;
    }

    /** Strict: new String(bytes, UTF_8) would replace what is not UTF-8. */
    private static String text(byte[] value) {
        try {
            String text = value == null ? null : StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
            return text == null || text.chars().anyMatch(c -> c < 0x20 || c >= 0x7F && c < 0xA0) ? null : text;
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static UUID idOrNull(String text) {
        try {
            return text == null ? null : ForgeId.parseUuid(text);
        } catch (ForgeId.Refused e) {
            return null;
        }
    }

    private static Instant instantOrNull(String text) {
        try {
            return text == null ? null : readInstant(text);
        } catch (ContractException e) {
            return null;
        }
    }

    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,19}");

    private static long positive(String name, String text) {
        BigInteger number = DIGITS.matcher(text).matches() ? new BigInteger(text) : BigInteger.ZERO;
        if (number.signum() == 0 || number.bitLength() > 63) throw refused("the header " + name + " is not a positive integer");
        return number.longValue();
    }
}
