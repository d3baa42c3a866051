package dev.sluice.house;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/** A client that follows a category over {@code /v1/events?follow=true} and reads on from its cursor when the server went away. */
final class Follower implements AutoCloseable {
    private static final Duration CATCH_UP = Duration.ofMinutes(3);

    private final Api api;
    private final ServerProcess server;
    private final String category;
    private final List<SeenEvent> seen = new ArrayList<>();
    private final Thread thread = new Thread(this::run, "follower");
    private String cursor;
    private volatile boolean isStopped;

    Follower(Api api, ServerProcess server, String category) {
        this.api = api;
        this.server = server;
        this.category = category;
        this.cursor = api.head(category);
        thread.start();
    }

    private void run() {
        while (!isStopped) {
            try (var lines =
                    new BufferedReader(new InputStreamReader(api.follow(category, cursor), StandardCharsets.UTF_8))) {
                for (var line = lines.readLine(); line != null && !isStopped; line = lines.readLine()) {
                    if (!line.isBlank()) {
                        take(line);
                    }
                }
            } catch (IOException serverWentAway) {
                reconnect();
            } catch (InterruptedException stopped) {
                return;
            }
        }
    }

    private void reconnect() {
        try {
            server.awaitServing();
        } catch (RuntimeException never) {
            if (!isStopped) {
                throw never;
            }
        }
    }

    /** A line cut off by the server's end does not parse: it is read again. */
    private synchronized void take(String line) throws IOException {
        var event = SeenEvent.JSON.readTree(line);
        seen.add(SeenEvent.of(event));
        cursor = event.required("cursor").textValue();
    }

    /** Waits until it saw so many events. */
    void awaitCount(int count) {
        Awaitility.await("the follower saw " + count + " events")
                .atMost(CATCH_UP)
                .until(this::count, seenSoFar -> seenSoFar >= count);
    }

    synchronized int count() {
        return seen.size();
    }

    /** What it saw, in the order of its arrival. */
    synchronized List<SeenEvent> seen() {
        return List.copyOf(seen);
    }

    @Override
    public void close() {
        isStopped = true;
        thread.interrupt();
    }
}
