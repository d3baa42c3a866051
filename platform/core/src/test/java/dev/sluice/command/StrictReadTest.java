package dev.sluice.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.log.Failure;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The strict reader, with the validator as its oracle: what the one takes, the other takes for the same. */
class StrictReadTest {
    private static final int DOCUMENTS = Integer.getInteger("documents", 30_000);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String GOOD = """
            {"text":"a","flag":true,"small":1,"whole":2,"large":3,"exact":1.50,"about":2,"huge":12345678901234567890,
             "size":"HIGH","at":"2026-01-02T03:04:05Z","then":"2026-01-02T03:04:05+01:00","day":"2026-01-02","time":"PT1S",
             "uuid":"123e4567-e89b-12d3-a456-426614174000","uri":"urn:a","key":{"value":"k"},"pair":{"left":"l","right":1},
             "list":["a","b"],"pairs":[{"left":"l","right":1}],"map":{"x":1},"deep":{"x":[[1,2],[3]]},
             "maybe":"m","maybePair":{"left":"l","right":1},"note":"n","box":4,"optionals":["a"]}""";
    private static final String VALUES = """
            [null,true,false,0,1,-1,1.0,2.5,1e400,128,32768,2147483648,9223372036854775808,"","  ","a","1","true","NaN","INF",
             "HIGH"," HIGH ","high","0","2026-01-02"," 2026-01-02 ","2026-01-02T03:04:05","2026-01-02T03:04:05Z",
             "2026-01-02T03:04:05+0100","2026-01-02 03:04:05Z","+12026-01-02T03:04:05Z","2026-02-30","2026-01-02T24:00:00Z",
             "PT-1S","P1W","P1Y","-PT1S","123e4567-e89b-12d3-a456-426614174000","123e4567e89b12d3a456426614174000","a b",":",
             [],[null],["a"],["a","a"],[1],[1,1.0],[[1]],[2026,1,2],{},{"value":"k"},{"left":"l","right":1},{"left":"l"},
             {"left":"l","right":1,"twice":2},{"a":null},{"a":1}]""";

    enum Size {
        LOW,
        HIGH
    }

    record Key(String value) {}

    record Pair(String left, int right) {
        /** Jackson would take a text for a pair. */
        Pair(String left) {
            this(left, 0);
        }

        static Pair valueOf(String left) {
            return new Pair(left);
        }

        List<String> getItems() {
            return new ArrayList<>();
        }
    }

    record All(
            String text,
            boolean flag,
            byte small,
            int whole,
            long large,
            BigDecimal exact,
            double about,
            BigInteger huge,
            Size size,
            Instant at,
            OffsetDateTime then,
            LocalDate day,
            Duration time,
            UUID uuid,
            URI uri,
            Key key,
            Pair pair,
            List<String> list,
            List<Pair> pairs,
            Map<String, Integer> map,
            Map<String, List<List<Long>>> deep,
            Optional<String> maybe,
            Optional<Pair> maybePair,
            @Nullable String note,
            @Nullable Integer box,
            List<@Nullable String> optionals) {}

    record Unlike(Set<BigDecimal> numbers) {}

    record Shaped(@JsonProperty("other") String name) {}

    private final CommandType<All> all = new CommandType<>("All", All.class, null);
    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void takesOnlyWhatTheValidatorTakes() throws Exception {
        System.out.println("strict reads: seed " + seed);
        int taken = 0;
        int fitting = 0;
        for (int i = 0; i < DOCUMENTS; i++) {
            var document = JSON.readTree(GOOD);
            for (int changes = random.nextInt(3); changes >= 0; changes--) {
                change(document);
            }
            byte[] bytes = bytes(document.toString());

            var strictly = all.strictly(bytes);
            var validated = validated(bytes);

            assertThat(strictly == null || strictly.equals(validated))
                    .as("seed %d: read of %s, which the validator reads as %s", seed, document, validated)
                    .isTrue();
            taken += strictly == null ? 0 : 1;
            fitting += validated == null ? 0 : 1;
        }
        assertThat(taken).as("seed %d, of %d that fit", seed, fitting).isGreaterThan(fitting * 9 / 10);
    }

    private @Nullable All validated(byte[] bytes) {
        try {
            return all.validated(bytes);
        } catch (Failure refused) {
            return null;
        }
    }

    /** Puts another value somewhere, takes one away, or adds one. */
    private void change(JsonNode node) throws Exception {
        var inner = new ArrayList<JsonNode>();
        node.forEach(each -> {
            if (each.isContainerNode() && !each.isEmpty()) {
                inner.add(each);
            }
        });
        if (!inner.isEmpty() && random.nextInt(3) == 0) {
            change(inner.get(random.nextInt(inner.size())));
            return;
        }
        var values = JSON.readTree(VALUES);
        var value = values.get(random.nextInt(values.size()));
        if (node instanceof ArrayNode array) {
            array.insert(random.nextInt(array.size() + 1), value);
        } else if (node instanceof ObjectNode object && !object.isEmpty()) {
            var names = new ArrayList<String>();
            object.fieldNames().forEachRemaining(names::add);
            String name = names.get(random.nextInt(names.size()));
            switch (random.nextInt(8)) {
                case 0 -> object.remove(name);
                case 1 -> object.set(name + "s", value);
                case 2 -> object.set("items", value);
                default -> object.set(name, value);
            }
        }
    }

    @Test
    void needsNoValidatorForWhatIsGood() {
        assertThat(all.strictly(bytes(GOOD))).isEqualTo(all.validated(bytes(GOOD)));
    }

    @Test
    void leavesSetsToTheValidator() {
        var type = new CommandType<>("Unlike", Unlike.class, null);

        assertThat(type.strictly(bytes("{\"numbers\":[1,2]}"))).isNull();
        assertThat(type.read(bytes("{\"numbers\":[1,2]}")).numbers()).hasSize(2);
        assertThatThrownBy(() -> type.read(bytes("{\"numbers\":[1,1]}"))).isInstanceOf(Failure.class);
    }

    @Test
    void refusesRecordsThatAnnotationsShape() {
        assertThatThrownBy(() -> new CommandType<>("Shaped", Shaped.class, null))
                .hasMessageContaining("annotations of Jackson");
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
