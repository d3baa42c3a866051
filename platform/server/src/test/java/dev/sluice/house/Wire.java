package dev.sluice.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The network between a client and a server of this machine: a TCP proxy that can be cut, or swallow everything in silence. */
final class Wire implements AutoCloseable {
    private final int target;
    private final ServerSocket entrance;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile boolean isCut;

    Wire(int target) {
        this.target = target;
        try {
            this.entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        run("wire-entrance", this::accept);
    }

    int port() {
        return entrance.getLocalPort();
    }

    /** Connections that have come. */
    int accepted() {
        return accepted.get();
    }

    /** Breaks every connection, and each new one, until it is mended. */
    void cut() {
        isCut = true;
        connections.forEach(Connection::close);
    }

    void mend() {
        isCut = false;
    }

    /** The connections of now hand nothing on any more, and stay open. */
    void silence() {
        connections.forEach(connection -> connection.isSilent = true);
    }

    @Override
    public void close() {
        cut();
        try {
            entrance.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() throws IOException {
        while (true) {
            var near = entrance.accept();
            accepted.incrementAndGet();
            if (isCut) {
                near.close();
            } else {
                connect(near);
            }
        }
    }

    private void connect(Socket near) throws IOException {
        try {
            var connection = new Connection(near, new Socket(InetAddress.getLoopbackAddress(), target));
            connections.add(connection);
            run("wire-there", () -> connection.pump(connection.near, connection.far));
            run("wire-back", () -> connection.pump(connection.far, connection.near));
        } catch (IOException serverIsDown) {
            near.close();
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Until the sockets close. */
    private static void run(String name, Step step) {
        var thread = new Thread(
                () -> {
                    try {
                        step.run();
                    } catch (IOException closed) {
                        // the end of this thread's work
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    private final class Connection {
        private final Socket near;
        private final Socket far;
        private volatile boolean isSilent;

        Connection(Socket near, Socket far) {
            this.near = near;
            this.far = far;
        }

        void pump(Socket from, Socket to) throws IOException {
            var bytes = new byte[16 << 10];
            try {
                for (int count = from.getInputStream().read(bytes);
                        count >= 0;
                        count = from.getInputStream().read(bytes)) {
                    if (!isSilent) {
                        to.getOutputStream().write(bytes, 0, count);
                    }
                }
            } finally {
                close();
            }
        }

        void close() {
            connections.remove(this);
            try (near;
                    far) {
                isSilent = true;
            } catch (IOException alreadyClosed) {
                // both are gone, which is what is wanted
            }
        }
    }
}
