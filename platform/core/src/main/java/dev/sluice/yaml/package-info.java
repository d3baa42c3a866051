/** Documents that people write, in YAML 1.2 (JSON is a subset of it): read strictly, with the line of everything. */
@NullMarked
package dev.sluice.yaml;

import org.jspecify.annotations.NullMarked;
