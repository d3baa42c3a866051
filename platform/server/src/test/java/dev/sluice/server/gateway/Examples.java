package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.contract.OpenApi;
import dev.sluice.contract.OpenApi.Operation;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The examples of the OpenAPI document, and a server that has what they are about. */
final class Examples {
    private static final String CUSTOMER_ORDERS = """
            projection: customer-orders
            from: { category: order }
            key: data.customerId
            fold:
              OrderPlaced: { orders: count(), gross: sum(data.total) }
            index: [ gross desc ]
            """;

    private Examples() {}

    /** An example and what it is to follow. */
    record Example(Object schema, Object value) {}

    /** {@code customer-orders} with the row {@code cust-7}, {@code order-1} with one event, which is at 0:1. */
    static void prepare(HttpProbe http) {
        var event = http.append("order-1", "OrderPlaced", "{\"customerId\":\"cust-7\",\"total\":12.5}");
        var defined = http.put("/v1/projections/customer-orders", CUSTOMER_ORDERS, "Content-Type", "application/yaml");
        assertThat(defined.statusCode()).as(defined.body()).isEqualTo(201);
        assertThat(event.getString("position")).isEqualTo("0:1");
        assertThat(http.get("/v1/projections/customer-orders/rows/cust-7?after=" + event.getString("cursor"))
                        .statusCode())
                .isEqualTo(200);
    }

    /** A path with the examples of its variables. */
    static String path(OpenApi openApi, Operation operation) {
        String path = operation.path();
        for (var variable : openApi.parameters(operation, "path")) {
            path = path.replace("{" + variable.getString("name") + "}", variable.getString("example"));
        }
        return path;
    }

    /** Those of parameters and bodies. */
    static List<Example> of(OpenApi openApi, Operation operation) {
        var examples = new ArrayList<Example>();
        for (String in : List.of("path", "query", "header")) {
            for (var parameter : openApi.parameters(operation, in)) {
                add(examples, parameter);
            }
        }
        var bodies = new ArrayList<JsonObject>();
        bodies.add(operation.json().getJsonObject("requestBody", new JsonObject()));
        operation
                .json()
                .getJsonObject("responses")
                .fieldNames()
                .forEach(status -> bodies.add(openApi.response(operation, status)));
        for (var body : bodies) {
            body.getJsonObject("content", new JsonObject())
                    .forEach(content -> add(examples, (JsonObject) content.getValue()));
        }
        return examples;
    }

    private static void add(List<Example> examples, JsonObject told) {
        if (told.containsKey("example")) {
            examples.add(new Example(told.getValue("schema"), told.getValue("example")));
        }
    }

    /** A JSON document of the class path. */
    static JsonObject resource(String name) {
        try (InputStream in = Examples.class.getResourceAsStream(name)) {
            return new JsonObject(new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
