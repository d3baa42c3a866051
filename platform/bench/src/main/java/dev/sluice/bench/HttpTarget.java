package dev.sluice.bench;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A server in a process of its own, appended to over HTTP: one request an event, as many connections as are in flight. */
final class HttpTarget implements AppendTarget {
    private final ServerProcess server;
    private final OrderData data;
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client;
    private final URI url;

    HttpTarget(Path folder, OrderData data, int inFlight) throws Exception {
        this.data = data;
        server = ServerProcess.start(folder, null, "");
        url = server.url();
        client = vertx.createHttpClient(
                new HttpClientOptions().setMaxChunkSize(16 << 10), new PoolOptions().setHttp1MaxSize(inFlight));
    }

    @Override
    public void append(int stream, byte[] order, Done done) {
        var request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(url.getHost())
                .setPort(url.getPort())
                .setURI("/v1/streams/" + data.stream(stream) + "?type=OrderPlaced")
                .putHeader("content-type", "application/json");
        client.request(request)
                .compose(opened -> opened.send(Buffer.buffer(order)))
                .compose(response -> response.body()
                        .map(body -> response.statusCode() == 201
                                ? null
                                : new IllegalStateException(response.statusCode() + " " + body)))
                .onComplete(done::done, done::done);
    }

    @Override
    public void close() {
        try {
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        } finally {
            server.close();
        }
    }
}
