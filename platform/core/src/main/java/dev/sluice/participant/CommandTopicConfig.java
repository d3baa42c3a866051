package dev.sluice.participant;

import dev.sluice.log.Failure;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One entry of {@code kafka.commands}: a topic that sagas send commands to.
 *
 * @param replyTopic where the answers come; no other topic's do
 * @param maxWaiting commands that wait for their answer at a time
 */
public record CommandTopicConfig(String topic, String replyTopic, int maxWaiting) {
    private static final List<String> KEYS = List.of("topic", "replyTopic", "maxWaiting");
    private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

    public CommandTopicConfig {
        checkTopic("topic", topic);
        checkTopic("replyTopic", replyTopic);
        if (replyTopic.equals(topic)) {
            throw invalid("replyTopic", replyTopic, "another topic than that of the commands");
        }
    }

    private static void checkTopic(String key, String topic) {
        if (!TOPIC.matcher(topic).matches()) {
            throw invalid(key, topic, "a topic of 1 to 249 letters, digits, '.', '_' and '-'");
        }
    }

    /** A topic with all defaults. */
    public static CommandTopicConfig of(String topic) {
        return parse(Map.of("topic", topic));
    }

    /** Reads the keys of one entry. CONFIG_INVALID says which key, what was found and what was expected. */
    public static CommandTopicConfig parse(Map<String, String> values) {
        for (String key : values.keySet()) {
            if (!KEYS.contains(key)) {
                throw invalid(key, "an unknown key", "one of " + String.join(", ", KEYS));
            }
        }
        String topic = values.getOrDefault("topic", "");
        return new CommandTopicConfig(
                topic,
                values.getOrDefault("replyTopic", topic + ".replies"),
                Whole.number(values, "maxWaiting", 10_000, 1, 1_000_000));
    }

    private static Failure invalid(String key, String found, String expected) {
        return Failure.of(Failure.Kind.CONFIG_INVALID, key + ": found '" + found + "', expected " + expected);
    }
}
