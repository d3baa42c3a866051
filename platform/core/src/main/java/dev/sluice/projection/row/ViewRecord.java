package dev.sluice.projection.row;

/**
 * What the store keeps of one generation of a projection beside its rows. Immutable.
 *
 * @param viewId number of its key range, never used twice
 * @param text the definition as given
 */
public record ViewRecord(int viewId, String name, int generation, String text, Epochs epochs, Checkpoint checkpoint) {
    public ViewRecord with(Checkpoint reached) {
        return new ViewRecord(viewId, name, generation, text, epochs, reached);
    }

    /** After an unclean stop. */
    public ViewRecord inEpoch(int epoch) {
        return new ViewRecord(viewId, name, generation, text, epochs.began(epoch, checkpoint.change()), checkpoint);
    }

    public byte[] toBytes() {
        var out = new ByteWriter();
        out.varint(viewId).text(name).varint(generation).text(text);
        epochs.write(out);
        checkpoint.write(out);
        return out.toBytes();
    }

    public static ViewRecord read(byte[] stored) {
        var in = new ByteReader(stored);
        int viewId = (int) in.varint();
        String name = in.text();
        int generation = (int) in.varint();
        String text = in.text();
        var epochs = Epochs.read(in);
        return new ViewRecord(viewId, name, generation, text, epochs, Checkpoint.read(in));
    }
}
