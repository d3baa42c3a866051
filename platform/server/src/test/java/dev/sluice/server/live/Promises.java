package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a subscription to the rows of {@link Orders} promises beside the rows in the end: no row goes back, none is told again that
 * is known, and who wants every transition is told each, or that there is a gap.
 */
final class Promises {
    private final Orders orders;
    private final boolean isEvery;

    /** The number of the last event that a row has told of. */
    private final Map<String, Integer> numbers = new HashMap<>();

    /** Rows of which the next event that shows must be told next. */
    private final Set<String> followed = new HashSet<>();

    /** What the frames of a delta said, until its last has come. */
    private final List<JsonObject> parts = new ArrayList<>();

    /** A snapshot may have been ahead of the deltas that follow; a cursor in a commit leads to all of it again. */
    private boolean mayRepeat;

    private final Set<String> ofSnapshot = new HashSet<>();
    private boolean isDiff;
    private boolean hasJoined;

    /** From here on each transition may be promised; whether it is shows with the first, or with a gap. */
    private boolean isSynced;

    private @Nullable String gapTo;

    Promises(Orders orders, boolean isEvery) {
        this.orders = orders;
        this.isEvery = isEvery;
    }

    /** What is known of rows at a cursor. */
    record Known(Map<String, Integer> numbers, Set<String> followed) {
        static final Known NOTHING = new Known(Map.of(), Set.of());
    }

    Known known(boolean isInside) {
        return new Known(Map.copyOf(numbers), isInside ? Set.of() : Set.copyOf(followed));
    }

    void restore(Known known) {
        numbers.clear();
        numbers.putAll(known.numbers());
        followed.clear();
        followed.addAll(known.followed());
    }

    void check(JsonObject frame, Wants wants, @Nullable String stand) {
        switch (frame.getString("op")) {
            case "subscribed" -> begin(frame.getString("resumed"));
            case "reset" -> begin(frame.getString("then"));
            case "snapshot" -> {
                frame.getJsonArray("rows").forEach(row -> {
                    checkNewest((JsonArray) row, true);
                    ofSnapshot.add(((JsonArray) row).getString(0));
                });
                followed.clear();
            }
            case "synced" -> {
                mayRepeat = true;
                isSynced = true;
                if (isDiff) {
                    numbers.keySet().retainAll(ofSnapshot);
                    followed.clear();
                }
            }
            case "error" -> checkGap(frame, stand);
            case "delta" -> checkDelta(frame, wants);
            case "checkpoint" -> endDelta(true, wants);
            default -> {}
        }
    }

    private void begin(String how) {
        parts.clear();
        ofSnapshot.clear();
        isDiff = how.equals("diff");
        mayRepeat = true;
        hasJoined = how.equals("exact");
        isSynced = false;
        gapTo = null;
        if (how.equals("snapshot")) {
            numbers.clear();
            followed.clear();
        }
    }

    private void checkGap(JsonObject error, @Nullable String stand) {
        assertThat(error.getString("code")).as("code of %s", error).isEqualTo("gap");
        assertThat(isEvery && (hasJoined || isSynced) && gapTo == null)
                .as("may have %s", error)
                .isTrue();
        if (stand != null) {
            assertThat(error.getString("from")).as("from of %s", error).isEqualTo(stand);
        }
        gapTo = error.getString("to");
    }

    private void checkDelta(JsonObject delta, Wants wants) {
        boolean isConflated = delta.containsKey("conflated");
        if (isEvery) {
            assertThat(isConflated && hasJoined && !delta.getString("to").equals(gapTo))
                    .as("a gap, to be told before %s", delta)
                    .isFalse();
            parts.add(delta);
        } else {
            boolean isAgain = mayRepeat;
            delta.getJsonArray("set").forEach(row -> checkNewest((JsonArray) row, isAgain));
            if (wants.order() != null) {
                delta.getJsonArray("del").forEach(numbers::remove);
            }
        }
        if (isConflated || !delta.getBoolean("more", false)) {
            endDelta(isConflated, wants);
            gapTo = null;
        }
        mayRepeat &= delta.getBoolean("more", false);
    }

    private void endDelta(boolean isConflated, Wants wants) {
        for (var part : parts) {
            if (isConflated) {
                part.getJsonArray("set").forEach(row -> checkNewest((JsonArray) row, true));
                part.getJsonArray("del").forEach(this::forget);
            } else {
                part.getJsonArray("set").forEach(row -> checkNext((JsonArray) row, wants));
                part.getJsonArray("del").forEach(key -> checkGone((String) key, wants));
            }
        }
        hasJoined |= !parts.isEmpty() && !isConflated;
        if (isConflated && !parts.isEmpty()) {
            forgetUntold(parts.get(parts.size() - 1).getBoolean("more", false));
        }
        parts.clear();
    }

    /** Amid a scan, rows that have not come now may have changed in what was merged, and come where they changed last. */
    private void forgetUntold(boolean isAmid) {
        if (isAmid) {
            var told = new HashSet<String>();
            parts.forEach(part -> part.getJsonArray("set").forEach(row -> told.add(((JsonArray) row).getString(0))));
            numbers.keySet().retainAll(told);
            followed.retainAll(told);
        }
    }

    private void forget(Object key) {
        numbers.remove(key);
        followed.remove(key);
    }

    private void checkNewest(JsonArray row, boolean mayBeKnown) {
        String key = row.getString(0);
        int number = number(row);
        Integer before = numbers.put(key, number);
        if (before != null) {
            assertThat(number).as("number of %s", row).isGreaterThanOrEqualTo(mayBeKnown ? before : before + 1);
        }
        followed.add(key);
    }

    private void checkNext(JsonArray row, Wants wants) {
        String key = row.getString(0);
        int number = number(row);
        checkFollows(key, number, wants);
        assertThat(orders.isSeen(key, number, wants.above()))
                .as("shows: %s", row)
                .isTrue();
        numbers.put(key, number);
    }

    private void checkGone(String key, Wants wants) {
        Integer before = numbers.get(key);
        if (before != null && !orders.isSeen(key, before, wants.above())) {
            return; // said again: who has resumed may be told so of any row
        }
        if (before != null && followed.contains(key)) {
            int number = orders.nextShown(key, before, wants.above());
            assertThat(orders.isSeen(key, number, wants.above()))
                    .as("row %s is there after event %d, it was told to be gone after %d", key, number, before)
                    .isFalse();
            numbers.put(key, number);
        } else {
            forget(key);
        }
    }

    private void checkFollows(String key, int number, Wants wants) {
        Integer before = numbers.get(key);
        if (before == null) {
            followed.add(key);
            return;
        }
        int next = orders.nextShown(key, before, wants.above());
        if (followed.add(key)) {
            assertThat(number)
                    .as("number of %s behind a snapshot at %d", key, before)
                    .isLessThanOrEqualTo(next);
        } else {
            assertThat(number).as("number of %s after %d", key, before).isEqualTo(next);
        }
    }

    private static int number(JsonArray row) {
        return Integer.parseInt(String.valueOf(row.getJsonObject(1).getValue("seq")));
    }
}
