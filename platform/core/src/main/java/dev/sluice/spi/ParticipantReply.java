package dev.sluice.spi;

/**
 * The clear answer of a participant. No answer, or one that tells nothing, is a failure instead: the saga then does not know whether
 * anything happened.
 *
 * @param isRejection definitely nothing happened, and repeating it would not help
 * @param type of the reply, or the code of the rejection
 * @param data JSON; not changed. Of a rejection an object whose {@code message} says why
 */
public record ParticipantReply(boolean isRejection, String type, byte[] data) {}
