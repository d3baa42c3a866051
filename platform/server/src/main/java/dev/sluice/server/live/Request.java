package dev.sluice.server.live;

import dev.sluice.log.Selection;
import dev.sluice.projection.Rows;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a client may ask for, parsed and checked for shape; see {@link Requests}. */
sealed interface Request {
    /** The name of the request on the wire. */
    String op();

    /** The subscription it is about, null for the socket itself. */
    default @Nullable Integer sub() {
        return null;
    }

    record Hello(long version) implements Request {
        @Override
        public String op() {
            return "hello";
        }
    }

    /**
     * Opens a subscription.
     *
     * @param resume token to go on from, null for none
     * @param window null: the default
     * @param frame as it came, for {@link Change}
     */
    record Subscribe(
            Integer sub,
            Target target,
            @Nullable String resume,
            @Nullable Long window,
            Set<Meta> meta,
            byte[] frame) implements Request {
        @Override
        public String op() {
            return "subscribe";
        }
    }

    /** What is read. */
    sealed interface Target {}

    /**
     * The rows of a projection.
     *
     * @param after cursor to wait for, null for none
     * @param isEvery each transition, else the newest value of each row
     * @param top null: all rows
     * @param hasSnapshot whether rows that are there come first when there is no token
     */
    record ViewTarget(
            String projection,
            RowSelector.Wanted wanted,
            @Nullable String after,
            long minIntervalMillis,
            boolean isEvery,
            @Nullable Top top,
            boolean hasSnapshot)
            implements Target {}

    /** The first rows in some order. */
    record Top(Rows.Order order, int limit) {}

    /** Events; begins at the token to resume, else {@code sinceMicros}, else {@code last} events ago, else now. */
    record EventTarget(
            Selection selection,
            @Nullable String where,
            @Nullable Long sinceMicros,
            @Nullable Integer last) implements Target {}

    /**
     * Instances of a saga as they change; begins as those of {@link EventTarget} do.
     *
     * @param key null for all of them
     */
    record SagaTarget(
            String saga,
            @Nullable String key,
            @Nullable Long sinceMicros,
            @Nullable Integer last) implements Target {}

    /**
     * Other rows for an open subscription.
     *
     * @param frame as it came
     */
    record Change(Integer sub, byte[] frame) implements Request {
        @Override
        public String op() {
            return "change";
        }
    }

    /** What a client wants to be told beside rows. */
    enum Meta {
        CURSOR,
        AT
    }

    record Credit(Integer sub, long rows) implements Request {
        @Override
        public String op() {
            return "credit";
        }
    }

    record Ack(Integer sub, String cursor) implements Request {
        @Override
        public String op() {
            return "ack";
        }
    }

    record Pause(Integer sub) implements Request {
        @Override
        public String op() {
            return "pause";
        }
    }

    record Resume(Integer sub) implements Request {
        @Override
        public String op() {
            return "resume";
        }
    }

    record Unsubscribe(Integer sub) implements Request {
        @Override
        public String op() {
            return "unsubscribe";
        }
    }

    /** {@code t} goes back as it came: a JSON number or string, null when there was none. */
    record Ping(@Nullable String t) implements Request {
        @Override
        public String op() {
            return "ping";
        }
    }

    record Pong() implements Request {
        @Override
        public String op() {
            return "pong";
        }
    }
}
