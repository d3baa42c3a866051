@NullMarked
package dev.sluice.server.mesh;

import org.jspecify.annotations.NullMarked;
