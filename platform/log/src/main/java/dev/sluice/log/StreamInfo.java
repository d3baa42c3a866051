package dev.sluice.log;

/** A stream as listings show it; {@code version} is its last, {@code firstVersion} the first that can be read. */
public record StreamInfo(String stream, long version, long firstVersion, Position lastPosition) {}
