package dev.sluice.server.cli;

import java.util.concurrent.CountDownLatch;

/** Says that a server is ready and keeps its process up until SIGINT or SIGTERM, then stops it cleanly with exit code 0. */
final class UntilStopped {
    private UntilStopped() {}

    static void run(Terminal terminal, String url, Runnable stop) throws InterruptedException {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            int code = 0;
                            try {
                                stop.run();
                            } catch (RuntimeException failed) {
                                terminal.say("error: internal: could not stop cleanly: " + failed);
                                code = 1;
                            }
                            // A clean stop is how a server ends well; the JVM would report the signal's number instead.
                            Runtime.getRuntime().halt(code);
                        },
                        "stop"));
        terminal.line("ready " + url);
        terminal.flush();
        new CountDownLatch(1).await();
    }
}
