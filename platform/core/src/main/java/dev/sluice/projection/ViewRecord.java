package dev.sluice.projection;

/**
 * What the store keeps of one generation of a projection beside its rows. Immutable.
 *
 * @param viewId number of its key range, never used twice
 * @param text the definition as given
 * @param isLive readers see it; else it is being built beside the one they see
 */
record ViewRecord(
        int viewId, String name, int generation, String text, boolean isLive, Epochs epochs, Checkpoint checkpoint) {
    ViewRecord with(Checkpoint reached, boolean live) {
        return new ViewRecord(viewId, name, generation, text, live, epochs, reached);
    }

    /** After an unclean stop. */
    ViewRecord inEpoch(int epoch) {
        return new ViewRecord(
                viewId, name, generation, text, isLive, epochs.began(epoch, checkpoint.change()), checkpoint);
    }

    byte[] toBytes() {
        var out = new ByteWriter();
        out.varint(viewId).text(name).varint(generation).text(text).u8(isLive ? 1 : 0);
        epochs.write(out);
        checkpoint.write(out);
        return out.toBytes();
    }

    static ViewRecord read(byte[] stored) {
        var in = new ByteReader(stored);
        int viewId = (int) in.varint();
        String name = in.text();
        int generation = (int) in.varint();
        String text = in.text();
        boolean isLive = in.u8() == 1;
        var epochs = Epochs.read(in);
        return new ViewRecord(viewId, name, generation, text, isLive, epochs, Checkpoint.read(in));
    }
}
