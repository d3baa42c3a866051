/** Raw records of a source become events: CloudEvents and mapped JSON, dead letters, one message for each poll and shard. */
@NullMarked
package dev.sluice.ingest;

import org.jspecify.annotations.NullMarked;
