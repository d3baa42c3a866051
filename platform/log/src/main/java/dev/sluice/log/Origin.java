package dev.sluice.log;

/** Where a Kafka record came from; kept with its event. */
public record Origin(String topic, int partition, long offset) {}
