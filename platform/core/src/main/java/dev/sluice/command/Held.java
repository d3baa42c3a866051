package dev.sluice.command;

/**
 * The state of an aggregate at a version of its stream.
 *
 * @param snapshotVersion of the snapshot that lies aside, 0 when there is none
 */
record Held<S>(S state, long version, long snapshotVersion) {}
