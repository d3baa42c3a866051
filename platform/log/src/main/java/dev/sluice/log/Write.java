package dev.sluice.log;

/**
 * The unit of work of a shard: runs on the writer thread, is applied as a whole or (when it throws) not at all, and its
 * answer is released after the commit. Must be pure and short; slow work happens before.
 *
 * @param <T> the answer
 */
@FunctionalInterface
public interface Write<T> {
    /** Throws a {@link Failure} to refuse; then nothing of this write is kept. */
    T run(ShardTransaction shard);
}
