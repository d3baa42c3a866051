package dev.sluice.participant;

import dev.sluice.log.Failure;
import dev.sluice.yaml.Durations;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code http.upstreams}: a service that sagas send commands to.
 *
 * @param url that places are below, without a slash at its end
 * @param timeoutMillis the longest that one request may take; a call's own deadline may be nearer
 * @param maxConnections at a time, each with one request
 * @param maxWaiting requests that wait for one of them
 * @param headers sent with every request
 */
public record UpstreamConfig(
        String name, URI url, long timeoutMillis, int maxConnections, int maxWaiting, Map<String, String> headers) {
    private static final List<String> KEYS = List.of("url", "timeout", "maxConnections", "maxWaiting", "headers");
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}");
    private static final Pattern HEADER_VALUE = Pattern.compile("[\\t\\x20-\\x7E]{1,4096}");
    /** What the platform or the client says in every request. */
    private static final Set<String> OWN_HEADERS = Set.of(
            "idempotency-key",
            "traceparent",
            "content-type",
            "content-length",
            "transfer-encoding",
            "host",
            "connection");

    private static final long MAX_TIMEOUT_MILLIS = 3_600_000;

    public UpstreamConfig {
        headers = Map.copyOf(headers);
        if (!NAME.matcher(name).matches()) {
            throw invalid("name", name, "1 to 63 of a-z, 0-9 and -, the first a letter");
        }
        headers.forEach(UpstreamConfig::checkHeader);
    }

    private static void checkHeader(String header, String value) {
        String lower = header.toLowerCase(Locale.ROOT);
        if (!HEADER.matcher(header).matches() || OWN_HEADERS.contains(lower) || lower.startsWith("ce-")) {
            throw invalid("headers", header, "the name of a header that Sluice does not set itself");
        }
        if (!HEADER_VALUE.matcher(value).matches()) {
            throw invalid("headers." + header, "what is not shown", "1 to 4096 printable characters of ASCII");
        }
    }

    /** An upstream with all defaults. */
    public static UpstreamConfig of(String name, String url) {
        return parse(name, Map.of("url", url), Map.of());
    }

    /** Reads the keys of one entry beside {@code headers}. CONFIG_INVALID says which key, what was found and what was expected. */
    public static UpstreamConfig parse(String name, Map<String, String> values, Map<String, String> headers) {
        for (String key : values.keySet()) {
            if (!KEYS.contains(key)) {
                throw invalid(key, "an unknown key", "one of " + String.join(", ", KEYS));
            }
        }
        return new UpstreamConfig(
                name,
                url(values.get("url")),
                millis(values.getOrDefault("timeout", "1m")),
                Whole.number(values, "maxConnections", 32, 1, 10_000),
                Whole.number(values, "maxWaiting", 1_000, 0, 1_000_000),
                new LinkedHashMap<>(headers));
    }

    private static URI url(@Nullable String text) {
        String found = text == null ? "" : text;
        try {
            URI url = new URI(found.endsWith("/") ? found.substring(0, found.length() - 1) : found);
            boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            if (isHttp
                    && url.getHost() != null
                    && url.getRawUserInfo() == null
                    && url.getRawQuery() == null
                    && url.getRawFragment() == null) {
                return url;
            }
        } catch (URISyntaxException malformed) {
            // told below, without what it says: it may hold a password
        }
        throw invalid(
                "url",
                found.contains("@") ? "what is not shown: it may hold a password" : found,
                "http://HOST[:PORT][/PATH] or https://…, without user, query and fragment; credentials go into headers");
    }

    private static long millis(String text) {
        OptionalLong millis = Durations.millis(text);
        if (millis.isEmpty() || millis.getAsLong() < 1 || millis.getAsLong() > MAX_TIMEOUT_MILLIS) {
            throw invalid("timeout", text, "a duration from 1ms to 1h");
        }
        return millis.getAsLong();
    }

    /** Without the brackets of an IPv6 address. */
    String host() {
        String host = url.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    boolean isTls() {
        return "https".equals(url.getScheme());
    }

    int port() {
        return url.getPort() >= 0 ? url.getPort() : isTls() ? 443 : 80;
    }

    /** Without the values of headers: they may be secret. */
    @Override
    public String toString() {
        return "upstream " + name + " " + url;
    }

    private static Failure invalid(String key, String found, String expected) {
        return Failure.of(Failure.Kind.CONFIG_INVALID, key + ": found '" + found + "', expected " + expected);
    }
}
