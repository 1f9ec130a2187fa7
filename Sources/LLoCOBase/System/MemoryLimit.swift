import Foundation

/// The memory that this process may have: the machine's, or on Linux what its control group leaves of it, as a container
/// does. `ProcessInfo` knows the machine's alone.
package enum MemoryLimit {
    /// bytes
    package static let ofThisProcess: UInt64 = {
        let machine = ProcessInfo.processInfo.physicalMemory
        guard let groups = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8) else { return machine }
        return min(machine, smallest(groups: groups, root: "/sys/fs/cgroup") ?? machine)
    }()

    /// The smallest limit of the groups that a process is in and of those around them; nil where there is none.
    ///
    /// - Parameters:
    ///   - groups: what `/proc/PID/cgroup` says: a line `0::/path` (version 2), or `N:memory:/path` (version 1)
    ///   - root: where the groups' file system is
    package static func smallest(groups: String, root: String) -> UInt64? {
        var limits: [UInt64] = []
        for line in groups.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let folder: String
            let file: String
            if fields[0] == "0", fields[1].isEmpty {
                (folder, file) = (root, "memory.max")
            } else if fields[1].split(separator: ",").contains("memory") {
                (folder, file) = (root + "/memory", "memory.limit_in_bytes")
            } else {
                continue
            }
            // A container often sees its own group as the root, whatever the path says: what is not there is passed over.
            var path = fields[2].split(separator: "/")
            while true {
                let place = ([folder] + path.map(String.init) + [file]).joined(separator: "/")
                if let text = try? String(contentsOfFile: place, encoding: .utf8),
                    let limit = UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines))
                {
                    limits.append(limit)
                }
                if path.popLast() == nil { break }
            }
        }
        return limits.min()
    }
}
