package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The child process, life after life, and the socket between it and its participants. Lives are started and ended by one thread. */
final class KillHouse implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;

    private final Path folder;
    private final KillParticipants participants;
    private final ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final ScheduledExecutorService late = Executors.newSingleThreadScheduledExecutor();
    private final AtomicLong numbers = new AtomicLong();
    private final Object lives = new Object();
    private final List<Long> startsMicros = new CopyOnWriteArrayList<>();
    private final List<String> broken = new CopyOnWriteArrayList<>();
    private volatile @Nullable Life life;
    private volatile boolean isHealed;

    /** The process is gone before it answered. */
    static final class Gone extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** It answered that it does not do it. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why);
        }
    }

    private final class Life {
        final Process process;
        final Socket socket;
        final OutputStream out;
        final Thread reader;
        final CompletableFuture<Void> ready = new CompletableFuture<>();
        final Map<Long, CompletableFuture<JsonNode>> open = new ConcurrentHashMap<>();
        volatile boolean isOver;

        Life(Process process, Socket socket) throws IOException {
            this.process = process;
            this.socket = socket;
            out = socket.getOutputStream();
            reader = new Thread(this::read, "child");
            reader.start();
        }

        void read() {
            try (var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    if (line.endsWith("}")) {
                        take(Json.MAPPER.readTree(line));
                    }
                }
            } catch (IOException reset) {
                // it was killed
            } finally {
                isOver = true;
                ready.completeExceptionally(new Gone());
                open.values().forEach(each -> each.completeExceptionally(new Gone()));
            }
        }

        void take(JsonNode message) {
            if (message.has("ask")) {
                answer(message.path("ask").longValue(), participants.take(message));
            } else if (message.has("n")) {
                var waiting = open.remove(message.path("n").longValue());
                if (waiting != null && message.has("failed")) {
                    waiting.completeExceptionally(
                            new Refused(message.path("failed").textValue()));
                } else if (waiting != null) {
                    waiting.complete(message.path("done"));
                }
            } else if (message.has("broken")) {
                broken.add(message.path("broken").textValue());
            } else {
                ready.complete(null);
            }
        }

        void answer(long number, KillParticipants.Answer answer) {
            var message = Json.MAPPER.createObjectNode().put("answer", number).put("rejects", answer.rejects());
            if (answer.fails()) {
                message.put("fails", true);
            }
            for (int i = 0; i < answer.times(); i++) {
                if (answer.delayMillis() == 0) {
                    say(message);
                } else {
                    late.schedule(() -> say(message), answer.delayMillis(), TimeUnit.MILLISECONDS);
                }
            }
        }

        void say(JsonNode message) {
            synchronized (out) {
                try {
                    out.write((message + "\n").getBytes(StandardCharsets.UTF_8));
                } catch (IOException gone) {
                    process.destroyForcibly();
                }
            }
        }
    }

    KillHouse(Path folder, KillParticipants participants) throws IOException {
        this.folder = folder;
        this.participants = participants;
        server.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    }

    Path log() {
        return folder.resolve("log");
    }

    /** Starts another life. */
    void start(@Nullable String failpoint) throws IOException {
        var command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-Djava.io.tmpdir=" + folder, // it leaves RocksDB's library behind
                "-cp",
                System.getProperty("java.class.path")));
        if (failpoint != null) {
            command.add("-D" + KillChild.FAILPOINT + "=" + failpoint);
        }
        if (isHealed) {
            command.add("-D" + KillChild.HEALED + "=true");
        }
        command.addAll(List.of(KillChild.class.getName(), log().toString(), String.valueOf(server.getLocalPort())));
        startsMicros.add(TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()));
        var output = ProcessBuilder.Redirect.appendTo(output().toFile());
        var process = new ProcessBuilder(command)
                .redirectOutput(output)
                .redirectError(output)
                .start();
        var next = new Life(process, server.accept());
        synchronized (lives) {
            life = next;
            lives.notifyAll();
        }
    }

    /** From the next life on, its code tells the keys of all events. */
    void heal() {
        isHealed = true;
    }

    /** Until there is a life that is not over, or a while has passed. */
    void awaitNext() {
        synchronized (lives) {
            var last = life;
            if (last == null || last.isOver) {
                try {
                    lives.wait(TimeUnit.SECONDS.toMillis(1));
                } catch (InterruptedException over) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    Path output() {
        return folder.resolve("child.log");
    }

    /** When each life began, before it did anything. */
    List<Long> startsMicros() {
        return startsMicros;
    }

    /** The invariants that lives have found broken themselves. */
    List<String> broken() {
        return broken;
    }

    private Life life() {
        return java.util.Objects.requireNonNull(life, "not started");
    }

    /** Whether it was ready before it died. */
    boolean awaitReady() {
        return isReady(life());
    }

    private static boolean isReady(Life life) {
        try {
            life.ready.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException died) {
            return false;
        } catch (InterruptedException | TimeoutException stuck) {
            throw new IllegalStateException("the child does not become ready", stuck);
        }
    }

    void kill() {
        life().process.destroyForcibly();
    }

    boolean isDead() {
        return !life().process.isAlive();
    }

    /** Until it is dead and all that it had sent was taken. */
    void awaitEnd() throws InterruptedException {
        var ended = life();
        if (!ended.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the child does not end");
        }
        ended.reader.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    }

    /** Asks the life that there is, once it is ready. */
    JsonNode call(ObjectNode message) {
        var asked = life;
        if (asked == null || !isReady(asked) || asked.isOver) {
            throw new Gone();
        }
        long number = numbers.incrementAndGet();
        var answer = new CompletableFuture<JsonNode>();
        asked.open.put(number, answer);
        if (asked.isOver) {
            throw new Gone();
        }
        asked.say(message.put("n", number));
        try {
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw (RuntimeException) failed.getCause();
        } catch (InterruptedException | TimeoutException stuck) {
            throw new IllegalStateException("the child does not answer", stuck);
        }
    }

    static ObjectNode message(String verb) {
        return Json.MAPPER.createObjectNode().put("do", verb);
    }

    @Override
    public void close() throws IOException {
        if (life != null) {
            life().process.destroyForcibly();
        }
        late.shutdownNow();
        server.close();
    }
}
