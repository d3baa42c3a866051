/** The log for Vert.x: futures and read streams over shards, on the event bus; events as CloudEvents JSON. */
@NullMarked
package dev.sluice.shard;

import org.jspecify.annotations.NullMarked;
