package dev.sluice.server;

import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.Failure;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a process, read once: flags win over environment, environment over file, file over default. Everything
 * is checked while it is read; the first thing wrong is CONFIG_INVALID with file, line, key, what was found and expected.
 */
public final class Config {
    /** The flag that lets the server listen beyond loopback without TLS and authentication. */
    public static final String INSECURE = "insecure";

    private static final String KAFKA_PROPERTIES = "kafka.properties";
    private static final String KAFKA_SOURCES = "kafka.sources";
    static final String MASK = "********";
    private static final Set<String> SECRET_WORDS = Set.of("password", "secret", "token", "jaas", "credential", "key");

    private final Map<ConfigKey, Setting> settings = new EnumMap<>(ConfigKey.class);
    private final Map<String, String> kafkaProperties = new LinkedHashMap<>();
    private final Map<String, String> kafkaPropertyOrigins = new LinkedHashMap<>();
    private final Map<String, SourceEntry> sources = new LinkedHashMap<>();
    private final ParticipantKeys participants = new ParticipantKeys();
    private final List<Path> projectionFolders = new ArrayList<>();
    private final List<Path> sagaFolders = new ArrayList<>();
    private Path folder = Path.of("");

    private Config() {}

    /** A key as {@code config show} prints it; secrets are masked. */
    public record Entry(String key, String value, String origin) {}

    private record Setting(Object value, String text, String origin) {}

    /** A source as it stands in a file, and as the ingest room understands it. */
    private record SourceEntry(String where, Map<String, List<String>> values, SourceConfig source) {}

    /**
     * Reads the configuration.
     *
     * @param file null for defaults only
     * @param samples a folder with {@code sources.yaml}, {@code projections/} and {@code sagas/} to add, null for none
     * @param flags by configuration path ({@code http.port}), and {@link #INSECURE}
     */
    public static Config load(
            @Nullable Path file, @Nullable Path samples, Map<String, String> environment, Map<String, String> flags) {
        var config = new Config();
        for (ConfigKey key : ConfigKey.values()) {
            Object value = key.defaultText.equals("[]") ? List.of() : key.read(key.defaultText, "default");
            config.settings.put(key, new Setting(value, key.defaultText, "default"));
        }
        if (file != null) {
            var parsed = ConfigFile.read(file);
            config.folder = parsed.folder();
            config.readLevel("", parsed.members());
        }
        config.readEnvironment(environment);
        config.readFlags(flags);
        config.projectionFolders.add(config.resolve(ConfigKey.PROJECTIONS_DIR));
        config.sagaFolders.add(config.resolve(ConfigKey.SAGAS_DIR));
        if (samples != null) {
            config.addSamples(samples);
        }
        config.checkListener(Boolean.parseBoolean(flags.get(INSECURE)));
        return config;
    }

    private void readLevel(String prefix, Map<String, ConfigFile.Value> members) {
        members.forEach((name, value) -> {
            String path = prefix.isEmpty() ? name : prefix + "." + name;
            ConfigKey key = byPath(path);
            if (key != null) {
                set(key, value);
            } else if (path.equals(KAFKA_PROPERTIES)) {
                readKafkaProperties(value);
            } else if (path.equals(KAFKA_SOURCES)) {
                value.items(path).forEach(item -> addSource(item, false));
            } else if (ParticipantKeys.PATHS.contains(path)) {
                participants.read(path, value);
            } else if (isLevel(path)) {
                readLevel(path, value.members(path));
            } else {
                throw refused(value.where() + ": found unknown key '" + path + "', expected one of "
                        + String.join(", ", knownBelow(prefix)));
            }
        });
    }

    private void set(ConfigKey key, ConfigFile.Value value) {
        Object read = key.isList() ? value.texts(key.path) : key.read(value.text(key.path), value.where());
        String text = key.isList() ? read.toString() : value.text(key.path);
        settings.put(key, new Setting(read, text, value.where()));
    }

    private void readKafkaProperties(ConfigFile.Value value) {
        value.members(KAFKA_PROPERTIES).forEach((name, property) -> {
            kafkaProperties.put(name, property.text(KAFKA_PROPERTIES + "." + name));
            kafkaPropertyOrigins.put(name, property.where());
        });
    }

    private void addSource(ConfigFile.Value item, boolean isSample) {
        var values = new LinkedHashMap<String, List<String>>();
        item.members(KAFKA_SOURCES).forEach((name, value) -> {
            String key = KAFKA_SOURCES + "[]." + name;
            values.put(name, name.equals("topics") ? value.texts(key) : List.of(value.text(key)));
        });
        String name = values.getOrDefault("name", List.of("")).get(0);
        if (name.isEmpty()) {
            throw refused(item.where() + ": " + KAFKA_SOURCES + ": found a source without a name, expected 'name: …'");
        }
        if (isSample && sources.containsKey(name)) {
            return;
        }
        if (sources.put(name, new SourceEntry(item.where(), values, parsed(name, values, item.where()))) != null) {
            throw refused(item.where() + ": " + KAFKA_SOURCES + ": found source '" + name
                    + "' twice, expected each name once");
        }
    }

    private static SourceConfig parsed(String name, Map<String, List<String>> values, String where) {
        try {
            return SourceConfig.parse(name, values);
        } catch (Failure invalid) {
            throw refused(where + ": " + KAFKA_SOURCES + "[" + name + "]." + invalid.getMessage());
        }
    }

    private void readEnvironment(Map<String, String> environment) {
        for (ConfigKey key : ConfigKey.values()) {
            String text = environment.get(key.environmentName());
            if (text != null) {
                String where = "environment " + key.environmentName();
                settings.put(key, new Setting(key.read(text, where), text, where));
            }
        }
    }

    private void readFlags(Map<String, String> flags) {
        flags.forEach((path, text) -> {
            ConfigKey key = byPath(path);
            if (key != null) {
                String where = "flag";
                settings.put(key, new Setting(key.read(text, where), text, where));
            } else if (!path.equals(INSECURE) && !participants.offer(path, text, "flag")) {
                throw new IllegalArgumentException("no configuration key " + path);
            }
        });
    }

    private void addSamples(Path samples) {
        var file = samples.resolve("sources.yaml");
        ConfigFile.read(file).members().forEach((name, value) -> {
            if (!name.equals("sources")) {
                throw refused(value.where() + ": found unknown key '" + name + "', expected sources");
            }
            value.items("sources").forEach(item -> addSource(item, true));
        });
        projectionFolders.add(samples.resolve("projections"));
        sagaFolders.add(samples.resolve("sagas"));
    }

    private void checkListener(boolean isInsecureAllowed) {
        String host = text(ConfigKey.HTTP_HOST);
        boolean isLoopback;
        try {
            isLoopback = InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            throw refused(setting(ConfigKey.HTTP_HOST).origin() + ": http.host: found '" + host
                    + "', expected an address or a name that resolves");
        }
        if (!isLoopback && !isInsecureAllowed) {
            throw refused(setting(ConfigKey.HTTP_HOST).origin() + ": http.host: found " + host
                    + ", which other machines reach without TLS and authentication; expected a loopback address such as"
                    + " 127.0.0.1, or the flag --insecure");
        }
    }

    private static @Nullable ConfigKey byPath(String path) {
        for (ConfigKey key : ConfigKey.values()) {
            if (key.path.equals(path)) {
                return key;
            }
        }
        return null;
    }

    private static boolean isLevel(String path) {
        return allPaths().stream().anyMatch(known -> known.startsWith(path + "."));
    }

    private static Set<String> knownBelow(String prefix) {
        var known = new TreeSet<String>();
        for (String path : allPaths()) {
            if (prefix.isEmpty() || path.startsWith(prefix + ".")) {
                String rest = prefix.isEmpty() ? path : path.substring(prefix.length() + 1);
                known.add(rest.contains(".") ? rest.substring(0, rest.indexOf('.')) : rest);
            }
        }
        return known;
    }

    private static List<String> allPaths() {
        var paths = new ArrayList<String>();
        for (ConfigKey key : ConfigKey.values()) {
            paths.add(key.path);
        }
        paths.add(KAFKA_PROPERTIES);
        paths.add(KAFKA_SOURCES);
        paths.addAll(ParticipantKeys.PATHS);
        return paths;
    }

    private static Failure refused(String message) {
        return Failure.of(Failure.Kind.CONFIG_INVALID, message);
    }

    /** Every key with its value and where it comes from, in the order of the reference. */
    public List<Entry> entries() {
        var entries = new ArrayList<Entry>();
        settings.forEach((key, setting) -> entries.add(new Entry(key.path, setting.text(), setting.origin())));
        kafkaProperties.forEach((name, value) -> entries.add(new Entry(
                KAFKA_PROPERTIES + "." + name,
                isSecret(name) ? MASK : value,
                kafkaPropertyOrigins.getOrDefault(name, "default"))));
        sources.forEach((name, source) -> source.values()
                .forEach((key, values) -> entries.add(new Entry(
                        KAFKA_SOURCES + "[" + name + "]." + key,
                        key.equals("topics") ? values.toString() : values.get(0),
                        source.where()))));
        entries.addAll(participants.entries());
        return entries;
    }

    private static boolean isSecret(String name) {
        String lower = name.toLowerCase(java.util.Locale.ROOT);
        return SECRET_WORDS.stream().anyMatch(lower::contains);
    }

    String text(ConfigKey key) {
        return (String) value(key);
    }

    int number(ConfigKey key) {
        return Math.toIntExact((Long) value(key));
    }

    long size(ConfigKey key) {
        return (Long) value(key);
    }

    boolean flag(ConfigKey key) {
        return (Boolean) value(key);
    }

    Duration duration(ConfigKey key) {
        return (Duration) value(key);
    }

    @SuppressWarnings("unchecked") // ConfigKey.read gives a list of text for list keys
    List<String> texts(ConfigKey key) {
        return (List<String>) value(key);
    }

    private Object value(ConfigKey key) {
        return setting(key).value();
    }

    private Setting setting(ConfigKey key) {
        return Objects.requireNonNull(settings.get(key), key.path);
    }

    /** A folder: relative to the configuration file when it stands there, else to the working folder. */
    private Path resolve(ConfigKey key) {
        Setting setting = setting(key);
        boolean isFromOutside =
                setting.origin().startsWith("environment ") || setting.origin().equals("flag");
        boolean isOwnDefault = setting.origin().equals("default") && key == ConfigKey.DATA_DIR;
        Path path = Path.of((String) setting.value());
        return isFromOutside || isOwnDefault ? path : folder.resolve(path);
    }

    Path dataFolder() {
        return resolve(ConfigKey.DATA_DIR);
    }

    /** Folders with projection files, the samples' last; a folder may be missing. */
    List<Path> projectionFolders() {
        return List.copyOf(projectionFolders);
    }

    /** Folders with files of sagas, the samples' last; a folder may be missing. */
    List<Path> sagaFolders() {
        return List.copyOf(sagaFolders);
    }

    /** The folder with policy files; it may be missing. */
    Path policyFolder() {
        return resolve(ConfigKey.POLICIES_DIR);
    }

    /** The sources in the order of the files. */
    List<SourceConfig> sources() {
        return sources.values().stream().map(SourceEntry::source).toList();
    }

    /** What sagas send commands to beside the platform. */
    ParticipantKeys participants() {
        return participants;
    }

    /** Connection settings of Kafka clients: the pass-through properties and {@code bootstrapServers}; empty without Kafka. */
    Map<String, String> kafkaConnection() {
        String servers = text(ConfigKey.KAFKA_BOOTSTRAP_SERVERS);
        if (servers.isEmpty()) {
            return Map.of();
        }
        var connection = new LinkedHashMap<>(kafkaProperties);
        connection.put("bootstrapServers", servers);
        return connection;
    }

    /** The topics that sources name, their dead-letter topics, and those of commands and replies, for whoever creates them on a developer's machine. */
    public List<String> topics() {
        var topics = new LinkedHashSet<String>();
        sources.values().forEach(entry -> topics.addAll(entry.source().topics()));
        sources.values().forEach(entry -> entry.source().topics().stream()
                .map(entry.source()::deadLetterTopic)
                .filter(Objects::nonNull)
                .forEach(topics::add));
        participants
                .commandTopics()
                .forEach(commands -> topics.addAll(List.of(commands.topic(), commands.replyTopic())));
        return List.copyOf(topics);
    }
}
