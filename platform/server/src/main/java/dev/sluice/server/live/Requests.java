package dev.sluice.server.live;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.expression.Values;
import dev.sluice.log.Failure;
import dev.sluice.log.Selection;
import dev.sluice.log.StreamName;
import dev.sluice.projection.Rows;
import dev.sluice.server.live.Request.Meta;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the frames of clients. What cannot be read, or is not offered, is {@link Refused} with what was found and expected. */
final class Requests {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private static final List<String> CHANGEABLE =
            List.of("where", "prefix", "keys", "fields", "numbers", "orderBy", "limit", "minInterval");
    private static final int MAX_KEYS = 1_000;
    private static final int MAX_LIMIT = 1_000;
    private static final int DEFAULT_LIMIT = 100;
    private static final long MAX_INTERVAL_MILLIS = 3_600_000;
    private static final int MAX_LAST = 10_000;

    private Requests() {}

    static Request parse(byte[] frame) {
        JsonNode json = tree(frame);
        if (!json.isObject()) {
            throw Refused.badFrame("found " + kind(json) + ", expected a JSON object");
        }
        String op = text(json, "op");
        if (op == null) {
            throw Refused.badFrame("found no op, expected one such as subscribe");
        }
        Integer sub = null;
        try {
            sub = integer(json, "sub");
            return parse(op, json, sub, frame);
        } catch (Refused | Failure refused) {
            throw Refused.of(refused).to(op, sub);
        }
    }

    private static JsonNode tree(byte[] frame) {
        try {
            JsonNode json = JSON.readTree(frame);
            return json == null ? JSON.missingNode() : json;
        } catch (JsonEOFException cut) {
            throw Refused.badFrame("found text that is no JSON: it ends too early");
        } catch (JsonProcessingException malformed) {
            throw Refused.badFrame("found text that is no JSON: " + malformed.getOriginalMessage());
        } catch (IOException encoded) {
            throw Refused.badFrame("found text that is no JSON in UTF-8: " + encoded.getMessage());
        }
    }

    private static Request parse(String op, JsonNode json, @Nullable Integer sub, byte[] frame) {
        return switch (op) {
            case "hello" -> new Request.Hello(atLeast(json, "v", 0));
            case "subscribe" -> subscribe(json, needed(sub), frame);
            case "change" -> new Request.Change(needed(sub), frame);
            case "credit" -> new Request.Credit(needed(sub), atLeast(json, "rows", 1));
            case "ack" -> new Request.Ack(needed(sub), neededText(json, "cursor"));
            case "pause" -> new Request.Pause(needed(sub));
            case "resume" -> new Request.Resume(needed(sub));
            case "unsubscribe" -> new Request.Unsubscribe(needed(sub));
            case "ping" -> new Request.Ping(json.hasNonNull("t") ? echo(json.get("t")) : null);
            case "pong" -> new Request.Pong();
            case "auth" -> throw Refused.unsupported("found op " + op + ", which this server does not have yet");
            default ->
                throw Refused.badFrame(
                        "found op '" + shown(op)
                                + "', expected hello, subscribe, change, credit, ack, pause, resume, unsubscribe, ping or pong");
        };
    }

    /**
     * The subscription that a change makes of another: with the members that the change names, without those it names null.
     *
     * @param resume where the other one stands
     */
    static Request.Subscribe changed(Request.Subscribe before, Request.Change change, String resume) {
        var merged = (ObjectNode) tree(before.frame());
        var wanted = tree(change.frame());
        for (String name : CHANGEABLE) {
            if (wanted.has(name)) {
                merged.set(name, wanted.get(name));
            }
        }
        merged.remove(List.of("after", "since", "last", "snapshot"));
        merged.put("resume", resume);
        try {
            return subscribe(merged, before.sub(), JSON.writeValueAsBytes(merged));
        } catch (JsonProcessingException impossible) {
            throw new java.io.UncheckedIOException(impossible);
        }
    }

    private static Request.Subscribe subscribe(JsonNode json, Integer sub, byte[] frame) {
        String to = neededText(json, "to");
        Request.Target target;
        if (to.startsWith("projection:")) {
            target = viewTarget(json, to.substring("projection:".length()));
        } else if (to.startsWith("events:")) {
            target = eventTarget(json, to.substring("events:".length()));
        } else if (to.startsWith("saga:")) {
            target = sagaTarget(json, to.substring("saga:".length()));
        } else {
            throw Refused.unsupported(
                    "found to '" + shown(to)
                            + "', expected projection:NAME, events:STREAM, events:category:NAME, events:$all, saga:NAME or saga:NAME/KEY");
        }
        Long window = json.hasNonNull("window") ? atLeast(json, "window", 0) : null;
        return new Request.Subscribe(sub, target, text(json, "resume"), window, meta(json), frame);
    }

    private static Request.ViewTarget viewTarget(JsonNode json, String projection) {
        refuse(json, "since", "a projection");
        refuse(json, "last", "a projection");
        if (projection.isEmpty()) {
            throw Refused.badFrame("found no name after projection:, expected one");
        }
        long interval = upTo(json, "minInterval", 0, MAX_INTERVAL_MILLIS, 0);
        boolean isEvery = oneOf(json, "mode", "latest", "every").equals("every");
        boolean hasSnapshot = oneOf(json, "snapshot", "auto", "never").equals("auto");
        var top = top(json);
        if (isEvery && (interval > 0 || top != null)) {
            throw Refused.unsupported("found mode every with minInterval or orderBy, expected mode latest with those");
        }
        if (top != null && (json.hasNonNull("keys") || !hasSnapshot)) {
            throw Refused.unsupported(
                    "found orderBy with keys or with snapshot never, expected all rows, or those with a prefix");
        }
        return new Request.ViewTarget(
                projection, wanted(json), text(json, "after"), interval, isEvery, top, hasSnapshot);
    }

    private static RowSelector.Wanted wanted(JsonNode json) {
        String prefix = text(json, "prefix");
        var keys = texts(json, "keys");
        if (keys != null && prefix != null) {
            throw Refused.unsupported("found keys and prefix, expected one of them");
        }
        boolean hasNumbersAsText = oneOf(json, "numbers", "number", "string").equals("string");
        return new RowSelector.Wanted(
                prefix == null ? "" : prefix,
                keys == null
                        ? null
                        : keys.stream().sorted(Values::compareText).distinct().toList(),
                text(json, "where"),
                texts(json, "fields"),
                hasNumbersAsText);
    }

    private static Request.@Nullable Top top(JsonNode json) {
        String order = text(json, "orderBy");
        if (order == null) {
            refuse(json, "limit", "rows without orderBy");
            return null;
        }
        return new Request.Top(Rows.Order.parse(order), (int) upTo(json, "limit", 1, MAX_LIMIT, DEFAULT_LIMIT));
    }

    private static long upTo(JsonNode json, String name, long least, long most, long absent) {
        long value = json.hasNonNull(name) ? atLeast(json, name, least) : absent;
        if (value > most) {
            throw Refused.badFrame("found " + name + " " + value + ", expected at most " + most);
        }
        return value;
    }

    private static String oneOf(JsonNode json, String name, String absent, String other) {
        String value = text(json, name);
        if (value != null && !value.equals(absent) && !value.equals(other)) {
            throw Refused.unsupported("found " + name + " '" + shown(value) + "', expected " + absent + " or " + other);
        }
        return value == null ? absent : value;
    }

    private static @Nullable List<String> texts(JsonNode json, String name) {
        JsonNode list = json.get(name);
        if (list == null || list.isNull()) {
            return null;
        }
        if (!list.isArray() || list.isEmpty() || list.size() > MAX_KEYS) {
            throw Refused.badFrame("found " + name + " as "
                    + (list.isArray() ? "a list of " + list.size() : kind(list)) + ", expected a list of 1 to "
                    + MAX_KEYS + " strings");
        }
        var texts = new ArrayList<String>();
        for (JsonNode each : list) {
            if (!each.isTextual()) {
                throw Refused.badFrame("found " + kind(each) + " in " + name + ", expected strings");
            }
            texts.add(each.textValue());
        }
        return texts;
    }

    private static Request.EventTarget eventTarget(JsonNode json, String of) {
        refuseOfRows(json, "events");
        return new Request.EventTarget(selection(of), text(json, "where"), since(json), last(json));
    }

    private static Request.SagaTarget sagaTarget(JsonNode json, String of) {
        refuseOfRows(json, "sagas");
        refuse(json, "where", "sagas");
        int slash = of.indexOf('/');
        String key = slash < 0 ? null : of.substring(slash + 1);
        String saga = slash < 0 ? of : of.substring(0, slash);
        if (saga.isEmpty() || key != null && key.isEmpty()) {
            throw Refused.badFrame("found saga:" + shown(of) + ", expected saga:NAME or saga:NAME/KEY");
        }
        return new Request.SagaTarget(saga, key, since(json), last(json));
    }

    private static void refuseOfRows(JsonNode json, String target) {
        String mode = text(json, "mode");
        if (mode != null && !mode.equals("every")) {
            throw Refused.unsupported("found mode '" + shown(mode) + "' for " + target + ", expected every");
        }
        for (String name : List.of("prefix", "keys", "fields", "orderBy", "limit", "snapshot", "numbers")) {
            refuse(json, name, target);
        }
        refuse(json, "after", target + " (resume reads on from a cursor)");
        if (longOr(json, "minInterval", 0) != 0) {
            throw Refused.unsupported("found minInterval, which subscriptions to " + target + " do not have");
        }
    }

    private static @Nullable Integer last(JsonNode json) {
        Long last = json.hasNonNull("last") ? atLeast(json, "last", 0) : null;
        if (last != null && last > MAX_LAST) {
            throw Refused.badFrame("found last " + last + ", expected at most " + MAX_LAST);
        }
        return last == null ? null : last.intValue();
    }

    private static Selection selection(String of) {
        if (of.equals("$all")) {
            return new Selection.All();
        }
        if (of.startsWith("category:")) {
            return new Selection.OfCategory(StreamName.check(of.substring("category:".length())));
        }
        return new Selection.OfStream(StreamName.check(of));
    }

    private static @Nullable Long since(JsonNode json) {
        String since = text(json, "since");
        if (since == null) {
            return null;
        }
        try {
            Instant time = OffsetDateTime.parse(since).toInstant();
            return Math.addExact(Math.multiplyExact(time.getEpochSecond(), 1_000_000L), time.getNano() / 1_000L);
        } catch (DateTimeException | ArithmeticException malformed) {
            throw Refused.badFrame(
                    "found since '" + shown(since) + "', expected a time of RFC 3339 such as 2026-01-31T20:41:07Z");
        }
    }

    private static Set<Meta> meta(JsonNode json) {
        var wanted = EnumSet.noneOf(Meta.class);
        JsonNode names = json.get("meta");
        if (names == null || names.isNull()) {
            return wanted;
        }
        if (!names.isArray()) {
            throw Refused.badFrame("found meta as " + kind(names) + ", expected a list");
        }
        for (JsonNode name : names) {
            switch (name.asText()) {
                case "cursor" -> wanted.add(Meta.CURSOR);
                case "at" -> wanted.add(Meta.AT);
                default ->
                    throw Refused.unsupported("found meta '" + shown(name.asText()) + "', expected cursor or at");
            }
        }
        return wanted;
    }

    private static void refuse(JsonNode json, String name, String target) {
        if (json.hasNonNull(name)) {
            throw Refused.unsupported("found " + name + ", which subscriptions to " + target + " do not have");
        }
    }

    private static Integer needed(@Nullable Integer sub) {
        if (sub == null) {
            throw Refused.badFrame("found no sub, expected the number of a subscription");
        }
        return sub;
    }

    private static String neededText(JsonNode json, String name) {
        String value = text(json, name);
        if (value == null) {
            throw Refused.badFrame("found no " + name + ", expected a string");
        }
        return value;
    }

    private static @Nullable String text(JsonNode json, String name) {
        JsonNode value = json.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isTextual()) {
            throw Refused.badFrame("found " + name + " as " + kind(value) + ", expected a string");
        }
        return value.textValue();
    }

    private static @Nullable Integer integer(JsonNode json, String name) {
        JsonNode value = json.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw Refused.badFrame("found " + name + " as " + shown(value.toString()) + ", expected an integer");
        }
        return value.intValue();
    }

    private static long longOr(JsonNode json, String name, long absent) {
        return json.hasNonNull(name) ? atLeast(json, name, 0) : absent;
    }

    private static long atLeast(JsonNode json, String name, long least) {
        JsonNode value = json.get(name);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < least) {
            throw Refused.badFrame("found " + name + " as " + (value == null ? "nothing" : shown(value.toString()))
                    + ", expected an integer from " + least);
        }
        return value.longValue();
    }

    private static String echo(JsonNode t) {
        if (!t.isNumber() && !t.isTextual()) {
            throw Refused.badFrame("found t as " + kind(t) + ", expected a number or a string");
        }
        return t.toString();
    }

    private static String kind(JsonNode json) {
        return json.isMissingNode()
                ? "nothing"
                : "a JSON " + json.getNodeType().name().toLowerCase(Locale.ROOT);
    }

    /** As much of what came as a message can bear. */
    private static String shown(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }
}
