package dev.sluice.projection;

import java.util.List;

/** Brings projections written in Java; found by ServiceLoader when the process starts. */
public interface ProjectionProvider {
    /** Of each name the newest version and, to be rolled back to, older ones. */
    List<Projection<?>> projections();
}
