package dev.sluice.command;

import java.util.List;

/**
 * What the writer has made of a command.
 *
 * @param isDuplicate it was known: its events are in the log, not here
 */
record Decided(Known known, boolean isDuplicate, List<CommandAnswer.Reply> events) {}
