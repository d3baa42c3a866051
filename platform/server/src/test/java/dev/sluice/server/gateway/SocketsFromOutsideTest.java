package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** WebSockets byte by byte, for clients that no library would be. */
class SocketsFromOutsideTest {
    private static final int FINAL_PING = 0x89;
    private static final int FINAL_PONG = 0x8a;
    private static final int MASKED = 0x80;
    private static final int MASK_BYTES = 4;
    private static final int PAYLOAD_BYTES = 125;

    private static RunningServer server;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = RunningServer.in(folder);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sluice.v1.json", "cloudevents.json"})
    void holdsFewPongsForAClientThatDoesNotReadThem(String subprotocol) throws Exception {
        int pings = 200_000; // 25 MB, beyond what the kernel takes in
        try (var socket = new Socket()) {
            var in = open(socket, subprotocol);
            var ping = ByteBuffer.allocate(2 + MASK_BYTES + PAYLOAD_BYTES);
            ping.put((byte) FINAL_PING).put((byte) (MASKED | PAYLOAD_BYTES));
            for (int i = 1; i <= pings; i++) {
                socket.getOutputStream().write(ping.putInt(2 + MASK_BYTES, i).array());
            }

            int pongs = 0;
            int last = 0;
            while (last < pings) {
                assertThat(in.readUnsignedByte()).isEqualTo(FINAL_PONG);
                byte[] payload = in.readNBytes(in.readUnsignedByte());
                last = ByteBuffer.wrap(payload).getInt();
                pongs++;
            }

            assertThat(pongs).isLessThan(pings / 2);
        }
    }

    private static DataInputStream open(Socket socket, String subprotocol) throws IOException {
        socket.setReceiveBufferSize(4 << 10);
        socket.setSoTimeout(20_000);
        socket.connect(new InetSocketAddress("127.0.0.1", server.http().port()));
        String request = "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Protocol: " + subprotocol + "\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        var in = new DataInputStream(socket.getInputStream());
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        assertThat(head.toString()).startsWith("HTTP/1.1 101 ");
        return in;
    }
}
