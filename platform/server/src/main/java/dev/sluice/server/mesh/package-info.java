/** The control plane of the mesh: policies proposed, written to the log and applied; what the mesh does as events and metrics. */
@NullMarked
package dev.sluice.server.mesh;

import org.jspecify.annotations.NullMarked;
