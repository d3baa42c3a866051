/**
 * The log: shards with one writer thread each, durable before they answer, read forward and backward and tailed live.
 *
 * <p>Knows no Vert.x: asynchronous answers are {@link java.util.concurrent.CompletionStage}, the tail is pulled. The only
 * package of the platform that touches RocksDB.
 */
@NullMarked
package dev.sluice.log;

import org.jspecify.annotations.NullMarked;
