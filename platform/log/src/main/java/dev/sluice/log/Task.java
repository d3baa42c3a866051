package dev.sluice.log;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A write that waits for its turn, then for its commit. */
final class Task<T> {
    private final Write<T> write;
    private final CompletableFuture<T> answer = new CompletableFuture<>();
    private @Nullable T result;
    private @Nullable RuntimeException refusal;

    Task(Write<T> write) {
        this.write = write;
    }

    CompletableFuture<T> answer() {
        return answer;
    }

    /** Runs the write; what it did is staged in the transaction when the answer is true, discarded otherwise. */
    boolean run(Transaction transaction) {
        try {
            result = write.run(transaction);
            return true;
        } catch (RuntimeException refused) {
            refusal = refused;
            return false;
        }
    }

    @Nullable
    RuntimeException refusal() {
        return refusal;
    }

    /** Releases the answer, or the refusal, which too may rest on what was not committed before. */
    void release() {
        if (refusal != null) {
            answer.completeExceptionally(refusal);
        } else {
            answer.complete(result);
        }
    }

    void fail(Failure failure) {
        answer.completeExceptionally(failure);
    }
}
