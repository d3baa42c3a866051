package dev.sluice.bench;

import java.nio.file.Path;
import java.util.List;
import org.rocksdb.RocksDBException;

/** The program one would write first: rocksdbjni, two puts an event, versions in memory, one synced write per group. */
final class TwoPutTarget extends GroupCommit {
    private final PlainRocks rocks;
    private final int[] versions;

    TwoPutTarget(Path folder, int streamCount) {
        rocks = new PlainRocks(folder);
        versions = new int[streamCount];
        start();
    }

    @Override
    void commit(List<Waiting> group) throws RocksDBException {
        for (var waiting : group) {
            rocks.event(waiting.stream() * 0x9E3779B97F4A7C15L, ++versions[waiting.stream()], waiting.order());
        }
        rocks.commit();
    }

    @Override
    void closeFiles() {
        rocks.close();
    }
}
