/** The program that runs in the broker's own JVM; nothing on our class path may load it. */
@NullMarked
package dev.sluice.kafka.broker;

import org.jspecify.annotations.NullMarked;
