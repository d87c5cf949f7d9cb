package example.forgeshop.forge;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * Runs ForgeId against vector files, or derives IDs from JSON lines. run.sh compiles both files
 * into a temporary directory and starts this class.
 *
 * <pre>
 *     sh run.sh test               the vectors and misuse
 *     sh run.sh derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
 *                                  (with --why: "error: " and the message)
 * </pre>
 */
public final class Run {
    private static final PrintStream OUT =
        new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws IOException {
        int exit = 2;
        if (arguments.length > 1 && arguments[0].equals("vectors")) {
            exit = vectors(Arrays.copyOfRange(arguments, 1, arguments.length));
        } else if (Arrays.equals(arguments, new String[] {"derive"})) {
            exit = deriveAll(false);
        } else if (Arrays.equals(arguments, new String[] {"derive", "--why"})) {
            exit = deriveAll(true);
        } else if (Arrays.equals(arguments, new String[] {"misuse"})) {
            exit = misuse();
        } else {
            System.err.println("usage: run.sh vectors FILE...  |  run.sh derive [--why]  |  run.sh misuse");
        }
        OUT.flush();
        System.exit(exit);
    }

    // --- derive ------------------------------------------------------------------------------------

    private static int deriveAll(boolean why) throws IOException {
        byte[] input = System.in.readAllBytes();
        for (int start = 0; start < input.length; ) {
            int end = start;
            while (end < input.length && input[end] != '\n') end++;
            String result = derive(ByteBuffer.wrap(input, start, end - start));
            OUT.print((why || !result.startsWith("error") ? result : "error") + "\n");
            start = end + 1;
        }
        return 0;
    }

    private static String derive(ByteBuffer line) {
        try {
            if (!(Json.parse(decode(line)) instanceof Map<?, ?> item)) throw refused("line", "WrongShape", "is not a JSON object");
            return parseEntity(item).id(parseKey(item.get("key"))).toString();
        } catch (ForgeId.Refused refused) {
            return "error: " + refused.getMessage();
        } catch (CharacterCodingException | Json.Malformed malformed) {
            return "error: line: Form: is not JSON";
        }
    }

    /** Strict: new String(bytes, UTF_8) would replace what is not UTF-8. */
    private static String decode(ByteBuffer bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    }

    private static ForgeId.Refused refused(String where, String reason, String detail) {
        return new ForgeId.Refused(where, null, reason, detail, -1);
    }

    private static String text(Object node) {
        return node instanceof String text ? text : null;
    }

    private static ForgeId.Entity parseEntity(Map<?, ?> item) {
        Object secret = item.get("secret");
        if (secret != null && !(secret instanceof String)) throw refused("secret", "Configuration", "is not text");
        // Absent is refused here, although the library has a default.
        if (!(item.get("algorithm") instanceof String algorithm)) throw refused("algorithm", "Configuration", "is not text");
        return ForgeId.domain(text(item.get("domain"))).entity(text(item.get("entity")), algorithm, text(secret));
    }

    /** JSON -> what the library takes. Anything unexpected is left to the library to refuse. */
    private static ForgeId.Key parseKey(Object node) {
        if (node instanceof List<?> items) {
            List<ForgeId.Key> keys = new ArrayList<>();
            for (Object item : items) keys.add(parseKey(item));
            return ForgeId.list(keys);
        }
        if (node instanceof Map<?, ?> map) {
            boolean isValue = map.containsKey("kind") || map.containsKey("value");
            boolean isRecord = map.containsKey("fields");
            if (isValue && !isRecord) return ForgeId.value(text(map.get("kind")), text(map.get("value")));
            if (isRecord && !isValue) {
                ForgeId.Record record = ForgeId.record();
                if (!(map.get("fields") instanceof List<?> fields)
                    || fields.stream().anyMatch(f -> !(f instanceof List<?> pair) || pair.size() != 2)) {
                    throw refused("key", "WrongShape", "has fields that are not [name, value] pairs");
                }
                for (Object field : fields) {
                    List<?> pair = (List<?>) field;
                    record.field(text(pair.get(0)), parseKey(pair.get(1)));
                }
                return record;
            }
        }
        return null;
    }

    // --- vectors -----------------------------------------------------------------------------------

    private static int passed;
    private static int failed;

    private static int vectors(String[] files) throws IOException {
        for (String file : files) {
            int before = passed + failed;
            Object data = Json.parse(decode(ByteBuffer.wrap(Files.readAllBytes(Path.of(file)))));
            if (data instanceof List<?> items) {
                checkAll(file, "rfc", items);
            } else if (data instanceof Map<?, ?> map) {
                for (String what : List.of("kinds", "ids")) {
                    if (map.get(what) instanceof List<?> items) checkAll(file, what, items);
                }
            }
            if (passed + failed == before) {
                OUT.println(file + ": no vectors");
                failed++;
            }
        }
        OUT.println(passed + " passed, " + failed + " failed");
        return failed == 0 ? 0 : 1;
    }

    private static void checkAll(String file, String what, List<?> items) {
        for (int i = 0; i < items.size(); i++) {
            Map<?, ?> item = (Map<?, ?>) items.get(i);
            List<String> problems = new ArrayList<>();
            try {
                check(what, item).forEach((member, got) -> {
                    if (item.containsKey("error")) problems.add("must be refused");
                    else if (item.containsKey(member) && !got.equals(item.get(member))) problems.add("wrong " + member);
                });
            } catch (ForgeId.Refused refused) {
                if (!item.containsKey("error")) problems.add("refused: " + refused.getMessage());
            } catch (RuntimeException unexpected) {
                problems.add(unexpected.toString());
            }
            if (problems.isEmpty()) {
                passed++;
            } else {
                failed++;
                Object id = item.containsKey("id") ? item.get("id") : i;
                OUT.println(file + ": " + what + " " + id + ": " + problems.get(0));
            }
        }
    }

    private static Map<String, String> check(String what, Map<?, ?> item) {
        switch (what) {
            case "kinds":
                return Map.of("canonical", ForgeId.canonical(text(item.get("kind")), text(item.get("input"))));
            case "ids":
                ForgeId.Entity entity = parseEntity(item);
                ForgeId.Key key = parseKey(item.get("key"));
                return Map.of("namespace", entity.namespace().toString(),
                    "name", entity.nameOf(key), "uuid", entity.id(key).toString());
            default:
                UUID namespace = ForgeId.parseUuid(text(item.get("namespace")));
                ByteArrayOutputStream name = new ByteArrayOutputStream();
                appendName(name, item.get("name"));
                return Map.of("uuid", switch (Objects.toString(item.get("algorithm"))) {
                    case "uuidv5-sha1" -> ForgeId.v5(namespace, name.toByteArray()).toString();
                    case "uuidv8-sha256" -> ForgeId.v8Sha256(namespace, name.toByteArray()).toString();
                    default -> throw new IllegalStateException("unknown algorithm");
                });
        }
    }

    /** An rfc9562.json name: text, {repeat, count}, {hex}, or a list of those. */
    private static void appendName(ByteArrayOutputStream name, Object part) {
        if (part instanceof List<?> parts) {
            for (Object p : parts) appendName(name, p);
        } else if (part instanceof Map<?, ?> map && map.containsKey("hex")) {
            name.writeBytes(HexFormat.of().parseHex((String) map.get("hex")));
        } else if (part instanceof Map<?, ?> map) {
            int count = Integer.parseInt(((Json.Number) map.get("count")).text());
            for (int i = 0; i < count; i++) appendName(name, map.get("repeat"));
        } else {
            String text = (String) part;
            if (text.codePoints().anyMatch(c -> c >= 0xD800 && c <= 0xDFFF)) {
                throw refused("name", "LoneSurrogate", "is not valid Unicode");
            }
            name.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    // --- misuse ------------------------------------------------------------------------------------

    private static int misuse() {
        ForgeId.Forge forge = ForgeId.domain("forgeshop.example");
        ForgeId.Entity users = forge.entity("users");
        Map<String, Runnable> calls = new LinkedHashMap<>();
        calls.put("uuid((UUID) null)", () -> users.id(ForgeId.uuid((UUID) null)));
        calls.put("ts3((Instant) null)", () -> users.id(ForgeId.ts3((Instant) null)));
        calls.put("ts6((Instant) null)", () -> users.id(ForgeId.ts6((Instant) null)));
        calls.put("uuid((String) null)", () -> users.id(ForgeId.uuid((String) null)));
        calls.put("email(null)", () -> users.id(ForgeId.email(null)));
        calls.put("integer(null)", () -> users.id(ForgeId.integer(null)));
        calls.put("value(null, null)", () -> users.id(ForgeId.value(null, null)));
        calls.put("value(null, text)", () -> users.id(ForgeId.value(null, "a")));
        calls.put("list((List) null)", () -> ForgeId.list((List<ForgeId.Key>) null));
        calls.put("list((Key[]) null)", () -> ForgeId.list((ForgeId.Key[]) null));
        calls.put("list of null", () -> users.id(ForgeId.record().field("a", ForgeId.list((ForgeId.Key) null))));
        calls.put("field null", () -> users.id(ForgeId.record().field("a", null)));
        calls.put("field name null", () -> users.id(ForgeId.record().field(null, ForgeId.text("a"))));
        calls.put("key null", () -> users.id(null));
        calls.put("nameOf(null)", () -> users.nameOf(null));
        calls.put("domain(null)", () -> ForgeId.domain(null));
        calls.put("entity(null)", () -> forge.entity(null));
        calls.put("algorithm null", () -> forge.entity("users", null, null));
        calls.put("secret null", () -> forge.entity("users", "v8-hmac-sha256", null));
        calls.put("canonical(null, null)", () -> ForgeId.canonical(null, null));
        calls.put("parseUuid(null)", () -> ForgeId.parseUuid(null));
        calls.put("toBytes(null)", () -> ForgeId.toBytes(null));
        calls.put("v5(null, text)", () -> ForgeId.v5(null, "a"));
        calls.put("v5((String) null)", () -> ForgeId.v5(users.namespace(), (String) null));
        calls.put("v5((byte[]) null)", () -> ForgeId.v5(users.namespace(), (byte[]) null));
        calls.put("v8Sha256((byte[]) null)", () -> ForgeId.v8Sha256(users.namespace(), (byte[]) null));
        calls.put("v8HmacSha256 of null", () -> ForgeId.v8HmacSha256(users.namespace(), null, new byte[16]));
        calls.put("v8HmacSha256 without a secret", () -> ForgeId.v8HmacSha256(users.namespace(), new byte[0], null));
        calls.forEach((name, call) -> {
            try {
                call.run();
                failed++;
                OUT.println(name + ": was accepted");
            } catch (ForgeId.Refused refused) {
                passed++;
            } catch (RuntimeException other) {
                failed++;
                OUT.println(name + ": " + other);
            }
        });
        OUT.println(passed + " passed, " + failed + " failed");
        return failed == 0 ? 0 : 1;
    }
}
