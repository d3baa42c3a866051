package dev.sluice.saga.definition;

import java.time.Duration;

/** What a machine wants to be done, as data. */
public sealed interface Effect {
    /**
     * Sends a command under a name that the definition has, and that is not under way. After a clear answer it is another command, with another id;
     * while it is not known what became of it, the same.
     *
     * @param type of the command
     */
    record Schedule(String name, String type, Outgoing command) implements Effect {}

    /** Lets a timer fire; one of this name that has not fired yet is replaced. */
    record SetTimer(String name, Duration after) implements Effect {
        public SetTimer {
            if (after.isNegative() || !Rules.isName(name)) {
                throw new IllegalArgumentException("found a timer '" + name + "' after " + after
                        + ", expected a name of small letters, digits and -, and a time that is not negative");
            }
        }
    }

    record CancelTimer(String name) implements Effect {}

    /** Ends the instance, COMPLETED or on the way back COMPENSATED; nothing may be under way. */
    record Complete() implements Effect {}

    /** Waits for an operator. */
    record Park(String reason) implements Effect {}
}
