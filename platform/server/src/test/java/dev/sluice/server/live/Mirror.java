package dev.sluice.server.live;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a client of a view holds when it does as the protocol says, and where it stands. */
final class Mirror {
    final Map<String, JsonObject> rows = new TreeMap<>();

    @Nullable
    String cursor;

    private final Set<String> seen = new HashSet<>();
    private boolean isDiff;

    void apply(JsonObject frame) {
        switch (frame.getString("op")) {
            case "subscribed" -> begin(frame.getString("resumed"));
            case "reset" -> begin(frame.getString("then"));
            case "snapshot" -> {
                set(frame.getJsonArray("rows"));
                cursor = frame.getString("cursor");
            }
            case "synced" -> {
                if (isDiff) {
                    rows.keySet().retainAll(seen);
                    isDiff = false;
                }
                cursor = frame.getString("cursor");
            }
            case "delta" -> {
                set(frame.getJsonArray("set"));
                frame.getJsonArray("del").forEach(rows::remove);
                cursor = frame.getString("to");
            }
            case "checkpoint" -> cursor = frame.getString("cursor");
            case "ping", "pong" -> {}
            default -> throw new AssertionError("unexpected frame " + frame.encode());
        }
    }

    private void begin(String how) {
        isDiff = how.equals("diff");
        seen.clear();
        if (how.equals("snapshot")) {
            rows.clear();
        }
    }

    private void set(JsonArray changed) {
        for (Object each : changed) {
            var row = (JsonArray) each;
            rows.put(row.getString(0), row.getJsonObject(1));
            seen.add(row.getString(0));
        }
    }
}
