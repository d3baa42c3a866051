package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One subscription of a {@link ChaosClient}: wants something at random, pauses, gives credit or acknowledges, changes its mind, goes
 * and comes back with any cursor it was ever given. Each frame is held against what was promised.
 */
final class ChaosSubscription {
    private static final int MAX_WINDOW = 300;
    private static final int DEFAULT_WINDOW = 300;
    private static final int MAX_BOOKMARKS = 4;
    private static final int MAX_RECENT = 30;

    /** As the server that the clients connect to must have it. */
    static final LiveOptions OPTIONS = new LiveOptions(32, MAX_WINDOW, 2_048, 25_000);

    private final int number;
    private final Orders orders;
    private final Random random;
    private final boolean isEvery;
    private final boolean acknowledges;
    private final boolean isEager;
    private final int window;
    private final Mirror mirror = new Mirror();
    private final Promises promises;
    private final Deque<JsonObject> recent = new ArrayDeque<>();
    private final List<Bookmark> bookmarks = new ArrayList<>();
    private final Deque<Asked> asked = new ArrayDeque<>();
    private Wants wants;
    private int crashes;

    private boolean isOpen;
    private boolean isBegun;
    private boolean isPartial;
    private boolean isEnding;
    private boolean isStarted;
    private long credit;
    private int pausedAt;
    private boolean isQuiet;
    private long beganNanos;
    private int deltas;

    /** What it held when it was given a cursor. */
    private record Bookmark(
            Map<String, JsonObject> rows, String cursor, Promises.Known known, boolean isPartial, int crashes) {}

    private record Asked(Wants wants, long nanos) {}

    ChaosSubscription(int number, Orders orders, Random random) {
        this.number = number;
        this.orders = orders;
        this.random = random;
        isEvery = random.nextInt(3) == 0;
        acknowledges = random.nextInt(4) == 0;
        isEager = random.nextInt(3) > 0;
        window = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(random.nextBoolean() ? 20 : 400);
        wants = Wants.random(random, orders, isEvery);
        promises = new Promises(orders, isEvery);
    }

    boolean isOpen() {
        return isOpen;
    }

    private long fullWindow() {
        return window == 0 ? DEFAULT_WINDOW : Math.min(window, MAX_WINDOW);
    }

    /** The socket has gone. */
    void lost() {
        isOpen = false;
        asked.clear();
    }

    /** Comes back, mostly from where it was. */
    JsonObject open(int crashesNow) {
        int kind = random.nextInt(8);
        if (kind == 0) {
            mirror.restore(Map.of(), null);
        } else if (kind < 4 && !bookmarks.isEmpty()) {
            var bookmark = bookmarks.get(random.nextInt(bookmarks.size()));
            mirror.restore(bookmark.rows(), bookmark.cursor());
            promises.restore(bookmark.known());
            isPartial = bookmark.isPartial();
            crashes = bookmark.crashes();
        } else {
            promises.restore(promises.known(mirror.isInside()));
        }
        if (crashes != crashesNow) {
            promises.restore(Promises.Known.NOTHING); // the views may have gone back
            crashes = crashesNow;
        }
        var request = new JsonObject().put("op", "subscribe").put("to", "projection:" + Orders.PROJECTION);
        wants.putInto(request).put("mode", isEvery ? "every" : "latest").put("window", window);
        if (mirror.cursor != null) {
            request.put("resume", mirror.cursor);
        } else if (random.nextInt(8) == 0 && wants.order() == null) {
            isPartial = true;
            mirror.rows.clear();
            promises.restore(Promises.Known.NOTHING);
            request.put("snapshot", "never");
        } else {
            isPartial = false;
        }
        begin(System.nanoTime());
        isOpen = true;
        isBegun = false;
        isEnding = false;
        isStarted = window > 0;
        credit = window > 0 ? fullWindow() : 0;
        pausedAt = Integer.MAX_VALUE;
        isQuiet = false;
        return request.put("sub", number);
    }

    private void begin(long nanos) {
        beganNanos = nanos;
        deltas = 0;
    }

    /** Something that a client may ask for; null for nothing. */
    @Nullable
    JsonObject act(int ping) {
        return switch (random.nextInt(14)) {
            case 0 -> {
                pausedAt = ping;
                yield ask("pause");
            }
            case 1, 2 -> resume();
            case 3 -> {
                var next = Wants.random(random, orders, isEvery);
                boolean isRefused = random.nextInt(5) == 0;
                if (next.order() != null && next.keys() != null) {
                    yield null;
                }
                if (!isRefused) {
                    asked.add(new Asked(next, System.nanoTime()));
                }
                var change = next.putInto(ask("change"));
                yield isRefused ? change.put("where", "nothing > 1") : change;
            }
            case 4 -> {
                isEnding = true;
                yield ask("unsubscribe");
            }
            default -> credit();
        };
    }

    private JsonObject ask(String op) {
        return new JsonObject().put("op", op).put("sub", number);
    }

    private JsonObject resume() {
        isQuiet = false;
        pausedAt = Integer.MAX_VALUE;
        if (!isStarted) {
            isStarted = true;
            credit += fullWindow();
        }
        return ask("resume");
    }

    /** Credit or an acknowledgement, when there is reason for it; one who gives credit knows how much there can be. */
    @Nullable
    JsonObject credit() {
        if (acknowledges && mirror.cursor != null) {
            isStarted = true;
            credit += fullWindow();
            return ask("ack").put("cursor", mirror.cursor);
        }
        // an acknowledgement fills the window, whatever there was: how much there is now is not known
        long most = acknowledges ? fullWindow() : fullWindow() - credit;
        if (most <= 0) {
            return null;
        }
        isStarted = true;
        long more = isEager ? most : 1 + random.nextInt((int) most);
        credit += more;
        return ask("credit").put("rows", more);
    }

    boolean wantsCredit() {
        return isEager && !isEnding && isOpen && credit <= fullWindow() / 2 && !acknowledges;
    }

    boolean mayAct() {
        return isOpen && !isEnding;
    }

    /** Everything it may need to come to its end. */
    List<JsonObject> settle() {
        var requests = new ArrayList<JsonObject>();
        if (mayAct()) {
            requests.add(resume());
            var credit = credit();
            if (credit != null) {
                requests.add(credit);
            }
        }
        return requests;
    }

    /** The server has answered a ping. */
    void answered(int ping) {
        isQuiet |= ping >= pausedAt;
    }

    void take(JsonObject frame) {
        recent.add(frame);
        if (recent.size() > MAX_RECENT) {
            recent.remove();
        }
        try {
            check(frame);
        } catch (AssertionError broken) {
            throw new AssertionError(
                    this + " after\n" + recent.stream().map(JsonObject::encode).collect(Collectors.joining("\n")),
                    broken);
        }
    }

    private String recent() {
        return recent.stream().map(JsonObject::encode).collect(Collectors.joining("\n"));
    }

    private void check(JsonObject frame) {
        String op = frame.getString("op");
        if (op.equals("error") && "change".equals(frame.getString("ref"))) {
            assertThat(frame.getString("code")).isEqualTo("filter_invalid");
            return;
        }
        if (op.equals("subscribed") && isBegun) {
            change(frame);
        }
        isBegun = true;
        checkFlow(frame);
        checkPace(frame);
        promises.check(frame, wants, mirror.stand());
        if (op.equals("error")) {
            return;
        }
        isPartial &= !op.equals("reset") && !"diff".equals(frame.getString("resumed"));
        mirror.apply(frame);
        if (op.equals("ended")) {
            assertThat(frame.getString("code")).isEqualTo("unsubscribed");
            lost();
        }
        keep(op);
    }

    private void change(JsonObject subscribed) {
        assertThat(subscribed.getString("resumed")).isEqualTo("diff");
        var change = asked.remove();
        wants = change.wants();
        bookmarks.clear();
        mirror.cursor = null;
        promises.restore(Promises.Known.NOTHING);
        begin(change.nanos());
    }

    private void keep(String op) {
        if (mirror.cursor != null && !op.equals("subscribed") && !op.equals("reset") && random.nextInt(30) == 0) {
            if (bookmarks.size() == MAX_BOOKMARKS) {
                bookmarks.remove(random.nextInt(MAX_BOOKMARKS));
            }
            bookmarks.add(new Bookmark(
                    new TreeMap<>(mirror.rows), mirror.cursor, promises.known(mirror.isInside()), isPartial, crashes));
        }
    }

    /** No more rows than there is credit for; a commit, or the first rows of an order, come whole when the window is full. */
    private void checkFlow(JsonObject frame) {
        boolean isSnapshot = frame.getString("op").equals("snapshot");
        if (!isSnapshot && !frame.getString("op").equals("delta")) {
            return;
        }
        assertThat(isQuiet).as("paused, but there is %s", frame).isFalse();
        long rows = isSnapshot
                ? frame.getJsonArray("rows").size()
                : frame.getJsonArray("set").size() + frame.getJsonArray("del").size();
        boolean mayComeWhole = wants.order() != null || isEvery && !isSnapshot;
        // what comes whole takes a full window, and leaves what another acknowledgement has given meanwhile
        credit = mayComeWhole ? Math.max(0, credit - Math.min(rows, fullWindow())) : credit - rows;
        assertThat(credit)
                .as("credit of a window of %d left after %s", fullWindow(), frame)
                .isNotNegative();
    }

    private void checkPace(JsonObject frame) {
        if (wants.minIntervalMillis() > 0 && frame.getString("op").equals("delta") && !mirror.isInside()) {
            deltas++;
            assertThat(System.nanoTime() - beganNanos)
                    .as("time for %d deltas, one in %d ms", deltas, wants.minIntervalMillis())
                    .isGreaterThanOrEqualTo((deltas - 1) * wants.minIntervalMillis() * 1_000_000L);
        }
    }

    /** Whether it holds what it wants of all rows. */
    boolean holds(Map<String, JsonObject> all) {
        var wanted = wants.of(all);
        return isOpen
                && asked.isEmpty()
                && (isPartial ? wanted.entrySet().containsAll(mirror.rows.entrySet()) : mirror.rows.equals(wanted));
    }

    void check(Map<String, JsonObject> all) {
        if (!holds(all)) {
            assertThat(mirror.rows).as("rows of %s after%n%s", this, recent()).isEqualTo(wants.of(all));
        }
    }

    @Override
    public String toString() {
        return "sub " + number + (isEvery ? " every " : " latest ") + wants + " window " + window + " credit " + credit
                + (isOpen ? "" : " closed") + (isPartial ? " partial" : "") + " asked " + asked + " at "
                + mirror.cursor;
    }
}
