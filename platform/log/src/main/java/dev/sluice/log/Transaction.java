package dev.sluice.log;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What one write sees and does. Everything it does is staged here; {@link #accept} moves it into the group, {@link #discard}
 * drops it. One object serves all writes of the writer thread in turn.
 */
final class Transaction implements ShardTransaction {
    private final int shard;
    private final int shards;
    private final int maxEventBytes;
    private final Index index;
    private final GroupBuilder group;
    private final Watermarks watermarks;
    private final AppendIds appendIds;

    private final Map<String, StreamState> created = new HashMap<>();
    /** Null where a row goes. */
    private final Map<String, byte @Nullable []> rows = new LinkedHashMap<>();

    private StreamState[] streams = new StreamState[64];
    private Event[] events = new Event[64];
    private int[] bounds = new int[64];
    /** The stream looked at last by this write. */
    private @Nullable StreamState lastState;

    private int count;
    private long number;
    private @Nullable String appendId;
    private @Nullable Remembered answer;
    private @Nullable String watermarkKey;
    private SourceBatch.@Nullable Watermark watermark;

    Transaction(
            int shard,
            LogOptions options,
            Index index,
            GroupBuilder group,
            Watermarks watermarks,
            AppendIds appendIds) {
        this.shard = shard;
        this.shards = options.shards();
        this.maxEventBytes = options.maxEventBytes();
        this.index = index;
        this.group = group;
        this.watermarks = watermarks;
        this.appendIds = appendIds;
    }

    void begin() {
        number++;
        lastState = null;
    }

    @Override
    public int shard() {
        return shard;
    }

    int shards() {
        return shards;
    }

    @Override
    public long nowMicros() {
        return group.recordedMicros();
    }

    @Override
    public long version(String stream) {
        StreamState state = stateOf(stream);
        return state == null ? 0 : versionOf(state);
    }

    /** Streams that this write will append to soon. */
    void fetch(int streamCount, IntFunction<String> names) {
        index.fetch(streamCount, names);
    }

    private @Nullable StreamState stateOf(String stream) {
        StreamState last = lastState;
        if (last != null && last.name().equals(stream)) {
            return last;
        }
        StreamState state = index.stream(stream);
        if (state == null && !created.isEmpty()) {
            state = created.get(stream);
        }
        lastState = state;
        return state;
    }

    private long versionOf(StreamState state) {
        return state.stagedBy == number ? state.stagedVersion : state.version;
    }

    @Override
    public long append(String stream, Event event) {
        StreamState state = stateOf(stream);
        if (state == null) {
            StreamName.check(stream);
        }
        int bound = checked(stream, event);
        if (state == null) {
            state = new StreamState(stream, 0, 0);
            created.put(stream, state);
        }
        state.stagedVersion = versionOf(state) + 1;
        state.stagedBy = number;
        if (count == events.length) {
            streams = Arrays.copyOf(streams, 2 * count);
            events = Arrays.copyOf(events, 2 * count);
            bounds = Arrays.copyOf(bounds, 2 * count);
        }
        streams[count] = state;
        events[count] = event;
        bounds[count] = bound;
        count++;
        return lastOffset();
    }

    private int checked(String stream, Event event) {
        for (Map.Entry<String, Object> attribute : event.attributes().entrySet()) {
            Object value = attribute.getValue();
            if (!(value instanceof String || value instanceof Long || value instanceof Boolean)) {
                throw Failure.of(
                        Failure.Kind.INVALID_EVENT,
                        "found attribute " + attribute.getKey() + " of "
                                + value.getClass().getSimpleName() + ", expected String, Long or Boolean");
            }
        }
        long bytes = event.size();
        if (bytes > maxEventBytes) {
            throw Failure.of(
                            Failure.Kind.EVENT_TOO_LARGE,
                            "found an event of " + bytes + " bytes for stream " + stream + ", expected at most "
                                    + maxEventBytes)
                    .with("bytes", bytes)
                    .with("limit", maxEventBytes);
        }
        return BlockWriter.bound(stream, event);
    }

    @Override
    public long lastOffset() {
        return group.lastOffset() + count;
    }

    @Override
    public byte @Nullable [] get(String key) {
        return rows.containsKey(key) ? rows.get(key) : group.row(key);
    }

    @Override
    public void put(String key, byte[] value) {
        rows.put(key, value);
    }

    @Override
    public void delete(String key) {
        rows.put(key, null);
    }

    @Override
    public @Nullable Remembered remembered(String id) {
        return appendIds.find(id, nowMicros());
    }

    @Override
    public void remember(String id, Remembered given) {
        appendId = id;
        answer = given;
    }

    SourceBatch.@Nullable Watermark watermark(String key) {
        return watermarks.accepted(key);
    }

    void watermark(String key, SourceBatch.Watermark moved) {
        watermarkKey = key;
        watermark = moved;
    }

    /** Moves what was staged into the group. */
    void accept() {
        for (int i = 0; i < count; i++) {
            StreamState stream = streams[i];
            group.append(stream, events[i], stream.version + 1, bounds[i]);
        }
        rows.forEach(group::row);
        if (appendId != null && answer != null) {
            appendIds.add(appendId, answer, group);
        }
        if (watermarkKey != null && watermark != null) {
            group.watermark(watermarkKey, watermark);
        }
        discard();
    }

    /** Forgets what was staged. */
    void discard() {
        Arrays.fill(streams, 0, count, null);
        Arrays.fill(events, 0, count, null);
        count = 0;
        if (!created.isEmpty()) {
            created.clear();
        }
        if (!rows.isEmpty()) {
            rows.clear();
        }
        appendId = null;
        answer = null;
        watermarkKey = null;
        watermark = null;
    }
}
