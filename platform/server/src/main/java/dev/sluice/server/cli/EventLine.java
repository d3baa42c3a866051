package dev.sluice.server.cli;

import dev.sluice.server.cli.Terminal.Style;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event as one line for people: local time, position, stream and version, type, and the data's members in short. Columns
 * widen as they must and never shrink, so that lines stay aligned.
 */
final class EventLine {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
    private static final int MAX_TEXT = 60;
    private static final int TIME_WIDTH = 12;

    private final Terminal terminal;
    private final ZoneId zone;
    private int positionWidth = 8;
    private int streamWidth = 14;
    private int typeWidth = 14;

    EventLine(Terminal terminal, ZoneId zone) {
        this.terminal = terminal;
        this.zone = zone;
    }

    String of(Map<String, @Nullable Object> event) {
        String time = time(Json.text(event.getOrDefault("recordedtime", event.get("time"))));
        String position = Json.text(event.get("position"));
        String stream = Json.text(event.get("stream")) + "/" + Json.text(event.get("streamversion"));
        String type = Json.text(event.get("type"));
        positionWidth = Math.max(positionWidth, position.length());
        streamWidth = Math.max(streamWidth, Math.min(stream.length(), MAX_TEXT));
        typeWidth = Math.max(typeWidth, Math.min(type.length(), MAX_TEXT));
        String head =
                pad(time, TIME_WIDTH) + "  " + pad(position, positionWidth) + "  " + pad(stream, streamWidth) + "  ";
        String data = cut(summary(event), head.length() + typeWidth + 2);
        return terminal.styled(Style.DIM, pad(time, TIME_WIDTH) + "  " + pad(position, positionWidth))
                + "  " + pad(stream, streamWidth) + "  "
                + terminal.styled(Style.CYAN, data.isEmpty() ? type : pad(type, typeWidth))
                + (data.isEmpty() ? "" : "  " + data);
    }

    /** The columns of a row or the members of JSON data: {@code total=129.90 customerId=cust-77 items=[2]}. */
    static String members(Map<String, @Nullable Object> object) {
        List<String> parts = new ArrayList<>();
        object.forEach((name, value) -> parts.add(name + "=" + brief(value)));
        return String.join(" ", parts);
    }

    private String time(String text) {
        try {
            return OffsetDateTime.parse(text).atZoneSameInstant(zone).format(TIME);
        } catch (DateTimeException unknown) {
            return text;
        }
    }

    private static String summary(Map<String, @Nullable Object> event) {
        if (event.get("data_base64") instanceof String base64) {
            return "<" + base64.length() * 3 / 4 + " bytes " + Json.text(event.get("datacontenttype")) + ">";
        }
        Object data = event.get("data");
        if (data instanceof Map<?, ?>) {
            return members(Json.object(data));
        }
        return data == null ? "" : brief(data);
    }

    private String cut(String data, int used) {
        int room = terminal.columns() - used;
        return terminal.columns() == 0 || data.length() <= room || room < 2 ? data : data.substring(0, room - 1) + "…";
    }

    private static String brief(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return "{" + map.size() + "}";
        }
        if (value instanceof List<?> list) {
            return "[" + list.size() + "]";
        }
        if (value instanceof String text) {
            String shown = printable(text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "…" : text);
            return shown.isEmpty() || shown.contains(" ") ? '"' + shown + '"' : shown;
        }
        return value == null ? "null" : Json.text(value);
    }

    /** Control characters would move the cursor of whoever looks at foreign data. */
    private static String printable(String text) {
        var safe = new StringBuilder(text.length());
        text.codePoints().forEach(c -> safe.appendCodePoint(Character.isISOControl(c) ? '·' : c));
        return safe.toString();
    }

    private static String pad(String text, int width) {
        return text.length() >= width ? text : text + " ".repeat(width - text.length());
    }
}
