import Foundation
import LLoCOBase
import Testing

@Suite struct ErrorCodeTests {
    private struct Unknown: Error {}

    private struct Coded: CodedError {
        let errorCode: ErrorCode
        let description = "x"
    }

    @Test func everyErrorHasACode() {
        #expect(ErrorCode(of: CancellationError()) == .cancelled)
        #expect(ErrorCode(of: Unknown()) == .failed)
        #expect(ErrorCode(of: CocoaError(.fileNoSuchFile)) == .notFound)
        #expect(ErrorCode(of: CocoaError(.fileWriteOutOfSpace)) == .storage)
        #expect(ErrorCode(of: NSError(domain: NSPOSIXErrorDomain, code: Int(ENOSPC))) == .storage)
        #expect(ErrorCode(of: CocoaError(.propertyListReadCorrupt)) == .failed)
        for code in ErrorCode.allCases { #expect(ErrorCode(of: Coded(errorCode: code)) == code) }
    }

    @Test func hintsAreOptional() {
        #expect(Coded(errorCode: .busy).hint == nil)
        #expect(JSONLinesError(file: "f", line: 1, reason: "r", hint: .nameTask).hint == .nameTask)
    }

    @Test func fileErrorsHaveCodes() throws {
        let missing = URL(filePath: "/nowhere/q.jsonl")
        func code(_ body: () throws -> Void) -> ErrorCode? {
            do { try body() } catch { return ErrorCode(of: error) }
            return nil
        }
        #expect(code { _ = try JSONLinesReader(url: missing) } == .notFound)
        #expect(code { _ = try JSONLinesReader(url: FileManager.default.temporaryDirectory) } == .invalid)
        #expect(code { _ = try JSONFields(line: Array("{".utf8)) } == .damaged)
        #expect(code { _ = try JSONParser.parse(Array("{".utf8)) } == .damaged)
        #expect(code { _ = try FileIdentity.digest(of: [missing]) } == .notFound)
    }
}
