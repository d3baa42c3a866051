package dev.sluice.saga.machine;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;

/** What became of something that was sent. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Outcome.Succeeded.class, name = "succeeded"),
    @JsonSubTypes.Type(value = Outcome.Rejected.class, name = "rejected"),
    @JsonSubTypes.Type(value = Outcome.Unknown.class, name = "unknown"),
    @JsonSubTypes.Type(value = Outcome.Deferred.class, name = "deferred")
})
public sealed interface Outcome {
    record Succeeded(String type, JsonNode data) implements Outcome {}

    /** Definitely no effect. */
    record Rejected(String code, String message) implements Outcome {}

    /** No answer in time, or one that tells nothing. */
    record Unknown(String error) implements Outcome {}

    /** The mesh did not let it through: not sent, no attempt. */
    record Deferred(String reason, long retryAfterMillis) implements Outcome {}
}
