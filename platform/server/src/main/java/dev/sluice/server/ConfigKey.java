package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.yaml.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The scalar configuration keys: path, default, and how a value is read. Values are String, Long (numbers; sizes in bytes),
 * {@link Duration} or a list of String.
 */
enum ConfigKey {
    HTTP_HOST("http.host", "127.0.0.1", Type.TEXT, 0, 0),
    HTTP_PORT("http.port", "8080", Type.NUMBER, 0, 65_535),
    HTTP_ALLOWED_HOSTS("http.allowedHosts", "[]", Type.LIST, 0, 0),
    HTTP_ALLOWED_ORIGINS("http.allowedOrigins", "[]", Type.LIST, 0, 0),
    HTTP_MAX_BODY("http.maxBody", "16MiB", Type.SIZE, 1_024, 1L << 30),
    DATA_DIR("data.dir", "./data", Type.TEXT, 0, 0),
    MEMORY_BUDGET("memory.budget", "256MiB", Type.SIZE, 32L << 20, 1L << 40),
    LOG_SHARDS("log.shards", "1", Type.NUMBER, 1, 256),
    LOG_QUEUE("log.queue", "65536", Type.NUMBER, 16, 1 << 20),
    LOG_MAX_EVENT("log.maxEvent", "1MiB", Type.SIZE, 1_024, 64L << 20),
    LOG_MAX_APPEND("log.maxAppend", "16MiB", Type.SIZE, 1_024, 256L << 20),
    LOG_APPEND_ID_RETENTION("log.appendIdRetention", "7d", Type.DURATION, 86_400_000L, 365L * 86_400_000),
    VIEWS_FLUSH_INTERVAL("views.flushInterval", "30s", Type.DURATION, 100, 3_600_000),
    PROJECTIONS_DIR("projections.dir", "projections/", Type.TEXT, 0, 0),
    PROJECTIONS_REQUIRED("projections.required", "[]", Type.LIST, 0, 0),
    PROJECTIONS_MAX_LAG("projections.maxLag", "60s", Type.DURATION, 100, 86_400_000),
    COMMANDS_STATES("commands.states", "100000", Type.NUMBER, 0, 10_000_000),
    SAGAS_DIR("sagas.dir", "sagas/", Type.TEXT, 0, 0),
    SAGAS_IN_FLIGHT("sagas.inFlight", "2048", Type.NUMBER, 1, 65_536),
    SAGAS_BATCH("sagas.batch", "512", Type.NUMBER, 1, 10_000),
    SAGAS_CACHE("sagas.cache", "32MiB", Type.SIZE, 1L << 20, 16L << 30),
    SAGAS_TIMER_WINDOW("sagas.timerWindow", "60s", Type.DURATION, 1_000, 3_600_000),
    POLICIES_DIR("policies.dir", "policies/", Type.TEXT, 0, 0),
    KAFKA_BOOTSTRAP_SERVERS("kafka.bootstrapServers", "", Type.TEXT, 0, 0),
    WS_MAX_SUBSCRIPTIONS("ws.maxSubscriptions", "128", Type.NUMBER, 1, 10_000),
    WS_MAX_WINDOW("ws.maxWindow", "4096", Type.NUMBER, 1, 1_000_000),
    WS_MAX_FRAME("ws.maxFrame", "256KiB", Type.SIZE, 4_096, 16L << 20),
    WS_PING("ws.ping", "25s", Type.DURATION, 100, 3_600_000),
    MESH_STRICT("mesh.strict", "true", Type.FLAG, 0, 0);

    private enum Type {
        TEXT,
        NUMBER,
        SIZE,
        DURATION,
        FLAG,
        LIST
    }

    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*(B|KiB|MiB|GiB)?");

    final String path;
    final String defaultText;
    private final Type type;
    private final long least;
    private final long most;

    ConfigKey(String path, String defaultText, Type type, long least, long most) {
        this.path = path;
        this.defaultText = defaultText;
        this.type = type;
        this.least = least;
        this.most = most;
    }

    boolean isList() {
        return type == Type.LIST;
    }

    /** {@code http.port} → {@code SLUICE_HTTP_PORT}, {@code log.maxEvent} → {@code SLUICE_LOG_MAX_EVENT}. */
    String environmentName() {
        return "SLUICE_"
                + path.replaceAll("([a-z])([A-Z])", "$1_$2").replace('.', '_').toUpperCase(Locale.ROOT);
    }

    /** Reads a value; {@code where} (file and line, variable or flag) begins the message of what is wrong. */
    Object read(String text, String where) {
        return switch (type) {
            case TEXT -> text(text, where);
            case NUMBER -> within(number(text, where), text, where, "a whole number from " + least + " to " + most);
            case SIZE -> within(size(text, where), text, where, "a size from " + bytes(least) + " to " + bytes(most));
            case DURATION ->
                Duration.ofMillis(within(
                        millis(text, where),
                        text,
                        where,
                        "a duration from " + Durations.text(least) + " to " + Durations.text(most)));
            case FLAG -> flag(text, where);
            case LIST -> List.of(text.split("\\s*,\\s*"));
        };
    }

    private String text(String text, String where) {
        if (text.isBlank() && !defaultText.isEmpty()) {
            throw refused(where, text, "a text such as " + defaultText);
        }
        return text;
    }

    private boolean flag(String text, String where) {
        if (!text.equals("true") && !text.equals("false")) {
            throw refused(where, text, "true or false");
        }
        return text.equals("true");
    }

    private long number(String text, String where) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException malformed) {
            throw refused(where, text, "a whole number from " + least + " to " + most);
        }
    }

    private long size(String text, String where) {
        var match = SIZE.matcher(text);
        if (!match.matches()) {
            throw refused(where, text, "a size with unit, such as 64KiB, 16MiB or 1GiB");
        }
        String unit = match.group(2) == null ? "B" : match.group(2);
        int shift = unit.equals("KiB") ? 10 : unit.equals("MiB") ? 20 : unit.equals("GiB") ? 30 : 0;
        return times(Long.parseLong(match.group(1)), 1L << shift);
    }

    private long millis(String text, String where) {
        return Durations.millis(text)
                .orElseThrow(() -> refused(where, text, "a duration with unit, such as 500ms, 30s, 10m, 12h or 7d"));
    }

    private long within(long value, String text, String where, String expected) {
        if (value < least || value > most) {
            throw refused(where, text, expected);
        }
        return value;
    }

    /** The product of what is not negative; where it overflows, a number that lies beyond every limit. */
    private static long times(long count, long unit) {
        return count > Long.MAX_VALUE / unit ? Long.MAX_VALUE : count * unit;
    }

    private static String bytes(long count) {
        return count >= 1L << 30
                ? (count >> 30) + "GiB"
                : count >= 1L << 20 ? (count >> 20) + "MiB" : (count >> 10) + "KiB";
    }

    private Failure refused(String where, String found, String expected) {
        return Failure.of(
                Failure.Kind.CONFIG_INVALID, where + ": " + path + ": found '" + found + "', expected " + expected);
    }
}
