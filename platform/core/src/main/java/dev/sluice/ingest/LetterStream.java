package dev.sluice.ingest;

import dev.sluice.log.SourceBatch;
import dev.sluice.log.StreamInfo;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of a stream of dead letters, taken apart.
 *
 * @param source of a source's letters, null for a projection's and a saga's
 * @param partition of the source
 * @param projection of a projection's letters, null for a source's and a saga's
 */
record LetterStream(
        String name,
        @Nullable String source,
        int partition,
        @Nullable String projection) {
    static final String PREFIX = "$dlq.";

    private static final int STREAMS_A_READ = 1_000;
    private static final String PROJECTION = PREFIX + "projection-";
    static final String SAGA = PREFIX + "saga-";
    private static final String RESOLVED_PREFIX = "$dlq-resolved.";
    private static final Pattern OF_SOURCE = Pattern.compile("\\$dlq\\.(.+)-(\\d{1,9})(@\\d{1,4})?");

    /** Null for a stream that holds no dead letters. */
    static @Nullable LetterStream of(String name) {
        if (name.startsWith(PROJECTION)) {
            return new LetterStream(name, null, 0, name.substring(PROJECTION.length()));
        }
        if (name.startsWith(SAGA)) {
            return new LetterStream(name, null, 0, null);
        }
        Matcher match = OF_SOURCE.matcher(name);
        return match.matches() ? new LetterStream(name, match.group(1), Integer.parseInt(match.group(2)), null) : null;
    }

    /** The saga whose letters these are, null for a source's and a projection's. */
    @Nullable
    String saga() {
        return source == null && projection == null ? name.substring(SAGA.length(), name.lastIndexOf('@')) : null;
    }

    /** The streams of letters of a source, with their ends. */
    static Future<List<StreamInfo>> ofSource(EventLog log, String source) {
        return ofSource(log, source, "");
    }

    private static Future<List<StreamInfo>> ofSource(EventLog log, String source, String after) {
        return log.streams(PREFIX + source + "-", after, STREAMS_A_READ).compose(found -> {
            List<StreamInfo> ours = new ArrayList<>(found);
            ours.removeIf(each -> !isOf(source, of(each.stream())));
            return found.size() < STREAMS_A_READ
                    ? Future.succeededFuture(ours)
                    : ofSource(log, source, found.get(found.size() - 1).stream())
                            .map(more -> {
                                ours.addAll(more);
                                return ours;
                            });
        });
    }

    private static boolean isOf(String source, @Nullable LetterStream stream) {
        return stream != null && source.equals(stream.source());
    }

    /** The stream that says which of these letters are resolved. */
    String resolvedStream(int shard, int shards) {
        return source == null
                ? RESOLVED_PREFIX + name.substring(PREFIX.length())
                : SourceBatch.resolvedStream(source, partition, shard, shards);
    }
}
