package dev.sluice.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import java.util.Set;
import java.util.TreeSet;

/** The AsyncAPI document as a judge of frames. */
public final class AsyncApi {
    private final Document document;

    private AsyncApi(Document document) {
        this.document = document;
    }

    /** As it is written. */
    public static AsyncApi ofResource() {
        return of(Document.resource("asyncapi.yaml", Draft.DRAFT7));
    }

    public static AsyncApi of(Document document) {
        return new AsyncApi(document);
    }

    public Document document() {
        return document;
    }

    /** The messages that the server sends, or that it receives: an {@code action}, or the reply to the other. */
    public Set<String> messages(String action) {
        var messages = new TreeSet<String>();
        for (var each : document.json().getJsonObject("operations")) {
            var operation = (JsonObject) each.getValue();
            var some = operation.getString("action").equals(action) ? operation : operation.getJsonObject("reply");
            if (some != null) {
                some.getJsonArray("messages").forEach(message -> {
                    String reference = ((JsonObject) message).getString("$ref");
                    messages.add(reference.substring(reference.lastIndexOf('/') + 1));
                });
            }
        }
        return messages;
    }

    /** Fails unless a frame of the server is the message that its {@code op} names. */
    public void judgeReceived(JsonObject frame) {
        judge(frame, "send");
    }

    /** Fails unless a frame of a client is the message that its {@code op} names. */
    public void judgeSent(JsonObject frame) {
        judge(frame, "receive");
    }

    private void judge(JsonObject frame, String action) {
        String op = frame.getString("op");
        assertThat(messages(action)).as("messages, %s", frame).contains(op);
        assertThat(document.problems(payload(op), frame)).as("%s", frame).isEmpty();
    }

    public JsonObject payload(String message) {
        return document.json()
                .getJsonObject("components")
                .getJsonObject("messages")
                .getJsonObject(message)
                .getJsonObject("payload");
    }
}
