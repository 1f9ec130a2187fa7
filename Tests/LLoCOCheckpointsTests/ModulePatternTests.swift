import LLoCOCheckpoints
import Testing

/// Matching of expressions; the expected results are those of Python's `re`.
@Suite struct ModulePatternTests {
    private let path = "model.layers.12.self_attn.q_proj"

    @Test(arguments: [
        ".*", ".*_proj", ".*\\.layers\\.\\d+\\.(self_attn|mlp)\\.(q|k)_proj", "model.layers.[0-9]{2}.self_attn.q_proj",
        "(?:model\\.)?layers\\.12.*|.*", "^model\\..*$", "(?P<start>model)\\.(?:layers)\\.(?!13)\\d+\\..*",
        "(?=.*attn).*q_proj", ".*\\bself_attn\\b.*", "[a-z]+\\.[^.]+\\.\\w{1,}?\\.[\\w]+\\.q_proj",
        "model(\\.[^.]*){4}",
        "model.layers.(1[0-9]|2).self_attn.q{1}_proj", "(((.*)*)*)*", "m{0,1}.*", "model\\.{0,}.*", "[]m]odel.*",
        "\\A.*\\Z",
        "(?:.*?(?:language|text).*?(?:self_attn|mlp).*?)|(?:\\bmodel\\.layers\\.[\\d]{1,}\\.(?:self_attn|mlp)\\.(?:(?:q_proj|k_proj)))",
    ]) func matches(_ text: String) throws {
        #expect(try ModulePattern(text).matches(path))
    }

    @Test(arguments: [
        "q_proj", ".*k_proj", "model", "", ".*\\.layers\\.\\d\\..*", "(?!model).*", "(?!.*attn).*", "model{2}.*",
        "^layers.*",
        "[^m]odel.*", ".*\\Bself_attn.*", "model(\\.[^.]*){3}", "x{}.*", ".*q_proj\\s",
    ]) func doesNotMatch(_ text: String) throws {
        #expect(try !ModulePattern(text).matches(path))
    }

    @Test func endsOfPathsMatch() throws {
        for text in [
            "q_proj", "self_attn.q_proj", "layers.12.self_attn.q_proj", path, "layers.1..self_attn.q_proj", "^model.*",
            "q_pro.", "(q|k)_proj", "layers\\.(12|13)\\..*", "proj|q_proj",
        ] {
            #expect(try ModulePattern(text).matchesEnd(of: path), "\(text)")
        }
        for text in [
            "proj", "_proj", "attn.q_proj", "layers.2.self_attn.q_proj", "^q_proj", "^layers.*", "k_proj", "", "q",
        ] {
            #expect(try !ModulePattern(text).matchesEnd(of: path), "\(text)")
        }
    }

    @Test(arguments: [
        "(", ")", "(?", "[a", "[b-a]", "*", "a**", "a++", "(?i)q", "(?<=q)k", "(?<!q)k", "(?>q)", "(q)\\1", "\\", "\\p",
        "a{3,2}",
        "a{1001}", "(?P=q)", "[a-\\d]", String(repeating: "(", count: 100), String(repeating: "a", count: 5000),
    ]) func unsupportedExpressionsAreRefused(_ text: String) {
        #expect(throws: ModulePattern.Fault.self) { _ = try ModulePattern(text) }
    }

    @Test func timeIsBounded() throws {
        var text = "[a-z.]"
        for _ in 0..<40 { text = "(\(text){1,2})" }
        let pattern = try ModulePattern(text)
        #expect(throws: ModulePattern.Fault.self) { _ = try pattern.matches(path) }
        #expect(try !ModulePattern("(a+)+(a+)+(a+)+x").matches(String(repeating: "a", count: 300)))
    }
}
