/** Participants of sagas outside the platform, HTTP upstreams and Kafka topics, as consumers on the mesh. */
@NullMarked
package dev.sluice.participant;

import org.jspecify.annotations.NullMarked;
