package dev.sluice.expression;

import dev.sluice.log.Origin;
import dev.sluice.log.RecordedEvent;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An event that was never in a log. */
public record TestEvent(
        int shard,
        long offset,
        String stream,
        long version,
        long recordedMicros,
        String id,
        String type,
        String source,
        long timeMicros,
        String contentType,
        Map<String, Object> attributes,
        byte[] dataArray)
        implements RecordedEvent {
    /** Stream order-8812, version 3, type OrderPlaced. */
    public static TestEvent withData(String json) {
        return new TestEvent(
                0,
                17,
                "order-8812",
                3,
                1_700_000_000_500_000L,
                "e-1",
                "OrderPlaced",
                "/shop",
                1_700_000_000_000_000L,
                "application/json",
                Map.of("subject", "s-1", "tries", 3L, "express", true),
                json.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public @Nullable Origin origin() {
        return null;
    }

    @Override
    public int dataStart() {
        return 0;
    }

    @Override
    public int dataLength() {
        return dataArray.length;
    }
}
