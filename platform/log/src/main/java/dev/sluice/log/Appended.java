package dev.sluice.log;

import java.util.List;

/**
 * The answer of an append after its commit.
 *
 * @param first position of the first event; the append's other events follow without a gap
 * @param count of events
 * @param streams in the order of the append
 * @param cursor covers the append; every other shard at what was visible
 * @param duplicate the append id was known: this is the stored answer, nothing was written
 */
public record Appended(Position first, int count, List<StreamVersions> streams, Cursor cursor, boolean duplicate) {
    /** The versions one stream got. */
    public record StreamVersions(String stream, long firstVersion, long lastVersion) {}
}
