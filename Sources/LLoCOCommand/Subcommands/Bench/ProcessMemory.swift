import Foundation

/// The memory in use by this process: resident pages, including those of mapped files.
enum ProcessMemory {
    /// Bytes in use now; nil on systems that do not report it.
    static var current: Int? { status("VmRSS") }

    /// The maximum bytes in use since the start, or since ``forgetPeak()``.
    static var peak: Int? {
        if let bytes = status("VmHWM") { return bytes }
        var usage = rusage()
        #if canImport(Darwin)
            return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : nil
        #else
            // In kilobytes. 0 is the process itself, whatever type the C library gives the constant.
            return getrusage(.init(0), &usage) == 0 ? usage.ru_maxrss * 1024 : nil
        #endif
    }

    /// Resets the peak, so that loading does not count. Only Linux can: elsewhere the peak is that since the start.
    static func forgetPeak() {
        #if os(Linux)
            guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
            try? file.write(contentsOf: Data("5".utf8))
            try? file.close()
        #endif
    }

    private static func status(_ field: String) -> Int? {
        #if os(Linux)
            guard let data = FileManager.default.contents(atPath: "/proc/self/status") else { return nil }
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.hasPrefix(field + ":") {
                let number = line.dropFirst(field.count + 1).split(whereSeparator: \.isWhitespace).first
                return number.flatMap { Int($0) }.map { $0 * 1024 }
            }
        #endif
        return nil
    }
}
