/**
 * The benchmarks behind every published number: each command measures Sluice and, in the same run and interleaved with it, the
 * plain programs it is compared with. Nothing here is part of the server.
 */
@NullMarked
package dev.sluice.bench;

import org.jspecify.annotations.NullMarked;
