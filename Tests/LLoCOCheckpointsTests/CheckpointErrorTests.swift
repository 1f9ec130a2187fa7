import LLoCOBase
import LLoCOCheckpoints
import Testing

@Suite struct CheckpointErrorTests {
    @Test(arguments: [
        (CheckpointError.Code.unreadable, ErrorCode.notFound), (.malformed, .damaged), (.unsupported, .unsupported),
        (.missing, .damaged), (.foreignClass, .unsupported), (.mismatch, .invalid), (.unwritable, .storage),
    ]) func codesMapToErrorCodes(_ code: CheckpointError.Code, _ expected: ErrorCode) {
        #expect(CheckpointError(code, file: "f", found: "x").errorCode == expected)
    }
}
