package dev.sluice.spi;

import org.jspecify.annotations.Nullable;

/**
 * What a saga asks of a participant that is no aggregate of the platform: an address of the event bus, an HTTP upstream, a Kafka topic. It may come more
 * than once under the same command id, and is then to be answered as the first time.
 *
 * @param place behind the participant's name: the path of an upstream, with or without a slash before it, else empty
 * @param type of the command
 * @param undoes the id of the command that this one undoes, null when it undoes none; a participant that never saw that one has nothing to
 *     undo, says so by success, and refuses that one should it still come
 * @param saga the instance that asks: {@code NAME/KEY}
 * @param data JSON; not changed
 */
public record ParticipantCommand(
        String place,
        String type,
        String commandId,
        @Nullable String undoes,
        String saga,
        String correlation,
        byte[] data) {}
