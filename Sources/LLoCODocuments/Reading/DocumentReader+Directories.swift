internal import Foundation

extension DocumentReader {
    /// The files that `paths` stand for: files as they are, directories as the documents below them.
    ///
    /// Below a directory, files of a known extension count, in sorted order; hidden ones and what links to other
    /// directories are passed over. A file is listed once.
    ///
    /// - Throws: ``DocumentError`` where a path is missing or a directory holds no document.
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
                        "\(path): a directory without documents (\(known)); name files of other kinds one by one")
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
        // Sorted by bytes: the same on every machine, whatever its language.
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
