import Foundation

/// The maximum memory of this process: the machine's memory, or on Linux the limit of its control group, such as a
/// container's. `ProcessInfo` reports only the machine's memory.
package enum MemoryLimit {
    /// bytes
    package static let ofThisProcess: UInt64 = {
        let machine = ProcessInfo.processInfo.physicalMemory
        guard let groups = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8) else { return machine }
        return min(machine, smallest(groups: groups, root: "/sys/fs/cgroup") ?? machine)
    }()

    /// The smallest limit of a process's control groups and their parents; nil if there is none.
    ///
    /// - Parameters:
    ///   - groups: the content of `/proc/PID/cgroup`: a line `0::/path` (version 2) or `N:memory:/path` (version 1)
    ///   - root: the mount point of the control group file system
    /// - Returns: bytes
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
            // A container often sees its own group as the root, although the path names another: skip missing files.
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
