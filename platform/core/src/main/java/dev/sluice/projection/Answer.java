package dev.sluice.projection;

import dev.sluice.log.Cursor;

/**
 * What was asked of a view, and how current that is.
 *
 * @param cursor up to which {@code value} takes in everything at least
 * @param lag what the view had not folded yet when it answered
 */
public record Answer<T>(T value, Cursor cursor, View.Lag lag) {}
