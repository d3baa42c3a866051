package dev.sluice.server.cli;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Plays the usual commands against a stand-in server, so that the JVM that runs it with {@code -XX:ArchiveClassesAtExit} learns
 * which classes a command needs. The build runs it once; with the archive a command starts in about half the time.
 */
final class Rehearsal {
    private static final String EVENT =
            "{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"T\",\"source\":\"/s\",\"stream\":\"a-1\","
                    + "\"streamversion\":1,\"position\":\"0:1\",\"recordedtime\":\"2026-01-01T00:00:00Z\",\"data\":{\"n\":1.5}}";

    private Rehearsal() {}

    public static void main(String[] arguments) throws Exception {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        answer(server, "/v1/info", "{\"version\":\"0\",\"kafka\":{\"sources\":[]}}");
        answer(server, "/v1/streams", "{\"streams\":[]}");
        answer(server, "/v1/streams/a-1", "[" + EVENT + "]");
        answer(server, "/v1/events", "[" + EVENT + "]");
        answer(server, "/v1/projections", "{\"projections\":[]}");
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort();
            for (boolean isTerminal : new boolean[] {false, true}) {
                run(url, isTerminal, "info");
                run(url, isTerminal, "streams", "ls");
                run(url, isTerminal, "projections", "ls");
                run(url, isTerminal, "read", "a-1");
                run(url, isTerminal, "append", "a-1", "T", "n=1");
                run(url, isTerminal, "tail", "--no-follow");
                run(url, isTerminal, "tail", "-n", "1");
                run(url, isTerminal, "--help");
            }
        } finally {
            server.stop(0);
        }
    }

    private static void run(String url, boolean isTerminal, String... arguments) {
        var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        var terminal = new Terminal(nowhere, nowhere, isTerminal, isTerminal, 0, isTerminal);
        var cli = new Cli(new NoHost(), terminal, Map.of("SLUICE_URL", url), new ByteArrayInputStream(new byte[0]));
        cli.run(arguments);
    }

    private static void answer(HttpServer server, String path, String json) {
        server.createContext(path, exchange -> {
            byte[] body = json.getBytes(StandardCharsets.UTF_8);
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
    }

    /** No server in this process. */
    private static final class NoHost implements Host {
        @Override
        public Configuration configuration(Source source) {
            throw new IllegalStateException();
        }

        @Override
        public List<Saga> sagas(String text, String file) {
            throw new IllegalStateException();
        }

        @Override
        public Running start(Source source) {
            throw new IllegalStateException();
        }

        @Override
        public Broker startBroker(Path data, int port) {
            throw new IllegalStateException();
        }

        @Override
        public Publisher connect(String bootstrapServers) {
            throw new IllegalStateException();
        }
    }
}
