package dev.sluice.participant;

import dev.sluice.log.Failure;
import java.util.Map;

/** Whole numbers of a configuration's entry. */
final class Whole {
    private Whole() {}

    /** The number of a key; CONFIG_INVALID when it is none, or out of range. */
    static int number(Map<String, String> values, String key, int otherwise, int least, int most) {
        String text = values.getOrDefault(key, String.valueOf(otherwise));
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException malformed) {
            // told below
        }
        throw Failure.of(
                Failure.Kind.CONFIG_INVALID,
                key + ": found '" + text + "', expected a whole number from " + least + " to " + most);
    }
}
