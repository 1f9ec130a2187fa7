/// The release of this package.
public enum Release {
    /// The semantic version. Only the changelog repeats it, and a test compares the two.
    public static let version = "0.2.0"
}
