/** What a saga is: the intermediate form that the Java and the YAML form become. Pure: no clock, no I/O, no Vert.x. */
@NullMarked
package dev.sluice.saga.definition;

import org.jspecify.annotations.NullMarked;
