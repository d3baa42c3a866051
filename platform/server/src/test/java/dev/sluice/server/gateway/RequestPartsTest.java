package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.server.gateway.wire.Template;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What requests are made of: parameters, escapes, media types, preconditions, times. */
class RequestPartsTest {
    private static final List<String> OFFERED = List.of("application/json", "application/x-ndjson");

    @ParameterizedTest
    @CsvSource({"b=1", "a=1&a=2", "a=%zz", "a=%", "a=%C3", "%61=1&a=2", "A=1", "=1"})
    void refusesParameters(String raw) {
        assertThat(catchThrowable(() -> Query.parse(raw, Set.of("a"))))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.INVALID_REQUEST));
    }

    @Test
    void readsParameters() {
        Query query = Query.parse("a=x+y%2Bz&b=&limit=1000&&f=true", Set.of("a", "b", "limit", "f"));

        assertThat(query.text("a")).isEqualTo("x y+z");
        assertThat(query.text("b")).isEmpty();
        assertThat(query.limit()).isEqualTo(1000);
        assertThat(query.flag("f")).isTrue();
        assertThat(Query.parse(null, Set.of()).limit()).isEqualTo(100);
    }

    @ParameterizedTest
    @CsvSource({"0", "1001", "-1", "x", "''", "99999999999999999999", "1.5"})
    void refusesLimits(String limit) {
        var query = Query.parse("limit=" + limit, Set.of("limit"));

        assertThat(catchThrowable(query::limit)).isInstanceOf(Failure.class).hasMessageContaining("from 1 to 1000");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "| application/json",
                "*/* | application/json",
                "application/* | application/json",
                "application/x-ndjson | application/x-ndjson",
                "Application/X-NDJSON;q=0.5 | application/x-ndjson",
                "application/json;q=0.1, application/x-ndjson | application/x-ndjson",
                "text/html, */*;q=0.1 | application/json",
                "*/*, application/json;q=0 | application/x-ndjson",
            })
    void choosesAMediaType(@Nullable String accept, String chosen) {
        assertThat(MediaTypes.choose(accept, OFFERED)).isEqualTo(chosen);
    }

    @ParameterizedTest
    @CsvSource({"text/event-stream", "text/*", "application/json;q=0"})
    void refusesMediaTypes(String accept) {
        assertThat(catchThrowable(() -> MediaTypes.choose(accept, OFFERED)))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.NOT_ACCEPTABLE));
    }

    @Test
    void readsPreconditions() {
        assertThat(Preconditions.expected(null, null)).isEqualTo(Expected.ANY);
        assertThat(Preconditions.expected("*", null)).isEqualTo(Expected.EXISTS);
        assertThat(Preconditions.expected(null, "*")).isEqualTo(Expected.NONE);
        assertThat(Preconditions.expected("\"0\"", null)).isEqualTo(Expected.NONE);
        assertThat(Preconditions.expected("\"17\"", null)).isEqualTo(Expected.version(17));
    }

    @ParameterizedTest
    @CsvSource({
        "5,",
        "W/\"5\",",
        "'\"5\",\"6\"',",
        "\"x\",",
        "\"-1\",",
        "'',",
        ",\"5\"",
        "*,*",
        "\"99999999999999999999\","
    })
    void refusesPreconditions(@Nullable String ifMatch, @Nullable String ifNoneMatch) {
        assertThat(catchThrowable(() -> Preconditions.expected(ifMatch, ifNoneMatch)))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.INVALID_REQUEST));
    }

    @ParameterizedTest
    @CsvSource({
        "500ms,999500000",
        "10s,990000000",
        "1m,940000000",
        "1d,0",
        "1970-01-01T00:00:05Z,5000000",
        "1970-01-01T02:00:05 02:00,5000000"
    })
    void readsSince(String text, long micros) {
        assertThat(Since.micros("since", text, 1_000_000_000L)).isEqualTo(micros);
    }

    @ParameterizedTest
    @CsvSource({"yesterday", "10", "-5m", "999999999999d", "2026-13-01T00:00:00Z", "''"})
    void refusesSince(String text) {
        assertThat(catchThrowable(() -> Since.micros("since", text, 1_000_000_000L)))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.INVALID_REQUEST));
    }

    @Test
    void templatesKeepEscapedSlashesInTheirSegment() {
        var template = new Template("/v1/projections/{projection}/rows/{key}");

        assertThat("/v1/projections/p/rows/a%2Fb").matches(template.regex());
        assertThat("/v1/projections/p/rows/").matches(template.regex());
        assertThat("/v1/projections/p/rows/a/b").doesNotMatch(template.regex());
        assertThat(template.variables("/v1/projections/p/rows/a%2Fb%20%C3%BC"))
                .containsEntry("projection", "p")
                .containsEntry("key", "a/b ü");
        assertThat(template.variables("/v1/projections/p/rows/")).containsEntry("key", "");
    }
}
