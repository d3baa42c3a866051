package dev.sluice.saga;

import dev.sluice.log.Shard;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A log that counts the rows of its side state that are read outside of writes. */
final class CountedRows {
    private final Map<String, Long> counts = new ConcurrentHashMap<>();
    private final EventLog log;

    CountedRows(EventLog counted) {
        log = (EventLog) Proxy.newProxyInstance(
                EventLog.class.getClassLoader(), new Class<?>[] {EventLog.class}, (proxy, method, arguments) -> {
                    try {
                        var answer = method.invoke(counted, arguments);
                        return method.getName().equals("rows") ? ((Future<?>) answer).map(this::count) : answer;
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                });
    }

    private Object count(Object rows) {
        for (var row : (List<?>) rows) {
            String key = ((Shard.Row) row).key();
            counts.merge(key.substring(0, RowKeys.INSTANCES.length()), 1L, Long::sum);
        }
        return rows;
    }

    EventLog log() {
        return log;
    }

    /** So many rows of a kind, as {@link RowKeys} names them. */
    long count(String kind) {
        return counts.getOrDefault(kind, 0L);
    }
}
