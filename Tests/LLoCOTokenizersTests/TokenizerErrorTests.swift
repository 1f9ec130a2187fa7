import LLoCOBase
import LLoCOTokenizers
import Testing

@Suite struct TokenizerErrorTests {
    @Test(arguments: [
        (TokenizerError.Code.missing, ErrorCode.notFound), (.malformed, .damaged), (.unsupported, .unsupported),
        (.chat, .invalid),
    ]) func codesMapToErrorCodes(_ code: TokenizerError.Code, _ expected: ErrorCode) {
        #expect(TokenizerError(code, in: "f", "x").errorCode == expected)
    }
}
