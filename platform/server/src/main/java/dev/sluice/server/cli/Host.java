package dev.sluice.server.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What commands need of the server in this very process; a client command never calls it, so none of it is loaded then. */
public interface Host {
    /** Reads and checks a configuration; CONFIG_INVALID names file, line and key. */
    Configuration configuration(Source source);

    /** Reads sagas in YAML and plays their scenarios; DEFINITION_INVALID names file, line and key. */
    List<Saga> sagas(String text, String file);

    /** Starts the server; answers when it is ready. */
    Running start(Source source) throws Exception;

    /** Starts a development broker in a JVM of its own; answers when it serves. It ends with this process. */
    Broker startBroker(Path data, int port) throws Exception;

    /** Connects to a broker. */
    Publisher connect(String bootstrapServers) throws Exception;

    /**
     * Where a configuration comes from.
     *
     * @param file null: the distribution's
     * @param samples whether the distribution's samples are loaded as well
     * @param flags by key, such as {@code http.port}; they win
     */
    record Source(@Nullable Path file, boolean samples, Map<String, String> flags) {}

    /** A checked configuration. */
    interface Configuration {
        /** Every key in the order of the documentation. */
        List<Setting> settings();

        /** The topics that sources name. */
        List<String> topics();

        /** Reads the files of {@code projections.dir}; the number of definitions. DEFINITION_INVALID names file, line and key. */
        int checkDefinitions();

        /** Reads the files of {@code sagas.dir}; the number of sagas. DEFINITION_INVALID names file, line and key. */
        int checkSagas();

        /** Reads the files of {@code policies.dir} together; the number of policies. DEFINITION_INVALID names all that is wrong. */
        int checkPolicies();
    }

    /** A saga as a diagram, and its scenarios. */
    record Saga(String name, int version, String diagram, List<Scenario> scenarios) {}

    /** @param problem with its file and line, null when all is as it is written */
    record Scenario(String name, @Nullable String problem) {}

    /** A key with its value, and where the value came from: default, file with line, environment or flag. */
    record Setting(String key, String value, String origin) {}

    /** A server that answers. */
    interface Running extends AutoCloseable {
        String url();

        /** Stops cleanly: finishes what is in flight, closes the log. */
        @Override
        void close();
    }

    /** A development broker. */
    interface Broker extends AutoCloseable {
        String bootstrapServers();

        @Override
        void close();
    }

    /** Writes to topics of a broker; every method waits for the broker's answer. */
    interface Publisher extends AutoCloseable {
        /** Creates a topic unless it is there. */
        void createTopic(String name, int partitions) throws Exception;

        void publish(String topic, String key, Map<String, String> headers, String value) throws Exception;

        @Override
        void close();
    }
}
