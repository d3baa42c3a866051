package dev.sluice.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber to the projection {@code bench} with flow control as a browser would do it. It remembers its cursor and goes on
 * from there when it is opened again. On the swarm's thread.
 */
final class Subscriber {
    private static final int WINDOW = 4_096;
    private static final JsonFactory JSON = new JsonFactory();

    private final Swarm swarm;
    private final String wanted;
    private final Freshness.Watch watch;
    private @Nullable Connection connection;
    private @Nullable String cursor;
    private int rowsToCredit;
    private boolean hasAll;
    private boolean isCurrent;

    /** @param wanted further members of its {@code subscribe}, each after a comma */
    Subscriber(Swarm swarm, String wanted, Freshness.Watch watch) {
        this.swarm = swarm;
        this.wanted = wanted;
        this.watch = watch;
    }

    void open(Selector selector) throws IOException {
        hasAll = false;
        isCurrent = false;
        rowsToCredit = 0;
        connection = Connection.open(selector, swarm.server(), this);
    }

    void isReading(boolean isReading) {
        connection().isReading(isReading);
    }

    void close() throws IOException {
        if (connection != null) {
            connection.close();
        }
    }

    int missing() {
        return watch.missing();
    }

    void upgraded() throws IOException {
        String resume = cursor == null ? "" : ",\"resume\":\"" + cursor + "\"";
        connection().send("{\"op\":\"hello\",\"v\":1,\"client\":\"bench\"}");
        connection()
                .send("{\"op\":\"subscribe\",\"sub\":1,\"to\":\"projection:" + BenchProjection.NAME + "\",\"window\":"
                        + WINDOW + wanted + resume + "}");
    }

    /** A whole message; the array is the swarm's and is used again. */
    void message(byte[] bytes, int start, int length) throws IOException {
        String op = "";
        String resumed = "";
        int rows = 0;
        long nowNanos = System.nanoTime();
        try (JsonParser json = JSON.createParser(bytes, start, length)) {
            json.nextToken();
            for (String name; (name = json.nextFieldName()) != null; ) {
                json.nextToken();
                switch (name) {
                    case "op" -> op = json.getText();
                    case "resumed" -> resumed = json.getText();
                    case "cursor", "to" -> cursor = json.getText();
                    case "rows", "set" -> rows += take(json, op.equals("delta"), nowNanos);
                    case "del" -> rows += deleted(json);
                    default -> json.skipChildren();
                }
            }
        }
        switch (op) {
            case "subscribed" -> {
                hasAll = resumed.equals("exact");
                swarm.subscribed(resumed);
            }
            case "snapshot" -> swarm.snapshot();
            case "synced" -> hasAll = true;
            case "error", "ended" ->
                throw new IOException("found " + new String(bytes, start, length, StandardCharsets.UTF_8));
            default -> {}
        }
        credit(rows);
        swarm.took(rows);
        if (hasAll && !isCurrent && watch.missing() == 0) {
            isCurrent = true;
            swarm.current(nowNanos);
        }
    }

    private int take(JsonParser json, boolean isChange, long nowNanos) throws IOException {
        int rows = 0;
        while (json.nextToken() == JsonToken.START_ARRAY) {
            json.nextToken();
            int row = Integer.parseInt(json.getText());
            json.nextToken();
            int count = count(json);
            json.nextToken();
            if (isChange) {
                watch.see(row, count, nowNanos);
            } else {
                watch.hold(row, count);
            }
            rows++;
        }
        return rows;
    }

    private static int count(JsonParser json) throws IOException {
        int count = 0;
        for (String name; (name = json.nextFieldName()) != null; ) {
            json.nextToken();
            if (name.equals(BenchProjection.COUNT)) {
                count = json.getIntValue();
            }
        }
        return count;
    }

    private static int deleted(JsonParser json) throws IOException {
        int rows = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            rows++;
        }
        return rows;
    }

    private void credit(int rows) throws IOException {
        rowsToCredit += rows;
        if (rowsToCredit >= WINDOW / 4) {
            connection().send("{\"op\":\"credit\",\"sub\":1,\"rows\":" + rowsToCredit + "}");
            rowsToCredit = 0;
        }
    }

    private Connection connection() {
        if (connection == null) {
            throw new IllegalStateException("found no socket, expected it to be open");
        }
        return connection;
    }
}
