package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class BlockTest {
    @RepeatedTest(20)
    void givesBackWhatWasFramed() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        var writer = new BlockWriter(3, 0);
        List<Event> events = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();

        for (int i = 0; i < 200; i++) {
            Event event = event(random);
            int bound = BlockWriter.bound("stream-" + i % 5, event);
            if (!writer.fits(bound)) {
                blocks.add(writer.finish());
            }
            writer.add(i + 1, i, 1_000L + i, "stream-" + i % 5, event, bound);
            events.add(event);
        }
        blocks.add(writer.finish());

        int at = 0;
        long chain = 0;
        for (Block block : blocks) {
            Block read = Block.checked(3, block.first(), block.bytes());
            assertThat(read.chain()).isEqualTo(chain);
            assertThat(read.first()).isEqualTo(at + 1);
            assertThat(read.count() == 1 || read.bytes().length <= Block.TARGET_BYTES)
                    .isTrue();
            for (int i = 0; i < read.count(); i++, at++) {
                assertSame(read.event(i), at, events.get(at));
            }
            chain = read.nextChain();
        }
        assertThat(at).isEqualTo(events.size());
    }

    @Test
    void refusesAChangedBlock() {
        Block block = block();
        for (int at = 1; at < block.bytes().length; at++) {
            byte[] changed = block.bytes().clone();
            changed[at] ^= 4;
            if (at >= 4 || at == 1) {
                assertCorruptUnlessReserved(changed, at);
            }
        }
        assertThatThrownBy(() -> Block.checked(0, 2, block.bytes()))
                .hasMessageContaining("found the block of offset 1");
    }

    private static void assertCorruptUnlessReserved(byte[] changed, int at) {
        if (at == 1) {
            assertThat(Block.checked(0, 1, changed).count()).isOne();
        } else {
            assertThatThrownBy(() -> Block.checked(0, 1, changed)).hasMessageContaining("found a wrong checksum");
        }
    }

    @Test
    void refusesABlockOfAnotherFormat() {
        byte[] newer = block().bytes().clone();
        newer[0] = 9;

        assertThatThrownBy(() -> Block.checked(0, 1, newer))
                .hasMessageContaining("found a block of format 9 at 0:1, expected 1")
                .extracting(failure -> ((Failure) failure).kind())
                .isEqualTo(Failure.Kind.NEWER_FORMAT);
    }

    private static Block block() {
        var writer = new BlockWriter(0, 0);
        writer.add(1, 1, 5, "order-1", Sample.event("a"), BlockWriter.bound("order-1", Sample.event("a")));
        return writer.finish();
    }

    private static void assertSame(RecordedEvent found, int at, Event expected) {
        assertThat(found.offset()).isEqualTo(at + 1);
        assertThat(found.version()).isEqualTo(at);
        assertThat(found.recordedMicros()).isEqualTo(1_000L + at);
        assertThat(found.stream()).isEqualTo("stream-" + at % 5);
        assertThat(new Event(
                        found.id(),
                        found.type(),
                        found.source(),
                        found.timeMicros(),
                        found.contentType(),
                        found.attributes(),
                        found.origin(),
                        expected.data()))
                .isEqualTo(expected);
        assertThat(found.data()).isEqualTo(expected.data());
    }

    private static Event event(Random random) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            attributes.put(
                    text(random, 10) + i,
                    switch (random.nextInt(3)) {
                        case 0 -> random.nextLong();
                        case 1 -> random.nextBoolean();
                        default -> text(random, 300);
                    });
        }
        byte[] data = new byte[random.nextInt(random.nextInt(10) == 0 ? 40_000 : 600)];
        random.nextBytes(data);
        return new Event(
                text(random, 40),
                text(random, 3),
                text(random, 3),
                random.nextLong() >> random.nextInt(64),
                random.nextBoolean() ? Event.JSON : text(random, 20),
                attributes,
                random.nextBoolean()
                        ? new Origin(text(random, 5), random.nextInt(1000), random.nextLong() >>> 1)
                        : null,
                data);
    }

    private static String text(Random random, int most) {
        var text = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            text.appendCodePoint(
                    switch (random.nextInt(12)) {
                        case 0 -> 'ß';
                        case 1 -> 0x1F600;
                        case 2 -> '€';
                        default -> 'a' + random.nextInt(26);
                    });
        }
        return text.toString();
    }
}
