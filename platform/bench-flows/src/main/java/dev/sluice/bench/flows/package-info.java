/**
 * The process engine that {@code sluice bench saga} stands beside: a process and a class path of its own, told what to do on standard
 * input.
 */
@NullMarked
package dev.sluice.bench.flows;

import org.jspecify.annotations.NullMarked;
