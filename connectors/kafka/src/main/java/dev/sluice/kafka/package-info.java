/** Kafka: the source that feeds the log, and a broker in a process of its own for developers and tests. */
@NullMarked
package dev.sluice.kafka;

import org.jspecify.annotations.NullMarked;
