/** The YAML form of sagas: read strictly, with file, line and key; its expressions become the functions of a definition. */
@NullMarked
package dev.sluice.saga.yaml;

import org.jspecify.annotations.NullMarked;
