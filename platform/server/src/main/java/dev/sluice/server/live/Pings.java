package dev.sluice.server.live;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.net.impl.VertxHandler;
import org.jspecify.annotations.Nullable;

/**
 * The pings of a client that does not read its pongs: while those wait, only the newest is kept, and answered when there is room
 * (RFC 6455, section 5.5.3). Vert.x alone answers each, and holds all that is not read.
 */
final class Pings extends ChannelInboundHandlerAdapter {
    private @Nullable PingWebSocketFrame newest;

    private Pings() {}

    /** For a request that asks for an upgrade: what is to be done when it is upgraded, on the event loop of its connection. */
    static Runnable holdingBack(HttpServerRequest request) {
        var pipeline = ((HttpServerConnection) request.connection())
                .channelHandlerContext()
                .pipeline();
        return () -> pipeline.addBefore(pipeline.context(VertxHandler.class).name(), "pings", new Pings());
    }

    @Override
    public void channelRead(ChannelHandlerContext here, Object message) {
        if (message instanceof PingWebSocketFrame ping && !here.channel().isWritable()) {
            letGo();
            newest = ping;
        } else {
            here.fireChannelRead(message);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext here) {
        here.fireChannelWritabilityChanged();
        var ping = newest;
        if (ping != null && here.channel().isWritable()) {
            newest = null;
            here.fireChannelRead(ping);
            here.fireChannelReadComplete();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext here) {
        letGo();
    }

    private void letGo() {
        if (newest != null) {
            newest.release();
            newest = null;
        }
    }
}
