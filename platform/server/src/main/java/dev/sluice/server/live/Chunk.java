package dev.sluice.server.live;

import java.util.ArrayList;
import java.util.List;

/**
 * The rows of one frame, encoded: {@code ,"set":[…],"del":[…]} or {@code ,"rows":[…]}. It knows nothing of the subscription, so
 * many can send the same.
 *
 * @param rows that it takes of the credit
 * @param lastKey of the rows in it, empty when there are none
 */
record Chunk(byte[] json, int rows, String lastKey) {

    /** Splits rows into chunks of at most so many bytes; a larger row is alone in its chunk. */
    static final class Writer {
        private final int maxBytes;
        private final String name;
        private final boolean hasDeletes;
        private final JsonFrame set = JsonFrame.part();
        private final JsonFrame del = JsonFrame.part();
        private final JsonFrame row = JsonFrame.part();
        private final List<Chunk> chunks = new ArrayList<>();
        private int rows;
        private String lastKey = "";

        private Writer(int maxBytes, String name, boolean hasDeletes) {
            this.maxBytes = maxBytes;
            this.name = name;
            this.hasDeletes = hasDeletes;
        }

        static Writer ofSnapshot(int maxBytes) {
            return new Writer(maxBytes, "rows", false);
        }

        static Writer ofDelta(int maxBytes) {
            return new Writer(maxBytes, "set", true);
        }

        /** A row, or an event under its position. */
        void set(String key, byte[] json) {
            row.clear();
            row.raw("[").string(key).raw(",").raw(json).raw("]");
            put(set, key);
        }

        void del(String key) {
            row.clear();
            row.string(key);
            put(del, key);
        }

        private void put(JsonFrame list, String key) {
            if (rows > 0 && set.length() + del.length() + row.length() > maxBytes) {
                cut();
            }
            if (list.length() > 0) {
                list.raw(",");
            }
            list.raw(row);
            rows++;
            lastKey = key;
        }

        private void cut() {
            var json =
                    JsonFrame.part().raw(",\"").raw(name).raw("\":[").raw(set).raw("]");
            if (hasDeletes) {
                json.raw(",\"del\":[").raw(del).raw("]");
            }
            chunks.add(new Chunk(json.toBytes(), rows, lastKey));
            set.clear();
            del.clear();
            rows = 0;
        }

        /** Everything put in, in order; no chunk when there was nothing. */
        List<Chunk> chunks() {
            if (rows > 0) {
                cut();
            }
            return chunks;
        }
    }
}
