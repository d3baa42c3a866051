package dev.sluice.projection;

/**
 * What views may take of a process's memory.
 *
 * @param storeBytes of the view store, outside the heap: its block cache and memtables
 * @param rowBytes of the heap: rows at hand. A row takes about a hundred bytes beside its key and its cells; a fold over more rows than
 *     there is room for reads them from the store again and again
 */
public record ViewMemory(long storeBytes, long rowBytes) {
    private static final int HEAP_SHARE = 4;

    /** With a quarter of the heap for rows at hand. */
    public static ViewMemory of(long storeBytes) {
        return new ViewMemory(storeBytes, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    }
}
