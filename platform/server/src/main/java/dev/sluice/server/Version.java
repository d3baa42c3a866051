package dev.sluice.server;

/** The version of this build, from the jar's manifest; {@code dev} when it runs from classes. */
public final class Version {
    public static final String NUMBER = number();

    private Version() {}

    private static String number() {
        String fromManifest = Version.class.getPackage().getImplementationVersion();
        return fromManifest == null ? "dev" : fromManifest;
    }
}
