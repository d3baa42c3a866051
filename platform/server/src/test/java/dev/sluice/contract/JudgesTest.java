package dev.sluice.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.contract.OpenApi.Answer;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The judges themselves: what the documents do not have does not pass. */
class JudgesTest {
    private static final OpenApi OPEN_API = OpenApi.ofResource();
    private static final AsyncApi ASYNC_API = AsyncApi.ofResource();
    private static final String PAGE = "{\"shards\":[{\"shard\":0,\"head\":1,\"state\":\"open\"}],\"cursor\":null}";
    private static final String PROBLEM =
            "{\"type\":\"urn:sluice:problem:invalid_request\",\"title\":\"t\",\"status\":400,"
                    + "\"detail\":\"d\",\"code\":\"invalid_request\",\"traceId\":\"0af7651916cd43dd8448eb211c80319c\"}";

    private static String judge(int status, String mediaType, String body) {
        return OPEN_API.judge("GET", "/v1/shards", new Answer(status, Map.of("Content-Type", mediaType), body));
    }

    @Test
    void letPassWhatIsDocumented() {
        assertThat(judge(200, "application/json", PAGE)).isEqualTo("listShards 200");
        assertThat(judge(400, "application/problem+json", PROBLEM)).isEqualTo("listShards 400 invalid_request");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"head\":1, | ",
                "\"head\":1 | \"head\":\"1\"",
                "\"head\":1 | \"head\":-1",
                "\"head\":1 | \"head\":1,\"more\":1",
                "open | closed",
                ",\"cursor\":null | ",
            })
    void refuseABodyOfAnotherShape(String part, String other) {
        String body = PAGE.replace(part, other == null ? "" : other);

        assertThat(body).isNotEqualTo(PAGE);
        assertThatThrownBy(() -> judge(200, "application/json", body)).isInstanceOf(AssertionError.class);
    }

    @Test
    void refuseAnotherStatusMediaTypeHeaderCodeOrPath() {
        assertThatThrownBy(() -> judge(202, "application/json", PAGE)).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> judge(200, "text/plain", PAGE)).isInstanceOf(AssertionError.class);
        String other = PROBLEM.replace("invalid_request", "filter_invalid");
        assertThatThrownBy(() -> judge(400, "application/problem+json", other)).isInstanceOf(AssertionError.class);
        String otherStatus = PROBLEM.replace("400", "404");
        assertThatThrownBy(() -> judge(400, "application/problem+json", otherStatus))
                .isInstanceOf(AssertionError.class);
        var headers = Map.of("Content-Type", "application/json", "ETag", "\"1\"");
        assertThatThrownBy(() -> OPEN_API.judge("GET", "/v1/shards", new Answer(200, headers, PAGE)))
                .hasMessageContaining("ETag");
        var json = Map.of("Content-Type", "application/json");
        assertThatThrownBy(() -> OPEN_API.judge("GET", "/v1/undocumented", new Answer(200, json, PAGE)))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> OPEN_API.judge("PUT", "/v1/shards", new Answer(200, json, PAGE)))
                .isInstanceOf(AssertionError.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"op\":\"dance\"}",
                "{\"op\":\"hello\",\"v\":1}",
                "{\"op\":\"synced\",\"sub\":1}",
                "{\"op\":\"synced\",\"sub\":1,\"cursor\":\"c\",\"more\":1}",
                "{\"op\":\"synced\",\"sub\":\"1\",\"cursor\":\"c\"}",
                "{\"op\":\"delta\",\"sub\":1,\"n\":1,\"from\":\"a\",\"to\":\"b\",\"set\":[[\"k\"]],\"del\":[]}",
                "{\"op\":\"subscribed\",\"sub\":1,\"lag\":{\"events\":0}}",
                "{\"op\":\"error\",\"code\":\"oops\",\"message\":\"m\",\"retryable\":false}",
            })
    void refuseFramesThatTheServerDoesNotSend(String frame) {
        assertThatThrownBy(() -> ASYNC_API.judgeReceived(new JsonObject(frame))).isInstanceOf(AssertionError.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"op\":\"synced\",\"sub\":1,\"cursor\":\"c\"}",
                "{\"op\":\"hello\",\"v\":2}",
                "{\"op\":\"credit\",\"sub\":1,\"rows\":0}",
                "{\"op\":\"subscribe\",\"sub\":1}",
                "{\"op\":\"subscribe\",\"sub\":1,\"to\":\"group:x\"}",
                "{\"op\":\"subscribe\",\"sub\":1,\"to\":\"projection:x\",\"last\":1}",
                "{\"op\":\"subscribe\",\"sub\":1,\"to\":\"projection:x\",\"limit\":1}",
                "{\"op\":\"subscribe\",\"sub\":1,\"to\":\"projection:x\",\"keys\":[\"a\"],\"prefix\":\"a\"}",
                "{\"op\":\"subscribe\",\"sub\":1,\"to\":\"projection:x\",\"mode\":\"every\",\"minInterval\":1}",
                "{\"op\":\"subscribe\",\"sub\":1,\"to\":\"events:x\",\"prefix\":\"a\"}",
                "{\"op\":\"subscribe\",\"sub\":1,\"to\":\"events:x\",\"snapshot\":\"auto\"}",
            })
    void refuseFramesThatAClientDoesNotSend(String frame) {
        assertThatThrownBy(() -> ASYNC_API.judgeSent(new JsonObject(frame))).isInstanceOf(AssertionError.class);
    }

    @Test
    void seeReferencesToNothingAndMembersThatACommaMade() {
        var slips = new Document(
                        new JsonObject("{\"a\":[{\"$ref\":\"#/b\"},{\"$ref\":\"#/c\"}],\"b\":{\"said, so\":null}}"),
                        Draft.DRAFT202012)
                .slips();

        assertThat(slips).containsExactly("#/a/1/$ref leads nowhere: #/c", "#/b/said, so is null");
    }
}
