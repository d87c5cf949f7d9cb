using System.Text;

namespace ForgeShop.Fuzz;

/// <summary>Values that have broken servers. Texts are bytes in Latin-1, as everything that is sent.</summary>
internal static class OddValues
{
    public static readonly string[] Json =
    [
        "null", "true", "-1", "0", "1e400", "-0.0", "9007199254740993", "99999999999999999999999999999999",
        "1.00000000000000000000000000000001", "NaN", "\"\"",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\u00ff\u00fe\"", "\"\u00c0\u0080\"", "\"\u00ed\u00a0\u0080\"",
        "\"\\u202e\\u2028\"", "\"\\\"\"", "[]", "{}",
        "[[]]", "{\"amount\":\"1\",\"currency\":\"XXX\"}", "{\"amount\":1,\"currency\":\"EUR\"}",
        "{\"amount\":\"1\",\"amount\":\"2\",\"currency\":\"EUR\"}",
        "{\"amount\":\"999999999999999999999\",\"currency\":\"EUR\"}", "{\"amount\":\"-1\",\"currency\":\"EUR\"}", "\"' or 1=1 --\"",
        "\"${jndi:ldap://x}\"", "01", "'a'", "{",
        "\"" + new string('a', 10_000) + "\"",
    ];

    public static readonly string[] Paths =
    [
        "..", "%2e%2e", "%2e%2e%2f%2e%2e%2finternal%2fproducts", "%00", "%ff", "%c0%af", "%ed%a0%80", "%", "%zz", "a%2fb", "a;b=c", "~",
        "null", "0", "-1", "%20", "%0d%0aX:1",
        "00000000-0000-0000-0000-000000000000", "{id}", "'", "%27%20or%201=1--", new string('a', 3_000), "FUZZ-1", "%ef%bf%bd", "..;",
        "%5c..%5c", "\u00ff",
    ];

    public static readonly string[] Queries =
    [
        "%ff", "%", "%zz", "%00", "", "a&a", "%ed%a0%80", "%c0%80", new string('9', 400), "-1", "0", "1.5", "%27", "%2500", "null", "[]",
        "%e2%80%ae", "*", "%25", "_",
        new string('a', 4_000), "%0a", "2026-13-45", "9999-12-31", "0001-01-01", "99999999999", "\u00e9",
    ];

    public static readonly string[] Headers =
    [
        "Idempotency-Key: other", "Idempotency-Key: a, b", "Idempotency-Key: \"open", "Idempotency-Key:",
        "Idempotency-Key: \u00ff\u00fe", "If-Match: *", "If-Match: a, b",
        "If-Match: \"none\"", "If-Match: W/\"a\"", "If-None-Match: *", "Authorization: Bearer", "Authorization: Basic YTpi",
        "Authorization: Bearer a.b.c", "Last-Event-ID: -1",
        "Last-Event-ID: 99999999999999999999", "Last-Event-ID: a", "Content-Type: text/plain", "Content-Type: application/xml",
        "Content-Type: application/json; charset=utf-16",
        "Content-Type: application/json, application/json", "Content-Type: ;;;", "Content-Type: application/x-www-form-urlencoded",
        "Content-Encoding: gzip",
        "Content-Encoding: identity", "Accept: text/html", "Accept: */*;q=0", "Accept-Encoding: br;q=x", "Expect: 100-continue",
        "Expect: nonsense", "Host: other.example",
        "X-Forwarded-For: not, an, address", "X-Forwarded-Proto: gopher", "X-Forwarded-Host: a b", "Forwarded: for=\"",
        "X-Original-URL: /internal/products",
        "X-HTTP-Method-Override: DELETE", "traceparent: 00-zz", "tracestate: =,=", "baggage: a=\u00ff", "Range: bytes=0-1",
        "Connection: Authorization", "Upgrade: websocket",
        "Transfer-Encoding: gzip, chunked", "TE: trailers", "Cookie: " + new string('c', 4_000), "X-Correlation-Id: \u00ff",
        "X-Correlation-Id: not-an-id", "X-Odd: \u00ff\u0080",
        "X-Long: " + new string('x', 8_000), "bad header: 1", "Origin: null", "Content-Length: 5, 5", "Content-Length: -1",
        "Content-Length: 99999999999999999999",
    ];

    public static readonly string[] Targets =
    [
        "//", "*", "http://other.example/api/v1/orders", "/./", "/api/v1/../v1/products", "/API/V1/PRODUCTS",
        "/internal/products?sku=FUZZ-1", "/?", "/api/v1/products#a",
    ];

    public static string Items(int count) =>
        "{\"items\":[" + string.Join(',', Enumerable.Repeat("{\"sku\":\"FUZZ-1\",\"quantity\":1}", count)) + "]}";

    public static string Deep(int depth) => new StringBuilder().Insert(0, "[", depth).Append(']', depth).ToString();
}
