package example.forgeshop.forge;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/** Values and messages mean here what they mean in .NET: runs Contracts against vectors/values.json and vectors/events.json. */
public final class ContractVectors {
    private static final ForgeId.Forge FORGE = ForgeId.domain("forgeshop.example");
    private static final ForgeId.Entity EVENT_IDS = FORGE.entity("events");

    private static int passed;
    private static int failed;

    /** {@code java ContractVectors FOLDER}; the exit code is 1 if a vector failed. */
    public static void main(String[] arguments) throws IOException {
        values(parse(Files.readString(Path.of(arguments[0], "values.json"))));
        messages(parse(Files.readString(Path.of(arguments[0], "events.json"))));
        misuse();
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }

    // --- Values ------------------------------------------------------------------------------------

    private static void values(Map<?, ?> vectors) {
        each(vectors, "money", Set.of("json"), vector -> {
            Contracts.Money money = Contracts.readMoney(value(vector.get("json")));
            List<String> written = new ArrayList<>();
            Contracts.writeMoney(money).forEach((name, text) -> written.add("\"" + name + "\":\"" + text + "\""));
            return Map.of("amount", money.amount().toPlainString(), "currency", money.currency(),
                "minorUnits", money.amount().unscaledValue(), "written", "{" + String.join(",", written) + "}");
        });
        each(vectors, "lineTotals", Set.of("unitPrice", "currency", "quantity"), vector -> {
            Map<?, ?> price = Map.of("amount", vector.get("unitPrice"), "currency", vector.get("currency"));
            int quantity = Contracts.readQuantity(value(vector.get("quantity")));
            return Map.of("total", Contracts.writeMoney(Contracts.readMoney(price).times(quantity)).get("amount"));
        });
        each(vectors, "instants", Set.of("text"), vector ->
            Map.of("epochMicroseconds", microseconds(Contracts.readInstant((String) vector.get("text")))));
        each(vectors, "quantities", Set.of("json"), vector ->
            Map.of("quantity", Contracts.readQuantity(value(vector.get("json")))));
        each(vectors, "skus", Set.of("text"), vector -> {
            String sku = Contracts.readSku((String) vector.get("text"));
            return Map.of("sku", sku, "productId", FORGE.entity("products").id(ForgeId.sku(sku)));
        });
    }

    private static BigInteger microseconds(Instant instant) {
        BigDecimal seconds = BigDecimal.valueOf(instant.getEpochSecond()).add(BigDecimal.valueOf(instant.getNano(), 9));
        return seconds.movePointRight(6).toBigIntegerExact();
    }

    // --- Messages ----------------------------------------------------------------------------------

    private static void messages(Map<?, ?> vectors) {
        Set<String> types = new HashSet<>();
        each(vectors, "events", Set.of("body"), vector -> {
            List<Contracts.Header> headers = headers(vector);
            Contracts.Envelope envelope = Contracts.readEnvelope(headers, EVENT_IDS);
            types.add(envelope.type());
            Contracts.Event event = Contracts.EVENTS.get(envelope.type());
            if (event.version() != envelope.dataVersion()) throw new IllegalStateException("another version");
            String traceParent = new String(headers.get(headers.size() - 1).value(), StandardCharsets.UTF_8);
            List<Object> written = new ArrayList<>();
            for (Contracts.Header header : Contracts.writeEnvelope(envelope, EVENT_IDS, traceParent, null)) {
                written.add(List.of(header.name(), new String(header.value(), StandardCharsets.UTF_8)));
            }
            Map<String, Object> values = new LinkedHashMap<>();
            Object body = value(vector.get("body"));
            ((Map<?, ?>) vector.get("values")).forEach((pointer, expected) ->
                values.put((String) pointer, meaning(at(body, (String) pointer), ((Map<?, ?>) expected).keySet())));
            return Map.of("type", envelope.type(), "topic", event.topic(), "key", envelope.subject(), "headers", written,
                "attributes", attributes(envelope), "values", values);
        });
        check("types", Contracts.EVENTS.keySet(), () -> types);
        each(vectors, "tolerated", Set.of("change", "headers"), vector ->
            Map.of("attributes", attributes(Contracts.readEnvelope(headers(vector), EVENT_IDS))));
        each(vectors, "refused", Set.of("change", "headers"), vector ->
            Map.of("attributes", attributes(Contracts.readEnvelope(headers(vector), EVENT_IDS))));
    }

    private static List<Contracts.Header> headers(Map<?, ?> vector) {
        List<Contracts.Header> headers = new ArrayList<>();
        for (Object header : (List<?>) vector.get("headers")) {
            List<?> pair = (List<?>) header;
            headers.add(new Contracts.Header((String) pair.get(0), ((String) pair.get(1)).getBytes(StandardCharsets.UTF_8)));
        }
        return headers;
    }

    private static Map<String, Object> attributes(Contracts.Envelope envelope) {
        Map<String, Object> attributes = new LinkedHashMap<>(); // Map.of refuses null
        attributes.put("id", envelope.id());
        attributes.put("type", envelope.type());
        attributes.put("source", envelope.source());
        attributes.put("subject", envelope.subject());
        attributes.put("sequence", envelope.sequence());
        attributes.put("time", envelope.time() == null ? null : microseconds(envelope.time()));
        attributes.put("dataVersion", envelope.dataVersion());
        attributes.put("correlationId", envelope.correlationId());
        attributes.put("causationId", envelope.causationId());
        return attributes;
    }

    private static Object at(Object body, String pointer) {
        Object node = body;
        for (String part : pointer.substring(1).split("/")) {
            node = node instanceof List<?> items ? items.get(Integer.parseInt(part)) : ((Map<?, ?>) node).get(part);
        }
        return node;
    }

    /** Reads a value in the way that the vector names. */
    private static Map<String, Object> meaning(Object node, Set<?> kinds) {
        if (kinds.contains("minorUnits")) {
            Contracts.Money money = Contracts.readMoney(node);
            return Map.of("currency", money.currency(), "minorUnits", money.amount().unscaledValue());
        }
        String kind = (String) kinds.iterator().next();
        return Map.of(kind, switch (kind) {
            case "text" -> node;
            case "id" -> ForgeId.parseUuid((String) node);
            case "sku" -> Contracts.readSku((String) node);
            case "quantity" -> Contracts.readQuantity(node);
            case "epochMicroseconds" -> microseconds(Contracts.readInstant((String) node));
            default -> throw new IllegalStateException("unknown kind of value: " + kind);
        });
    }

    // --- Misuse ------------------------------------------------------------------------------------

    private static void misuse() {
        UUID order = UUID.fromString("7e558d62-0221-5a98-9949-a65bfd2da23e");
        check("readInstant(null)", null, () -> Contracts.readInstant(null));
        check("readSku(null)", null, () -> Contracts.readSku(null));
        check("readQuantity(1.0)", null, () -> Contracts.readQuantity(1.0));
        check("new Money(null, EUR)", null, () -> new Contracts.Money(null, "EUR"));
        check("new Money(1, null)", null, () -> new Contracts.Money(BigDecimal.ONE, null));
        check("new Money(-0.01, EUR)", null, () -> new Contracts.Money(new BigDecimal("-0.01"), "EUR"));
        check("new Money(1e-999999999, EUR)", null, () -> new Contracts.Money(new BigDecimal("1e-999999999"), "EUR"));
        check("new Money(1e999999999, EUR)", null, () -> new Contracts.Money(new BigDecimal("1e999999999"), "EUR"));
        check("new Money(1e1, EUR)", "10.00", () -> new Contracts.Money(new BigDecimal("1e1"), "EUR").amount());
        check("price times -1", null, () -> new Contracts.Money(BigDecimal.ONE, "EUR").times(-1));
        check("eventId without a type", null, () -> Contracts.eventId(order, null, 1, EVENT_IDS));
        check("a header that is not UTF-8", null, () -> Contracts.readEnvelope(
            List.of(new Contracts.Header("ce_specversion", new byte[] {'1', '.', '0', (byte) 0xFF})), EVENT_IDS));
    }

    // --- Checks ------------------------------------------------------------------------------------

    private interface Reading {
        Object read();
    }

    /** Reads each vector of a list; what is read must be all of the vector but its inputs. */
    private static void each(Map<?, ?> vectors, String list, Set<String> inputs, Function<Map<?, ?>, Map<String, ?>> reader) {
        List<?> items = (List<?>) vectors.get(list);
        if (items.isEmpty()) throw new IllegalStateException("no vectors: " + list);
        for (Object item : items) {
            Map<?, ?> vector = (Map<?, ?>) item;
            Map<?, ?> expected = new LinkedHashMap<>(vector);
            expected.keySet().removeAll(inputs);
            check(list + " " + vector, vector.containsKey("error") ? null : expected, () -> reader.apply(vector));
        }
    }

    /** Compares texts of what was read; null means that it must be refused. */
    private static void check(String what, Object expected, Reading reading) {
        String problem = null;
        try {
            Object actual = plain(reading.read());
            if (expected == null) problem = "must be refused";
            else if (!Objects.equals(actual, plain(expected))) problem = "is read as " + actual;
        } catch (Contracts.ContractException refused) {
            if (expected != null) problem = refused.getMessage();
        } catch (RuntimeException unexpected) {
            problem = unexpected.toString();
        }
        if (problem == null) {
            passed++;
        } else {
            failed++;
            System.out.println(what + ": " + problem);
        }
    }

    /** The same structure, in which every leaf is its text. */
    private static Object plain(Object node) {
        if (node instanceof Map<?, ?> map) {
            Map<Object, Object> members = new LinkedHashMap<>();
            map.forEach((name, member) -> members.put(name, plain(member)));
            return members;
        }
        if (node instanceof List<?> items) {
            List<Object> plain = new ArrayList<>();
            for (Object item : items) plain.add(plain(item));
            return plain;
        }
        return node instanceof Set<?> ? node : node == null ? null : node.toString();
    }

    private static Map<?, ?> parse(String text) {
        return (Map<?, ?>) numbers(Json.parse(text));
    }

    /** A JSON text, or a number of the vectors, as most libraries read it. */
    private static Object value(Object json) {
        return json instanceof String text ? numbers(Json.parse(text)) : json;
    }

    /** Numbers become what most libraries make of them: the smallest of Integer, Long and BigInteger, or a Double. */
    private static Object numbers(Object node) {
        if (node instanceof Map<?, ?> map) {
            Map<Object, Object> members = new LinkedHashMap<>();
            map.forEach((name, member) -> members.put(name, numbers(member)));
            return members;
        }
        if (node instanceof List<?> items) {
            List<Object> read = new ArrayList<>();
            for (Object item : items) read.add(numbers(item));
            return read;
        }
        if (!(node instanceof Json.Number number)) return node;
        if (!number.text().matches("-?[0-9]+")) return Double.valueOf(number.text());
        BigInteger whole = new BigInteger(number.text());
        if (whole.bitLength() < 32) return whole.intValue();
        return whole.bitLength() < 64 ? whole.longValue() : whole;
    }
}
