package dev.sluice.projection;

/** A table that is being folded, and the view it belongs to. For the fold thread. */
final class Seat {
    private final Table table;
    private final LiveView view;
    private boolean isLive;

    /** @param isLive readers see it; else it is built beside the one they see */
    Seat(Table table, LiveView view, boolean isLive) {
        this.table = table;
        this.view = view;
        this.isLive = isLive;
    }

    Table table() {
        return table;
    }

    LiveView view() {
        return view;
    }

    boolean isLive() {
        return isLive;
    }

    void goLive() {
        isLive = true;
    }
}
