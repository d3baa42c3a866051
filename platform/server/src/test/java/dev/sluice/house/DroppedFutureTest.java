package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import org.junit.jupiter.api.Test;

/** Fails when somebody starts something asynchronous and nobody would hear that it failed (STYLE 6). */
class DroppedFutureTest {
    @Test
    void noMainSourceDropsAFuture() {
        assertThat(DroppedFutures.inFiles(Repository.mainSources())).isEmpty();
    }

    @Test
    void findsADroppedStatement() {
        var found = DroppedFutures.inSources(sample("work();"));

        assertThat(found).singleElement().asString().contains("Sample.java:4", "work()");
    }

    @Test
    void findsAChainThatHearsOnlyOfSuccess() {
        assertThat(DroppedFutures.inSources(sample("work().onSuccess(done -> {});")))
                .hasSize(1);
    }

    @Test
    void findsALambdaThatDropsIt() {
        assertThat(DroppedFutures.inSources(sample("java.util.function.Consumer<String> hear = text -> work();")))
                .hasSize(1);
    }

    @Test
    void findsAMethodReferenceThatDropsIt() {
        assertThat(DroppedFutures.inSources(sample("Runnable run = this::work;")))
                .hasSize(1);
    }

    @Test
    void findsAMappedFutureThatIsDropped() {
        assertThat(DroppedFutures.inSources(sample("work().map(done -> 1).recover(e -> work().map(1));")))
                .hasSize(1);
    }

    @Test
    void acceptsWhatIsHeardReturnedOrKept() {
        var found = DroppedFutures.inSources(sample("""
                work().onComplete(done -> {});
                work().onFailure(e -> {}).onSuccess(done -> {});
                work().onSuccess(done -> {}).onFailure(e -> {});
                var kept = work();
                java.util.function.Supplier<io.vertx.core.Future<Void>> returns = () -> work();
                java.util.function.Supplier<io.vertx.core.Future<Void>> refers = this::work;
                """));

        assertThat(found).isEmpty();
    }

    @Test
    void doesNotPassOverWhatItCannotJudge() {
        assertThat(DroppedFutures.inSources(sample("missing.work();")))
                .singleElement()
                .asString()
                .contains("cannot judge");
    }

    private static List<JavaFileObject> sample(String statements) {
        var text = """
                import io.vertx.core.Future;
                class Sample {
                    void run() {
                %s
                    }
                    Future<Void> work() { return Future.succeededFuture(); }
                }
                """.formatted(statements);
        return List.of(new SimpleJavaFileObject(URI.create("memory:///Sample.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        });
    }
}
