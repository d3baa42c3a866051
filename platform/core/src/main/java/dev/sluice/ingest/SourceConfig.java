package dev.sluice.ingest;

import dev.sluice.log.Failure;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code kafka.sources}: what is read and how its records become events.
 *
 * @param topics by name; empty when {@code pattern} is given
 * @param pattern regular expression that a topic's whole name matches, null when topics are named
 * @param stream template of the stream of a record that names none
 * @param type template of the type of a record that is no CloudEvent; null: its header {@code type}, else the topic
 * @param source template of the source of such a record
 * @param refused what becomes of records that cannot become events
 * @param onOffsetLossEarliest read on from the earliest record when what the source stood at is gone
 */
public record SourceConfig(
        String name,
        List<String> topics,
        @Nullable String pattern,
        String stream,
        @Nullable String type,
        String source,
        Tombstone tombstone,
        Refused refused,
        boolean onOffsetLossEarliest) {
    static final String DEFAULT_STREAM = "${topic}-${key}";
    static final String DEFAULT_SOURCE = "kafka://${topic}";
    static final String DEFAULT_DEAD_LETTER_TOPIC = "${topic}.dlq";
    private static final String TOPIC_VARIABLE = "${topic}";
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,62}");
    private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]{1,249}");
    private static final Set<String> KEYS = new LinkedHashSet<>(List.of(
            "name",
            "topics",
            "pattern",
            "stream",
            "type",
            "source",
            "tombstone",
            "onConflict",
            "ordering",
            "deadLetterTopic",
            "onOffsetLoss"));

    /** What becomes of a record without a value that is no CloudEvent. */
    public sealed interface Tombstone {
        /** It is counted and passed over. */
        record Ignore() implements Tombstone {}

        /** It becomes an event of this type without data. */
        record AppendType(String type) implements Tombstone {}

        /** It becomes a dead letter. */
        record DeadLetter() implements Tombstone {}
    }

    /**
     * What becomes of refused records and of those after them.
     *
     * @param onConflictAppend a record whose expected version is wrong is appended all the same
     * @param isParking later records of a key wait behind its dead letter, instead of going on
     * @param topic where dead letters are mirrored to; {@code ${topic}} stands for the record's topic; empty: nowhere
     */
    public record Refused(boolean onConflictAppend, boolean isParking, String topic) {}

    public SourceConfig {
        topics = List.copyOf(topics);
        if (!NAME.matcher(name).matches() || name.equals("projection") || name.startsWith("projection-")) {
            throw invalid("name", name, "1 to 63 of a-z, 0-9, _ and -, and not 'projection' or 'projection-…'");
        }
        if (topics.isEmpty() == (pattern == null)) {
            throw invalid(
                    "topics",
                    topics.isEmpty() ? "neither topics nor pattern" : "topics and pattern",
                    "one of the two in source " + name);
        }
        for (String topic : topics) {
            if (!TOPIC.matcher(topic).matches()) {
                throw invalid("topics", topic, "a topic of 1 to 249 letters, digits, '.', '_' and '-'");
            }
        }
        checkPattern(pattern);
        for (String topic : topics) {
            String mirror = refused.topic.replace(TOPIC_VARIABLE, topic);
            if (topics.contains(mirror)) {
                throw invalid("deadLetterTopic", mirror, "a topic that source " + name + " does not read");
            }
        }
        Template.parse("stream", stream);
        Template.parse("source", source);
        if (type != null) {
            Template.parse("type", type);
        }
    }

    /** A source of one topic with all defaults. */
    public static SourceConfig of(String name, String topic) {
        return parse(name, Map.of("topics", List.of(topic)));
    }

    /**
     * Reads the keys of one entry, each with its values ({@code topics} has any number, all else one). CONFIG_INVALID says
     * which key, what was found and what was expected.
     */
    public static SourceConfig parse(String name, Map<String, List<String>> values) {
        for (String key : values.keySet()) {
            if (!KEYS.contains(key)) {
                throw Failure.of(
                        Failure.Kind.CONFIG_INVALID,
                        key + ": found an unknown key in source " + name + ", expected one of "
                                + String.join(", ", KEYS));
            }
        }
        return new SourceConfig(
                name,
                values.getOrDefault("topics", List.of()),
                one(values, "pattern"),
                or(one(values, "stream"), DEFAULT_STREAM),
                one(values, "type"),
                or(one(values, "source"), DEFAULT_SOURCE),
                tombstone(or(one(values, "tombstone"), "ignore")),
                new Refused(
                        choice(values, "onConflict", "dead-letter", "dead-letter", "append")
                                .equals("append"),
                        choice(values, "ordering", "skip", "skip", "park").equals("park"),
                        mirrored(or(one(values, "deadLetterTopic"), DEFAULT_DEAD_LETTER_TOPIC))),
                choice(values, "onOffsetLoss", "halt", "halt", "earliest").equals("earliest"));
    }

    /** Whether it reads a topic. */
    public boolean reads(String topic) {
        return pattern == null ? topics.contains(topic) : Pattern.matches(pattern, topic);
    }

    /** Whether later records of a key wait behind its dead letter. */
    boolean isParking() {
        return refused.isParking;
    }

    /** Where the dead letters of a topic are mirrored to, null for nowhere. */
    public @Nullable String deadLetterTopic(String topic) {
        return refused.topic.isEmpty() ? null : refused.topic.replace(TOPIC_VARIABLE, topic);
    }

    /** {@link #pattern} without the topics that dead letters are mirrored to: they must not come back. */
    public @Nullable String topicPattern() {
        String mirror = refused.topic;
        if (pattern == null || mirror.isEmpty()) {
            return pattern;
        }
        int variable = mirror.indexOf(TOPIC_VARIABLE);
        String mirrored = variable < 0
                ? Pattern.quote(mirror)
                : Pattern.quote(mirror.substring(0, variable)) + ".*"
                        + Pattern.quote(mirror.substring(variable + TOPIC_VARIABLE.length()));
        return "(?!" + mirrored + "$)(?:" + pattern + ")";
    }

    private static String mirrored(String text) {
        if (text.equals("none")) {
            return "";
        }
        String example = text.replace(TOPIC_VARIABLE, "t");
        if (text.equals(TOPIC_VARIABLE) || !TOPIC.matcher(example).matches()) {
            throw invalid("deadLetterTopic", text, "none, or another topic such as ${topic}.dlq");
        }
        return text;
    }

    private static Tombstone tombstone(String text) {
        if (text.equals("ignore")) {
            return new Tombstone.Ignore();
        }
        if (text.equals("dead-letter")) {
            return new Tombstone.DeadLetter();
        }
        if (text.startsWith("append:") && text.length() > "append:".length()) {
            return new Tombstone.AppendType(text.substring("append:".length()));
        }
        throw invalid("tombstone", text, "ignore, append:<Type> or dead-letter");
    }

    private static String choice(Map<String, List<String>> values, String key, String otherwise, String... choices) {
        String found = or(one(values, key), otherwise);
        if (!List.of(choices).contains(found)) {
            throw invalid(key, found, String.join(" or ", choices));
        }
        return found;
    }

    private static @Nullable String one(Map<String, List<String>> values, String key) {
        List<String> found = values.get(key);
        if (found == null) {
            return null;
        }
        if (found.size() != 1) {
            throw invalid(key, found.toString(), "one value");
        }
        return found.get(0);
    }

    private static String or(@Nullable String value, String otherwise) {
        return value == null ? otherwise : value;
    }

    private static void checkPattern(@Nullable String pattern) {
        if (pattern != null) {
            try {
                Pattern.compile(pattern);
            } catch (PatternSyntaxException malformed) {
                throw invalid("pattern", pattern, "a regular expression: " + malformed.getDescription());
            }
        }
    }

    private static Failure invalid(String key, String found, String expected) {
        return Failure.of(Failure.Kind.CONFIG_INVALID, key + ": found '" + found + "', expected " + expected);
    }
}
