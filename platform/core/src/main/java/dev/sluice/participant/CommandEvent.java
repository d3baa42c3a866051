package dev.sluice.participant;

import dev.sluice.spi.ParticipantCommand;

/** A command as a CloudEvent. Its id is the command id, so that a repetition is what CloudEvents calls a duplicate. */
final class CommandEvent {
    private CommandEvent() {}

    /** {@code /sagas/NAME}. */
    static String source(ParticipantCommand command) {
        int slash = command.saga().indexOf('/');
        return "/sagas/"
                + Header.encoded(slash < 0 ? command.saga() : command.saga().substring(0, slash));
    }

    /** What the saga's instance is about: the part of {@code NAME/KEY} behind the name. */
    static String key(ParticipantCommand command) {
        return command.saga().substring(command.saga().indexOf('/') + 1);
    }
}
