package dev.sluice.log;

/** Which events a read is about. */
public sealed interface Selection {
    /** Every event outside the platform's own streams. */
    record All() implements Selection {}

    /** Every event, the platform's own among them. */
    record Whole() implements Selection {}

    /** One stream. */
    record OfStream(String stream) implements Selection {}

    /** Every stream of a category. */
    record OfCategory(String category) implements Selection {}

    /** Every event of a type, outside the platform's own streams. */
    record OfType(String type) implements Selection {}

    /** Whether an event belongs to the selection. */
    default boolean includes(RecordedEvent event) {
        if (this instanceof OfStream only) {
            return event.stream().equals(only.stream());
        }
        if (this instanceof OfCategory only) {
            return event.category().equals(only.category());
        }
        if (this instanceof OfType only) {
            return event.type().equals(only.type()) && !StreamName.isPlatform(event.stream());
        }
        return this instanceof Whole || !StreamName.isPlatform(event.stream());
    }
}
