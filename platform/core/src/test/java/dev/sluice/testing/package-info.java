/** What the tests of those who build on the platform use: contracts to keep. In core's test-jar. */
package dev.sluice.testing;
