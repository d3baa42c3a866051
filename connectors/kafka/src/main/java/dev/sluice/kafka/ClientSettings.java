package dev.sluice.kafka;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** Settings of the clients of a source: ours, over them the user's, over them what must not differ. Immutable. */
record ClientSettings(Map<String, String> connection, String groupId) {
    static final String BOOTSTRAP_SERVERS = "bootstrapServers";

    ClientSettings {
        connection = Map.copyOf(connection);
    }

    Map<String, Object> consumer() {
        var settings = new HashMap<String, Object>();
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "4000");
        settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, String.valueOf(16 << 20));
        // what one partition answers fits a region of the collector (1 MiB): larger arrays keep it marking
        settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, "1000000");
        // a consumer has one fetch under way: while that waits for idle partitions, a busy one whose turn came later
        // stands still
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "20");
        settings.put(ConsumerConfig.RECEIVE_BUFFER_CONFIG, String.valueOf(1 << 20));
        settings.putAll(shared());
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, groupId);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        return settings;
    }

    Map<String, Object> admin() {
        var settings = new HashMap<String, Object>();
        settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "4000");
        settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, "4000");
        settings.putAll(shared());
        return settings;
    }

    Map<String, Object> producer() {
        var settings = new HashMap<String, Object>();
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "5000");
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "30000");
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000");
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(80 << 20));
        settings.putAll(shared());
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        return settings;
    }

    private Map<String, Object> shared() {
        var settings = new HashMap<String, Object>(connection);
        Object servers = settings.remove(BOOTSTRAP_SERVERS);
        settings.put("reconnect.backoff.max.ms", connection.getOrDefault("reconnect.backoff.max.ms", "1000"));
        settings.put("bootstrap.servers", String.valueOf(servers));
        return settings;
    }
}
