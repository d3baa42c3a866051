package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.participant.CommandTopicConfig;
import dev.sluice.participant.UpstreamConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The keys {@code http.upstreams} and {@code kafka.commands}: what sagas send commands to beside the platform, in the order of the file. */
final class ParticipantKeys {
    private static final String UPSTREAMS = "http.upstreams";
    private static final String COMMANDS = "kafka.commands";
    private static final String URL = ".url";

    static final Set<String> PATHS = Set.of(UPSTREAMS, COMMANDS);

    private final List<UpstreamConfig> upstreams = new ArrayList<>();
    private final List<CommandTopicConfig> commandTopics = new ArrayList<>();
    private final List<Config.Entry> entries = new ArrayList<>();

    /** Reads one of {@link #PATHS}; CONFIG_INVALID with file, line and key. */
    void read(String path, ConfigFile.Value value) {
        if (path.equals(UPSTREAMS)) {
            value.members(path).forEach(this::readUpstream);
        } else {
            value.items(path).forEach(this::readCommands);
        }
    }

    private void readUpstream(String name, ConfigFile.Value item) {
        String path = UPSTREAMS + "." + name;
        var values = new LinkedHashMap<String, String>();
        var headers = new LinkedHashMap<String, String>();
        item.members(path).forEach((key, value) -> {
            if (key.equals("headers")) {
                headers.putAll(texts(path + ".headers", value));
            } else {
                values.put(key, value.text(path + "." + key));
            }
        });
        try {
            upstreams.add(UpstreamConfig.parse(name, values, headers));
        } catch (Failure invalid) {
            throw refused(item.where() + ": " + path + "." + invalid.getMessage());
        }
        values.forEach((key, value) -> show(path + "." + key, value, item));
        headers.keySet().forEach(header -> show(path + ".headers." + header, Config.MASK, item));
    }

    private void readCommands(ConfigFile.Value item) {
        String path = COMMANDS + "[]";
        var values = texts(path, item);
        try {
            var given = CommandTopicConfig.parse(values);
            if (commandTopics.stream().anyMatch(other -> isShared(other, given))) {
                throw refused("topic: found '" + given.topic() + "' with replies on '" + given.replyTopic()
                        + "', expected topics that no other entry has");
            }
            commandTopics.add(given);
        } catch (Failure invalid) {
            throw refused(item.where() + ": " + path + "." + invalid.getMessage());
        }
        values.forEach((key, value) -> show(COMMANDS + "[" + values.get("topic") + "]." + key, value, item));
    }

    private static boolean isShared(CommandTopicConfig one, CommandTopicConfig other) {
        var topics = Set.of(one.topic(), one.replyTopic());
        return topics.contains(other.topic()) || topics.contains(other.replyTopic());
    }

    /**
     * Takes an upstream that a command brings along, unless the file has one of that name.
     *
     * @param path {@code http.upstreams.NAME.url}, else it is not taken
     */
    boolean offer(String path, String url, String where) {
        boolean isOne = path.startsWith(UPSTREAMS + ".") && path.endsWith(URL);
        if (isOne) {
            String name = path.substring(UPSTREAMS.length() + 1, path.length() - URL.length());
            if (upstreams.stream().noneMatch(upstream -> upstream.name().equals(name))) {
                upstreams.add(UpstreamConfig.of(name, url));
                entries.add(new Config.Entry(path, url, where));
            }
        }
        return isOne;
    }

    private static Map<String, String> texts(String path, ConfigFile.Value value) {
        var texts = new LinkedHashMap<String, String>();
        value.members(path).forEach((name, text) -> texts.put(name, text.text(path + "." + name)));
        return texts;
    }

    private void show(String key, String value, ConfigFile.Value item) {
        entries.add(new Config.Entry(key, value, item.where()));
    }

    private static Failure refused(String message) {
        return Failure.of(Failure.Kind.CONFIG_INVALID, message);
    }

    List<UpstreamConfig> upstreams() {
        return List.copyOf(upstreams);
    }

    List<CommandTopicConfig> commandTopics() {
        return List.copyOf(commandTopics);
    }

    /** Every key with its value; those of headers are masked. */
    List<Config.Entry> entries() {
        return List.copyOf(entries);
    }
}
