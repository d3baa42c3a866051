package dev.sluice.kafka;

import dev.sluice.log.Failure;
import dev.sluice.spi.DeveloperKafka;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * A real Kafka broker in a JVM of its own, for {@code dev}, {@code demo} and tests: started from a folder of jars that never
 * meet our class path, on loopback, ending with the process that started it. Its output is {@code broker.log} in its folder.
 */
public final class DevBroker implements DeveloperKafka.Broker {
    private static final long START_MILLIS = 60_000;
    private static final long STOP_MILLIS = 20_000;
    private static final long ADMIN_MILLIS = 30_000;
    private static final long LOOK_MILLIS = 20;

    private final Path libFolder;
    private final Path dataFolder;
    private final int port;
    private final int controllerPort;
    private Process process;

    private DevBroker(Path libFolder, Path dataFolder, int port, int controllerPort) {
        this.libFolder = libFolder;
        this.dataFolder = dataFolder;
        this.port = port;
        this.controllerPort = controllerPort;
        this.process = launch();
    }

    /** Starts a broker from the jars of this build or distribution; as {@link #start(Path, Path, int)}. */
    public static DevBroker start(Path dataFolder, int port) {
        return start(libFolder(), dataFolder, port);
    }

    /**
     * Starts a broker and waits until it serves; UNAVAILABLE when it does not within a minute, CONFIG_INVALID for a taken port.
     *
     * @param dataFolder made when absent; what an earlier broker left there is served again
     * @param port 0 for any
     */
    public static DevBroker start(Path libFolder, Path dataFolder, int port) {
        if (port != 0 && !isFree(port)) {
            throw Failure.of(
                    Failure.Kind.CONFIG_INVALID,
                    "found port " + port + " of 127.0.0.1 taken, expected it free for Kafka");
        }
        int controllerPort = anyPort(port);
        return new DevBroker(
                libFolder, dataFolder.toAbsolutePath(), port != 0 ? port : anyPort(controllerPort), controllerPort);
    }

    /** The folder of the broker's jars beside this class's own jar or folder: a build's or a distribution's. */
    public static Path libFolder() {
        Path own = ownLocation();
        for (String above : List.of("..", "../..")) {
            Path folder = own.resolve(above).normalize().resolve("broker/lib");
            if (Files.isDirectory(folder)) {
                return folder;
            }
        }
        throw Failure.of(
                Failure.Kind.UNAVAILABLE,
                "found no broker/lib beside " + own
                        + ", expected the broker's jars there (mvn process-classes makes them)");
    }

    @Override
    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    public boolean isRunning() {
        return process.isAlive();
    }

    /** Creates a topic; one that exists already is left as it is. */
    public void createTopic(String name, int partitions) {
        createTopic(name, partitions, Map.of());
    }

    /** Creates a topic with settings such as {@code max.message.bytes}; each of its partitions takes records afterwards. */
    public void createTopic(String name, int partitions, Map<String, String> settings) {
        try (Admin admin = admin()) {
            try {
                admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(settings)))
                        .all()
                        .get(ADMIN_MILLIS, TimeUnit.MILLISECONDS);
            } catch (ExecutionException refused) {
                if (!(refused.getCause() instanceof TopicExistsException)) {
                    throw refused;
                }
            }
            awaitLeaders(admin, name);
        } catch (ExecutionException refused) {
            throw unavailable("topic " + name + " was not created: " + refused.getCause());
        } catch (TimeoutException late) {
            throw unavailable("topic " + name + " was not created within " + ADMIN_MILLIS + " ms");
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    private void awaitLeaders(Admin admin, String name)
            throws InterruptedException, ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ADMIN_MILLIS);
        while (!isServed(admin, name)) {
            if (System.nanoTime() > deadline || process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new TimeoutException();
            }
        }
    }

    /**
     * Whether every partition answers. The broker names a leader before that leader takes records, one partition after the
     * other; a producer whose first batch comes too early and whose second does not is stuck with them out of sequence.
     */
    private static boolean isServed(Admin admin, String name)
            throws InterruptedException, ExecutionException, TimeoutException {
        try {
            var described =
                    admin.describeTopics(List.of(name)).allTopicNames().get(ADMIN_MILLIS, TimeUnit.MILLISECONDS);
            var ends = described.values().stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .collect(Collectors.toMap(
                            partition -> new TopicPartition(name, partition.partition()),
                            partition -> OffsetSpec.latest()));
            admin.listOffsets(ends).all().get(ADMIN_MILLIS, TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RetriableException) {
                return false;
            }
            throw failed;
        }
    }

    /** Ends the broker as SIGKILL does; its data stays. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Starts the broker again, on the same port and data, after {@link #kill()} or on top of a running one. */
    public void restart() {
        if (isRunning()) {
            close();
        }
        process = launch();
    }

    /** Stops the broker cleanly; by force when it takes longer than 20 s. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_MILLIS, TimeUnit.MILLISECONDS)) {
                kill();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            throw interrupted();
        }
    }

    private Admin admin() {
        var settings = new Properties();
        settings.put("bootstrap.servers", bootstrapServers());
        return Admin.create(settings);
    }

    private Process launch() {
        try {
            Files.createDirectories(dataFolder);
            Path output = dataFolder.resolve("broker.log");
            Files.writeString(output, "");
            var started = new ProcessBuilder(command())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            awaitReady(started, output);
            return started;
        } catch (IOException broken) {
            throw unavailable("the broker was not started in " + dataFolder + ": " + broken.getMessage());
        }
    }

    private List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-Dlogback.configurationFile=dev/sluice/kafka/broker/logback.xml",
                "-cp",
                ownLocation() + System.getProperty("path.separator") + libFolder + "/*",
                "dev.sluice.kafka.broker.BrokerMain",
                dataFolder.resolve("log").toString(),
                String.valueOf(port),
                String.valueOf(controllerPort));
    }

    private static void awaitReady(Process started, Path output) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
        try {
            while (!Files.readString(output).lines().anyMatch("READY"::equals)) {
                if (started.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    throw unavailable("the broker ended with " + started.exitValue() + ": " + end(output));
                }
                if (System.nanoTime() > deadline) {
                    started.destroyForcibly();
                    throw unavailable("the broker did not serve within " + START_MILLIS + " ms: " + end(output));
                }
            }
        } catch (InterruptedException interrupted) {
            started.destroyForcibly();
            throw interrupted();
        }
    }

    private static String end(Path output) throws IOException {
        String text = Files.readString(output);
        return text.substring(Math.max(0, text.length() - 2_000));
    }

    private void awaitEnd() {
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    private static Path ownLocation() {
        try {
            return Path.of(DevBroker.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toAbsolutePath();
        } catch (URISyntaxException malformed) {
            throw new IllegalStateException(malformed);
        }
    }

    private static boolean isFree(int port) {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    private static int anyPort(int butNot) {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return socket.getLocalPort() == butNot ? anyPort(butNot) : socket.getLocalPort();
        } catch (IOException none) {
            throw unavailable("no free port on 127.0.0.1: " + none.getMessage());
        }
    }

    private static Failure unavailable(String message) {
        return Failure.of(Failure.Kind.UNAVAILABLE, message);
    }

    private static Failure interrupted() {
        Thread.currentThread().interrupt();
        return unavailable("interrupted while waiting for the broker");
    }
}
