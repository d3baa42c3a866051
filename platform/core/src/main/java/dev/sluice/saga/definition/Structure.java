package dev.sluice.saga.definition;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a saga is made of, without its functions: data, the same for equal sagas in Java and in YAML.
 *
 * @param stages one after the other; the steps of a stage run beside each other
 * @param expressions the texts of the functions by their place, empty for code: part of what makes two definitions different
 * @param within of an instance, from its start until its pivot is sent; null: as long as it takes
 * @param restart a start event for a key whose instance has ended begins another run
 * @param stuckAfter without progress an instance counts as stuck
 * @param holdEarly how long events are kept that come before they are waited for
 * @param maxRunning so many instances go at once and others wait, shared evenly by the shards; null: as many as there are
 * @param publishesCompleted an event when an instance completes
 * @param publishesCompensated an event when an instance is compensated
 */
public record Structure(
        String name,
        int version,
        Trigger start,
        List<Trigger> cancels,
        @Nullable Duration within,
        boolean restart,
        Duration stuckAfter,
        Duration holdEarly,
        @Nullable Integer maxRunning,
        List<List<Step>> stages,
        boolean publishesCompleted,
        boolean publishesCompensated,
        Map<String, String> expressions) {
    public static final Duration STUCK_AFTER = Duration.ofMinutes(10);
    public static final Duration HOLD_EARLY = Duration.ofHours(1);

    /** The canonical form leaves out what is empty. */
    private static final JsonSetter.Value EMPTY = JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY);

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_EMPTY, JsonInclude.Include.NON_EMPTY))
            .visibility(PropertyAccessor.GETTER, JsonAutoDetect.Visibility.NONE)
            .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
            .withConfigOverride(List.class, lists -> lists.setSetterInfo(EMPTY))
            .withConfigOverride(Map.class, maps -> maps.setSetterInfo(EMPTY))
            .addModule(new SimpleModule()
                    .addSerializer(Duration.class, ToStringSerializer.instance)
                    .addDeserializer(Duration.class, new IsoDuration()))
            .build();

    private static final class IsoDuration extends StdDeserializer<Duration> {
        private static final long serialVersionUID = 1L;

        IsoDuration() {
            super(Duration.class);
        }

        @Override
        public Duration deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return Duration.parse(parser.getText());
        }
    }

    public Structure {
        cancels = List.copyOf(cancels);
        stages = stages.stream().map(List::copyOf).toList();
        expressions = Collections.unmodifiableMap(new TreeMap<>(expressions));
    }

    /** All steps in the order of the definition. */
    public List<Step> steps() {
        return stages.stream().flatMap(List::stream).toList();
    }

    public @Nullable Step step(String name) {
        return steps().stream()
                .filter(step -> step.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** Whether a step is the pivot, or the first that can only be retried, or behind it: from there on the way is forward only. */
    public boolean isFromPivotOn(Step step) {
        boolean isBehind = false;
        for (var each : steps()) {
            isBehind |= each.kind() == Step.Kind.PIVOT || each.kind() == Step.Kind.RETRIABLE;
            if (each.equals(step)) {
                return isBehind;
            }
        }
        return false;
    }

    /** In microseconds since 1970: an instance that is live and had no progress since then is stuck now. */
    public long stuckBefore(long nowMicros) {
        return nowMicros - stuckAfter.toNanos() / 1_000;
    }

    /** The canonical form: JSON, keys in order. */
    public String canonical() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Reads a {@link #canonical() canonical form}. IllegalArgumentException for anything else. */
    public static Structure read(JsonNode canonical) {
        return JSON.convertValue(canonical, Structure.class);
    }

    /** SHA-256 of the canonical form, in hex. */
    public String hash() {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(canonical().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
