package example.forgeshop.forge;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * JSON, strictly as RFC 8259 has it; the JDK has no reader. Objects become maps (of a duplicate member the last counts, as in most
 * languages), arrays lists, numbers their text. Lone surrogates are let through: refusing them is the library's work.
 */
final class Json {
    static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    record Number(String text) {}

    private static final int MAX_DEPTH = 500; // keeps hostile nesting from exhausting the stack
    private static final Pattern NUMBER =
        Pattern.compile("-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?");

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value(1);
        json.space();
        if (json.at < text.length()) throw new Malformed();
        return value;
    }

    private void space() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) at++;
    }

    /** The next character that is not white space. */
    private char next() {
        space();
        if (at >= text.length()) throw new Malformed();
        return text.charAt(at);
    }

    private boolean take(char c) {
        if (next() != c) return false;
        at++;
        return true;
    }

    private void expect(char c) {
        if (!take(c)) throw new Malformed();
    }

    private Object value(int depth) {
        if (depth > MAX_DEPTH) throw new Malformed();
        switch (next()) {
            case '{':
                return object(depth);
            case '[':
                return array(depth);
            case '"':
                return string();
            case 't':
                return literal("true", Boolean.TRUE);
            case 'f':
                return literal("false", Boolean.FALSE);
            case 'n':
                return literal("null", null);
            default:
                Matcher number = NUMBER.matcher(text).region(at, text.length());
                if (!number.lookingAt()) throw new Malformed();
                at = number.end();
                return new Number(number.group());
        }
    }

    private Object literal(String word, Object value) {
        if (!text.startsWith(word, at)) throw new Malformed();
        at += word.length();
        return value;
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> members = new LinkedHashMap<>();
        expect('{');
        if (take('}')) return members;
        do {
            if (next() != '"') throw new Malformed();
            String name = string();
            expect(':');
            members.put(name, value(depth + 1));
        } while (take(','));
        expect('}');
        return members;
    }

    private List<Object> array(int depth) {
        List<Object> items = new ArrayList<>();
        expect('[');
        if (take(']')) return items;
        do {
            items.add(value(depth + 1));
        } while (take(','));
        expect(']');
        return items;
    }

    private String string() {
        StringBuilder result = new StringBuilder();
        at++;
        while (true) {
            if (at >= text.length()) throw new Malformed();
            char c = text.charAt(at++);
            if (c == '"') return result.toString();
            if (c < 0x20) throw new Malformed();
            result.append(c == '\\' ? escape() : c);
        }
    }

    private char escape() {
        if (at >= text.length()) throw new Malformed();
        char c = text.charAt(at++);
        int simple = "\"\\/bfnrt".indexOf(c);
        if (simple >= 0) return "\"\\/\b\f\n\r\t".charAt(simple);
        if (c != 'u' || at + 4 > text.length()) throw new Malformed();
        int unit = 0;
        for (int i = 0; i < 4; i++) {
            int digit = "0123456789abcdef".indexOf(text.charAt(at) < 0x80 ? Character.toLowerCase(text.charAt(at)) : 0);
            if (digit < 0) throw new Malformed();
            unit = unit * 16 + digit;
            at++;
        }
        return (char) unit;
    }
}
