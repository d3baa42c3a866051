package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The media types spoken here, and which of them a request asks for (RFC 9110 §12.5.1). */
final class MediaTypes {
    static final String JSON = "application/json";
    static final String NDJSON = "application/x-ndjson";
    static final String EVENT_STREAM = "text/event-stream";
    static final String PROBLEM = "application/problem+json";
    static final String CLOUDEVENT = "application/cloudevents+json";
    static final String CLOUDEVENTS = "application/cloudevents-batch+json";
    static final List<String> YAML = List.of("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml");

    private MediaTypes() {}

    /** Without parameters, lower case. */
    static String bare(String contentType) {
        int semicolon = contentType.indexOf(';');
        return (semicolon < 0 ? contentType : contentType.substring(0, semicolon))
                .strip()
                .toLowerCase(Locale.ROOT);
    }

    /** Refuses a charset parameter other than UTF-8. */
    static void checkCharset(String contentType) {
        for (String parameter : contentType.toLowerCase(Locale.ROOT).split(";")) {
            String[] pair = parameter.strip().split("=", 2);
            if (pair.length == 2
                    && pair[0].strip().equals("charset")
                    && !pair[1].strip().replace("\"", "").matches("utf-?8|us-ascii")) {
                throw Failure.of(
                        Failure.Kind.UNSUPPORTED_MEDIA_TYPE,
                        "found " + Query.shown(contentType) + ", expected the charset utf-8");
            }
        }
    }

    /** The offered type that the request likes best, the first when it has no wish; NOT_ACCEPTABLE when it wants none of them. */
    static String choose(@Nullable String accept, List<String> offered) {
        if (accept == null || accept.isBlank()) {
            return offered.get(0);
        }
        String best = null;
        double bestWeight = 0;
        for (String type : offered) {
            double weight = weight(accept, type);
            if (weight > bestWeight) {
                best = type;
                bestWeight = weight;
            }
        }
        if (best == null) {
            throw Failure.of(
                    Failure.Kind.NOT_ACCEPTABLE,
                    "found Accept: " + Query.shown(accept) + ", expected " + String.join(" or ", offered));
        }
        return best;
    }

    /** The weight of the most specific range that covers the type. */
    private static double weight(String accept, String type) {
        double weight = 0;
        int closest = -1;
        for (String range : accept.split(",")) {
            String name = bare(range);
            int close = name.equals(type) ? 2 : covers(name, type) ? 1 : name.equals("*/*") ? 0 : -1;
            if (close > closest) {
                closest = close;
                weight = quality(range);
            }
        }
        return weight;
    }

    private static boolean covers(String range, String type) {
        return range.length() > 2
                && !range.equals("*/*")
                && range.endsWith("/*")
                && type.startsWith(range.substring(0, range.length() - 1));
    }

    private static double quality(String range) {
        for (String parameter : range.split(";")) {
            String text = parameter.strip().toLowerCase(Locale.ROOT);
            if (text.startsWith("q=")) {
                try {
                    return Double.parseDouble(text.substring(2));
                } catch (NumberFormatException unreadable) {
                    return 1;
                }
            }
        }
        return 1;
    }
}
