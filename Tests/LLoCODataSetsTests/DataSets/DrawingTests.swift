import Foundation
import LLoCODataSets
import LLoCOTestSupport
import LLoCOTokenizers
import Testing

/// Random documents up to a number of tokens.
@Suite struct DrawingTests {
    private let tokenizer: any Tokenizer

    init() throws { tokenizer = try TokenizerLoader.load(folder: TestFiles.tokenizers.appending(path: "smollm")) }

    private func set(_ count: Int) -> EvaluationSet {
        EvaluationSet(
            name: "ponds", format: .lloco,
            documents: (0..<count).map { index in
                EvaluationDocument(
                    id: "\(index)", title: "\(index)",
                    text: (0...index % 7).map { "Pond \($0) is deep." }.joined(separator: " "), questions: [])
            })
    }

    private func tokens(_ set: EvaluationSet) -> Int {
        set.documents.reduce(0) { $0 + tokenizer.encode($1.text ?? "", special: .asText).count }
    }

    @Test func documentsUpToTheTokensAreDrawn() throws {
        let all = set(40)
        let total = tokens(all)
        var drawn = all
        drawn.draw(tokens: total / 3, seed: 0, tokenizer: tokenizer)
        #expect(0 < drawn.documents.count && drawn.documents.count < 40)
        #expect(tokens(drawn) <= total / 3 && tokens(drawn) > total / 3 - 200)
        let places = drawn.documents.compactMap { Int($0.id) }
        #expect(places == places.sorted() && places != Array(0..<places.count))
        #expect(drawn.remarks.count == 1 && drawn.remarks[0].contains("\(drawn.documents.count) of 40"))
        #expect(drawn.remarks[0].contains("\(tokens(drawn)) tokens"))
        var (again, other, whole, minimum) = (all, all, all, all)
        again.draw(tokens: total / 3, seed: 0, tokenizer: tokenizer)
        #expect(again == drawn)
        other.draw(tokens: total / 3, seed: 1, tokenizer: tokenizer)
        #expect(other.documents != drawn.documents)
        whole.draw(tokens: total, seed: 0, tokenizer: tokenizer)
        #expect(whole == all)
        minimum.draw(tokens: 1, seed: 0, tokenizer: tokenizer)
        #expect(minimum.documents.count == 1)
        var empty = set(0)
        empty.draw(tokens: 1, seed: 0, tokenizer: tokenizer)
        #expect(empty == set(0))
    }
}
