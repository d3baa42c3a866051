package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a client of a view holds when it does as the protocol says, and where it stands. Checks that frames are counted and that
 * each delta begins where the client stands, so it must be given all of them.
 */
final class Mirror {
    final Map<String, JsonObject> rows = new TreeMap<>();

    /** Where to resume from. */
    @Nullable
    String cursor;

    /** Where the next delta must begin, null when that has not been said. */
    private @Nullable String stand;

    private final Set<String> seen = new HashSet<>();
    private boolean isDiff;
    private boolean isInside;
    /** Of the frames since it was subscribed to, −1 when that was not seen. */
    private int count = -1;

    void apply(JsonObject frame) {
        switch (frame.getString("op")) {
            case "subscribed" -> {
                count = 0;
                begin(frame.getString("resumed"));
            }
            case "reset" -> begin(frame.getString("then"));
            case "snapshot" -> {
                count(frame);
                set(frame.getJsonArray("rows"));
                cursor = frame.getString("cursor");
            }
            case "synced" -> {
                if (isDiff) {
                    rows.keySet().retainAll(seen);
                    isDiff = false;
                }
                standAt(frame.getString("cursor"));
            }
            case "delta" -> applyDelta(frame);
            case "checkpoint" -> {
                isInside = false;
                standAt(frame.getString("cursor"));
            }
            case "ended" -> cursor = frame.getString("resume");
            case "ping", "pong" -> {}
            default -> throw new AssertionError("unexpected frame " + frame.encode());
        }
    }

    private void begin(String how) {
        stand = null;
        isInside = false;
        isDiff = how.equals("diff");
        seen.clear();
        if (how.equals("snapshot")) {
            rows.clear();
        }
    }

    private void applyDelta(JsonObject frame) {
        count(frame);
        if (stand != null) {
            assertThat(frame.getString("from")).as("from of %s", frame).isEqualTo(stand);
        }
        set(frame.getJsonArray("set"));
        frame.getJsonArray("del").forEach(rows::remove);
        isInside = frame.getBoolean("more", false);
        standAt(frame.getString("to"));
    }

    private void count(JsonObject frame) {
        int number = frame.getInteger("n");
        if (count >= 0) {
            assertThat(number).as("n of %s", frame).isEqualTo(count + 1);
        }
        count = number;
    }

    private void standAt(String where) {
        stand = where;
        cursor = where;
    }

    private void set(JsonArray changed) {
        for (Object each : changed) {
            var row = (JsonArray) each;
            rows.put(row.getString(0), row.getJsonObject(1));
            seen.add(row.getString(0));
        }
    }

    /** Whether more of the last delta is to come. */
    boolean isInside() {
        return isInside;
    }

    /** Where the next delta must begin. */
    @Nullable
    String stand() {
        return stand;
    }

    /** Goes back to what it was. */
    void restore(Map<String, JsonObject> held, @Nullable String at) {
        rows.clear();
        rows.putAll(held);
        cursor = at;
    }
}
