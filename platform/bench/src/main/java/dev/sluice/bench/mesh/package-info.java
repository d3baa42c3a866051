/** What the mesh's machines cost and how they behave, beside the libraries one would take instead. */
@NullMarked
package dev.sluice.bench.mesh;

import org.jspecify.annotations.NullMarked;
