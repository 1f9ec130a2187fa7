/// The release that this is.
public enum Release {
    /// The version by semver.org: it stands nowhere else but in the changelog, which a test compares.
    public static let version = "0.2.0"
}
