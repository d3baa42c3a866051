package dev.sluice.log;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/** The contract with a commit log that commits later, from another thread, and knows owners. */
class DeferredCommitLogTest extends CommitLogContract {
    @Override
    Rig rig() {
        return new InMemory();
    }

    /** A commit log in memory that outlives its owners, as a topic of a broker would. */
    private static final class InMemory implements Rig, CommitLog.Factory {
        private final List<CommitLog.Group> durable = new ArrayList<>();
        private long epoch;
        private boolean isHeld;
        private boolean isHolding;
        private Boolean fails;

        @Override
        public Log open(Path folder) {
            return Log.open(
                    folder,
                    Sample.options().withCommitLogs(this),
                    new Shard.Seams(java.util.function.UnaryOperator.identity(), 20));
        }

        @Override
        public synchronized CommitLog open(int shard) {
            fails = null;
            return new Owner(++epoch);
        }

        @Override
        public synchronized void hold() {
            isHeld = true;
            isHolding = false;
        }

        @Override
        public synchronized void awaitHeld() {
            while (!isHolding) {
                pause();
            }
        }

        @Override
        public synchronized void release() {
            isHeld = false;
            notifyAll();
        }

        @Override
        public synchronized void fail(boolean isKept) {
            fails = isKept;
        }

        @Override
        public Path takeoverFolder(Path folder) {
            return folder.resolveSibling("other");
        }

        private synchronized void end(CommitLog.Group group) {
            while (isHeld) {
                isHolding = true;
                notifyAll();
                pause();
            }
            if (group.epoch() != epoch) {
                throw new IllegalStateException("fenced");
            }
            Boolean failing = fails;
            if (failing == null || failing) {
                durable.add(group);
            }
            if (failing != null) {
                fails = null;
                epoch++;
                throw new IllegalStateException("broken on purpose");
            }
        }

        private void pause() {
            try {
                wait(30_000);
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        }

        private record Waiting(CommitLog.Group group, CompletableFuture<Void> answer) {}

        private final class Owner implements CommitLog {
            private final long ownEpoch;
            private final LinkedBlockingQueue<Waiting> waiting = new LinkedBlockingQueue<>();
            private final Thread thread = new Thread(this::commitLoop, "commit-log");

            Owner(long epoch) {
                ownEpoch = epoch;
                thread.start();
            }

            @Override
            public long epoch() {
                return ownEpoch;
            }

            @Override
            public CompletionStage<Void> commit(Group group) {
                var copy = new Group(
                        group.number(), group.firstOffset(), group.lastOffset(), group.epoch(), group.bytes());
                var answer = new CompletableFuture<Void>();
                waiting.add(new Waiting(copy, answer));
                return answer;
            }

            private void commitLoop() {
                try {
                    while (true) {
                        Waiting next = waiting.take();
                        try {
                            end(next.group);
                            next.answer.complete(null);
                        } catch (IllegalStateException failed) {
                            next.answer.completeExceptionally(failed);
                        }
                    }
                } catch (InterruptedException closed) {
                    waiting.forEach(open -> open.answer.completeExceptionally(closed));
                }
            }

            @Override
            public void replay(long number, Consumer<Group> apply) {
                synchronized (InMemory.this) {
                    durable.stream().filter(group -> group.number() > number).forEach(apply);
                }
            }

            @Override
            public void close() {
                thread.interrupt();
                try {
                    thread.join();
                } catch (InterruptedException interrupted) {
                    throw new AssertionError(interrupted);
                }
            }
        }
    }
}
