/// Checks of the file names in a repository, which are untrusted.
public enum FileName {
    /// Whether a path such as `onnx/model.gguf`, joined to a folder, names a file below that folder on every system.
    public static func isInside(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return 1...8 ~= parts.count && path.utf8.count <= 1024 && parts.allSatisfy(isPlain)
    }

    /// Whether `name` is a plain file name without folders.
    private static func isPlain(_ name: Substring) -> Bool {
        1...200 ~= name.utf8.count && name != "." && name != ".."
            && name.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
                default: scalar != "\\" && scalar != ":"
                }
            }
    }

    /// The names of all parts of the split GGUF file to which `name` belongs; only `name` if the file is not split.
    ///
    /// llama.cpp names parts `model-00001-of-00003.gguf`.
    public static func parts(ofSplit name: String) -> [String] {
        guard let match = name.wholeMatch(of: /(.*-)(\d{5})-of-(\d{5})\.gguf/), let count = Int(match.3),
            1...999 ~= count
        else { return [name] }
        return (1...count).map { number in
            let digits = String(number)
            return "\(match.1)\(String(repeating: "0", count: 5 - digits.count))\(digits)-of-\(match.3).gguf"
        }
    }

    /// Whether `name` is a part of a split GGUF file other than the first. The first part's name stands for the file.
    public static func isLaterPart(_ name: String) -> Bool {
        parts(ofSplit: name).first.map { $0 != name } ?? false
    }
}
