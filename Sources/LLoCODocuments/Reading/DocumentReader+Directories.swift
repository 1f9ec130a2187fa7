internal import Foundation

extension DocumentReader {
    /// The document files at `paths`: files unchanged, directories replaced by the documents below them.
    ///
    /// The documents of a directory are its files with a known extension, sorted by the bytes of their names. Hidden
    /// files and links to directories are skipped. Each file is listed once.
    ///
    /// - Throws: ``DocumentError`` if a path is missing or a directory has no documents.
    public func expand(_ paths: [String]) throws -> [String] {
        var seen: Set<String> = []
        var files: [String] = []
        for path in paths {
            let found: [String]
            if try attributes(of: path)[.type] as? FileAttributeType == .typeDirectory {
                found = try documents(below: path)
                guard !found.isEmpty else {
                    let known = Self.extensions.keys.sorted().joined(separator: ", ")
                    throw DocumentError(
                        .noDocuments,
                        "\(path): a directory without documents (\(known)); name other files one by one")
                }
            } else {
                found = [path]
            }
            for file in found where seen.insert(URL(fileURLWithPath: file).standardizedFileURL.path).inserted {
                files.append(file)
            }
        }
        return files
    }

    private func documents(below directory: String) throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw DocumentError(.unreadable, "\(directory): this directory cannot be listed; check its permissions")
        }
        var files: [String] = []
        // Sorted by bytes, so that the order does not depend on the locale.
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
            let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
            let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
            if type == .typeDirectory {
                files += try documents(below: path)
            } else if Self.extensions[URL(fileURLWithPath: path).pathExtension.lowercased()] != nil {
                let target = try? attributes(of: path)[.type] as? FileAttributeType
                if target == .typeRegular { files.append(path) }
            }
        }
        return files
    }
}
