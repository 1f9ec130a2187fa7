import Foundation
import LLoCOReports
import LLoCOTorch

/// A report's file. Its extension selects the format.
enum ReportFile {
    enum Form {
        case html, markdown, json

        init?(_ path: String) {
            switch URL(filePath: path).pathExtension.lowercased() {
            case "html", "htm": self = .html
            case "md": self = .markdown
            case "json": self = .json
            default: return nil
            }
        }
    }

    /// - Throws: `CommandError` where no file can be written at `path`.
    static func check(_ path: String, option: String = "--report") throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
            FileManager.default.isWritableFile(atPath: folder)
        else { throw CommandError("\(option) \(path): \(folder) is not a writable folder") }
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw CommandError("\(option) \(path): this is a folder, expected a file's name")
        }
    }

    static func write(_ report: EvaluationReport, to path: String) throws {
        let data =
            switch Form(path) {
            case .markdown: Data(report.markdown().utf8)
            case .json: try report.json()
            case .html, nil: Data(try report.html().utf8)
            }
        do { try data.write(to: URL(filePath: path), options: .atomic) } catch {
            throw CommandError("--report \(path): the file cannot be written")
        }
    }
}
