package dev.sluice.participant;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP upstream as a participant: consumer of {@link Addresses#upstream}. A command is one POST, a CloudEvent in binary mode, never
 * repeated here. Before the request has a connection nothing was done (UNAVAILABLE, OVERLOADED); from then on whatever is not a clear
 * answer is OUTCOME_UNKNOWN.
 */
public final class HttpUpstream extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(HttpUpstream.class);
    private static final int MAX_BODY_BYTES = 1 << 20;

    private final UpstreamConfig config;
    private final Mesh mesh;
    private final ParticipantMeters meters;
    private final String basePath;
    private final AtomicInteger waiting = new AtomicInteger();
    private @Nullable HttpClient client;
    private Mesh.@Nullable Registration registration;

    public HttpUpstream(UpstreamConfig config, Mesh mesh, MeterRegistry registry) {
        this.config = config;
        this.mesh = mesh;
        this.meters = new ParticipantMeters(registry, Addresses.upstream(config.name()));
        this.basePath = config.url().getRawPath();
        meters.waiting(waiting::get);
    }

    @Override
    public Future<?> start() {
        client = vertx.httpClientBuilder()
                .with(new HttpClientOptions().setSsl(config.isTls()).setMetricsName("upstream-" + config.name()))
                .with(new PoolOptions()
                        .setHttp1MaxSize(config.maxConnections())
                        .setMaxWaitQueueSize(config.maxWaiting()))
                .withConnectHandler(connection -> connection.exceptionHandler(
                        cut -> LOG.debug("upstream_connection_cut name={}", config.name(), cut)))
                .build();
        registration = mesh.consumer(Addresses.upstream(config.name()), ParticipantCommand.class, this::ask);
        return Future.succeededFuture();
    }

    /** Cuts what is under way: its outcome is unknown, and it comes again. */
    @Override
    public Future<?> stop() {
        var open = client;
        var known = registration;
        Future<?> closed = open == null ? Future.succeededFuture() : open.close();
        return known == null ? closed : closed.eventually(known::end);
    }

    private Future<ParticipantReply> ask(ParticipantCommand command, Call call) {
        String path = Place.below(basePath, command.place());
        if (path == null) {
            return Future.succeededFuture(Rejection.of(
                    "invalid_place",
                    "found the place '" + command.place() + "' of upstream " + config.name() + ", expected "
                            + Place.EXPECTED));
        }
        long startNanos = System.nanoTime();
        long untilNanos = startNanos
                + Math.min(call.remainingNanos(startNanos), TimeUnit.MILLISECONDS.toNanos(config.timeoutMillis()));
        waiting.incrementAndGet();
        return meters.measured(
                        startNanos,
                        connect(path, untilNanos).compose(request -> post(request, command, call, untilNanos)))
                .onComplete(done -> waiting.decrementAndGet());
    }

    private Future<HttpClientRequest> connect(String path, long untilNanos) {
        var open = client;
        if (open == null) {
            return Future.failedFuture(notDone(Failure.Kind.UNAVAILABLE, "it is not started"));
        }
        var options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(config.host())
                .setPort(config.port())
                .setSsl(config.isTls())
                .setURI(path)
                .setConnectTimeout(remainingMillis(untilNanos));
        return open.request(options)
                .recover(failed -> Future.failedFuture(
                        failed instanceof ConnectionPoolTooBusyException
                                ? notDone(
                                        Failure.Kind.OVERLOADED,
                                        config.maxConnections() + " requests are under way and " + config.maxWaiting()
                                                + " wait, expected fewer")
                                : notDone(Failure.Kind.UNAVAILABLE, "no connection: " + failed.getMessage())));
    }

    private Future<ParticipantReply> post(
            HttpClientRequest request, ParticipantCommand command, Call call, long untilNanos) {
        config.headers().forEach(request::putHeader);
        request.putHeader("Content-Type", "application/json")
                .putHeader("Idempotency-Key", command.commandId())
                .putHeader("ce-specversion", "1.0")
                .putHeader("ce-id", command.commandId())
                .putHeader("ce-source", CommandEvent.source(command))
                .putHeader("ce-type", Header.encoded(command.type()))
                .putHeader("ce-commandid", command.commandId())
                .putHeader("ce-correlationid", Header.encoded(command.correlation()));
        if (command.undoes() != null) {
            request.putHeader("ce-undoes", command.undoes());
        }
        if (call.traceparent() != null) {
            request.putHeader("traceparent", call.traceparent());
        }
        return request.send(Buffer.buffer(command.data()))
                .compose(this::answer)
                .timeout(remainingMillis(untilNanos), TimeUnit.MILLISECONDS)
                .recover(failed -> {
                    if (failed instanceof Failure told) {
                        return Future.failedFuture(told);
                    }
                    request.reset().onFailure(gone -> LOG.debug("upstream_cut name={}", config.name(), gone));
                    return Future.failedFuture(Failure.of(
                            Failure.Kind.OUTCOME_UNKNOWN,
                            "upstream " + config.name() + " was sent command " + command.commandId()
                                    + " and gave no answer: " + failed.getMessage()));
                });
    }

    private Future<ParticipantReply> answer(HttpClientResponse response) {
        Promise<Buffer> whole = Promise.promise();
        var gathered = Buffer.buffer();
        response.exceptionHandler(whole::tryFail);
        response.handler(chunk -> {
            if (gathered.length() + chunk.length() > MAX_BODY_BYTES) {
                whole.tryFail("found a body of more than " + MAX_BODY_BYTES + " bytes, expected a shorter one");
            } else {
                gathered.appendBuffer(chunk);
            }
        });
        response.endHandler(end -> whole.tryComplete(gathered));
        return whole.future()
                .map(body -> new HttpAnswer(config.name(), response.statusCode(), response.headers(), body.getBytes())
                        .reply());
    }

    private static long remainingMillis(long untilNanos) {
        return Math.max(1, TimeUnit.NANOSECONDS.toMillis(untilNanos - System.nanoTime()));
    }

    private Failure notDone(Failure.Kind kind, String why) {
        return Failure.of(kind, "upstream " + config.name() + " was not sent the command: " + why);
    }
}
