package dev.sluice.bus;

/** The addresses of the event bus. */
public final class Addresses {
    private Addresses() {}

    /** Appends to a shard: an {@code Append}. */
    public static String append(int shard) {
        return "shard." + shard + ".append";
    }

    /** Source batches for a shard: a {@code SourceBatch}. */
    public static String ingest(int shard) {
        return "shard." + shard + ".ingest";
    }

    /** What becomes of dead letters in a shard: a {@code SourceResolution}. */
    public static String resolve(int shard) {
        return "shard." + shard + ".resolve";
    }

    /** Questions to a query handler of a projection: a {@code Query}, answered by an {@code Answer}. */
    public static String query(String projection, String query) {
        return "query." + projection + "." + query;
    }

    /** Commands of a type for aggregates: a {@code CommandRequest}, answered by a {@code CommandAnswer}. */
    public static String command(String type) {
        return "command." + type;
    }

    /** Commands of sagas to an HTTP upstream: a {@code ParticipantCommand}, answered by a {@code ParticipantReply}. */
    public static String upstream(String name) {
        return "upstream." + name;
    }

    /** Commands of sagas to a Kafka topic: a {@code ParticipantCommand}, answered by a {@code ParticipantReply}. */
    public static String commandTopic(String topic) {
        return "kafka.commands." + topic;
    }

    /** Changes of a view, published after each commit: a {@code ViewDelta}. */
    public static String view(String projection) {
        return "view." + projection;
    }

    /** As {@link #view}, those commits only that are of one event; while somebody listens, all that begin are. */
    public static String transitions(String projection) {
        return "transitions." + projection;
    }
}
