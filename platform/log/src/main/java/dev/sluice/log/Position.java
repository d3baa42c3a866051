package dev.sluice.log;

/** The place of an event in the log, written {@code shard:offset}; offsets are dense from 1 in commit order. */
public record Position(int shard, long offset) {
    public Position {
        if (shard < 0 || offset < 1) {
            throw new IllegalArgumentException(
                    "position " + shard + ":" + offset + " needs shard >= 0 and offset >= 1");
        }
    }

    /** Reads {@code "0:17"}; anything else is {@link Failure.Kind#INVALID_REQUEST}. */
    public static Position parse(String text) {
        int colon = text.indexOf(':');
        try {
            return new Position(
                    Integer.parseInt(text.substring(0, Math.max(colon, 0))), Long.parseLong(text.substring(colon + 1)));
        } catch (IllegalArgumentException malformed) {
            throw Failure.of(
                    Failure.Kind.INVALID_REQUEST,
                    "found position '" + text + "', expected shard:offset with offset from 1, such as 0:17");
        }
    }

    @Override
    public String toString() {
        return shard + ":" + offset;
    }
}
