package dev.sluice.ingest;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Text with variables, such as {@code order-${key}} or {@code order-${data.orderId}}: {@code key}, {@code topic},
 * {@code partition}, {@code header.NAME} and {@code data.PATH} (member names joined by dots). Immutable.
 */
final class Template {
    private static final int MAX_CHARS = 255;

    private final String text;
    private final List<Part> parts;

    private Template(String text, List<Part> parts) {
        this.text = text;
        this.parts = parts;
    }

    /** What the variables of a bound template stand for in one record; null where the record has nothing for it. */
    interface Values {
        @Nullable
        String key();

        @Nullable
        String header(String name);

        @Nullable
        String data(String path);
    }

    /** Reads a template; CONFIG_INVALID names the variable that is wrong. */
    static Template parse(String setting, String text) {
        if (text.isEmpty() || text.length() > MAX_CHARS) {
            throw invalid(setting, text, "1 to " + MAX_CHARS + " characters");
        }
        var parts = new ArrayList<Part>();
        int at = 0;
        while (at < text.length()) {
            int open = text.indexOf("${", at);
            if (open < 0) {
                open = text.length();
            }
            if (open > at) {
                parts.add(new Part(Kind.TEXT, text.substring(at, open)));
            }
            if (open < text.length()) {
                int close = text.indexOf('}', open);
                if (close < 0) {
                    throw invalid(setting, text, "a } after ${");
                }
                parts.add(variable(setting, text, text.substring(open + 2, close)));
                open = close + 1;
            }
            at = open;
        }
        return new Template(text, List.copyOf(parts));
    }

    private static Part variable(String setting, String text, String name) {
        if (name.equals("key")) {
            return new Part(Kind.KEY, name);
        }
        if (name.equals("topic")) {
            return new Part(Kind.TOPIC, name);
        }
        if (name.equals("partition")) {
            return new Part(Kind.PARTITION, name);
        }
        if (name.startsWith("header.") && name.length() > "header.".length()) {
            return new Part(Kind.HEADER, name.substring("header.".length()));
        }
        String path = name.startsWith("data.") ? name.substring("data.".length()) : "";
        if (!path.isEmpty() && !path.startsWith(".") && !path.endsWith(".") && !path.contains("..")) {
            return new Part(Kind.DATA, path);
        }
        throw invalid(setting, text, "${key}, ${topic}, ${partition}, ${header.NAME} or ${data.PATH}");
    }

    /** The paths into the data that the template needs. */
    List<String> dataPaths() {
        return parts.stream()
                .filter(part -> part.kind == Kind.DATA)
                .map(Part::text)
                .toList();
    }

    /** This template with the variables that are the same for all records of a partition filled in. */
    Template bind(String topic, int partition) {
        var bound = new ArrayList<Part>();
        for (Part part : parts) {
            String fixed =
                    switch (part.kind) {
                        case TEXT -> part.text;
                        case TOPIC -> topic;
                        case PARTITION -> Integer.toString(partition);
                        case KEY, HEADER, DATA -> null;
                    };
            int last = bound.size() - 1;
            if (fixed != null && last >= 0 && bound.get(last).kind == Kind.TEXT) {
                bound.set(last, new Part(Kind.TEXT, bound.get(last).text + fixed));
            } else {
                bound.add(fixed == null ? part : new Part(Kind.TEXT, fixed));
            }
        }
        return new Template(text, List.copyOf(bound));
    }

    /** The text of a bound template for one record; null when the record has nothing, or nothing but emptiness, for a variable. */
    @Nullable
    String render(Values values) {
        if (parts.size() == 1) {
            return value(parts.get(0), values);
        }
        if (parts.size() == 2 && parts.get(0).kind == Kind.TEXT) {
            String value = value(parts.get(1), values);
            return value == null || value.isEmpty() ? null : parts.get(0).text.concat(value);
        }
        var out = new StringBuilder(48);
        for (int i = 0; i < parts.size(); i++) {
            String value = value(parts.get(i), values);
            if (value == null || value.isEmpty()) {
                return null;
            }
            out.append(value);
        }
        return out.toString();
    }

    /** The first variable that the record has nothing for, as it stands in the template. */
    String missing(Values values) {
        for (Part part : parts) {
            String value = value(part, values);
            if (value == null || value.isEmpty()) {
                return switch (part.kind) {
                    case HEADER -> "${header." + part.text + "}";
                    case DATA -> "${data." + part.text + "}";
                    case TEXT, KEY, TOPIC, PARTITION -> "${" + part.text + "}";
                };
            }
        }
        return "nothing";
    }

    private static @Nullable String value(Part part, Values values) {
        return switch (part.kind) {
            case TEXT, TOPIC, PARTITION -> part.text;
            case KEY -> values.key();
            case HEADER -> values.header(part.text);
            case DATA -> values.data(part.text);
        };
    }

    private static Failure invalid(String setting, String text, String expected) {
        return Failure.of(
                Failure.Kind.CONFIG_INVALID, setting + ": found '" + text + "', expected a template with " + expected);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Template that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }

    private enum Kind {
        TEXT,
        KEY,
        TOPIC,
        PARTITION,
        HEADER,
        DATA
    }

    private record Part(Kind kind, String text) {}
}
