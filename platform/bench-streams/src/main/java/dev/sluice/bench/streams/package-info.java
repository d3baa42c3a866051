/**
 * The Kafka Streams program that {@code sluice bench project} stands beside: a process and a class path of its own, told what to
 * do on standard input.
 */
@NullMarked
package dev.sluice.bench.streams;

import org.jspecify.annotations.NullMarked;
