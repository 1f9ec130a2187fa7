import Foundation
import LLoCO
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import Testing

/// An answerer's calls to its library: one search per question, an adapter's weights once.
@Suite struct AnswererLibraryTests {
    private let model: LoadedModel
    private let question = "When did the river rise?"

    init() throws { model = try LoadedModel.tiny() }

    private func fill(_ library: SQLiteLibrary) async throws {
        for (name, group) in [("river", "water"), ("mill", "water"), ("road", "land")] {
            _ = try await model.add(
                text: Sample.text(name, paragraphs: 2), path: "/\(name).txt", group: group, to: library)
        }
    }

    private func options(_ documents: [String]) -> Answerer.Options {
        var options = Answerer.Options()
        options.documents = documents
        options.generation.maximumTokens = 24
        return options
    }

    @Test func namedDocumentsAreRankedTogether() async throws {
        let library = try SQLiteLibrary.inMemory()
        let names = ["river.txt", "mill.txt"]
        for name in names {
            let lines = (0..<4).map { "Item \($0) of \(name)." }
            let text = lines.joined(separator: "\n")
            _ = try await model.add(text: text, path: "/\(name)", group: "water", to: library)
            let id = try library.document(named: name).id
            var start = 0
            try library.setPassages(
                of: id,
                lines.map { line in
                    defer { start += line.utf8.count + 1 }
                    return start..<start + line.utf8.count
                })
            try await library.embedPassages(of: id, with: model.embedder)
        }
        let answerer = Answerer(model: model, library: library)
        let keys = try Set(names.map { try library.document(named: $0).id })
        let retriever = Retriever(library: library, embedder: try model.embedder)
        for question in [question, "item 2 of the mill", "which 1 or 3 is it"] {
            let expected = try await retriever.search(question, in: .documents(keys), limit: 8).passages.prefix(4)
            for mode in [AnswerMode.compressed, .full, .retrieval] {
                var asked = options(names)
                asked.mode = mode
                asked.generation.maximumTokens = 1
                let answer = try await answerer.answer(question, asked)
                #expect(answer.omissions == [], "nothing is omitted")
                #expect(expected.count == 4)
                #expect(answer.passages.map(\.document) == expected.map(\.documentName))
                #expect(answer.passages.map(\.start) == expected.map(\.start))
                #expect(answer.passages.map(\.score) == expected.map(\.score))
            }
        }
        let once = try await answerer.answer(question, options(["river.txt"]))
        let twice = try await answerer.answer(question, options(["river.txt", "river.txt"]))
        #expect(twice.documents == ["river.txt"] && twice.contextTokens == once.contextTokens)
        #expect(twice.passages == once.passages)
    }

    @Test func anAdapterIsLoadedOnce() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        let stored = try CompressorFixture().adapter().checkpoint().encoded()
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            try await fill(library)
            try await library.saveAdapter(
                for: "water", identity: model.vectorIdentity, config: stored.configuration, weights: stored.weights)
        }
        let library = try SQLiteLibrary.open(path, for: .reading)
        let answerer = Answerer(model: model, library: library)
        func ask(_ answerer: Answerer) async throws -> String {
            try await answerer.answer(question, options(["river.txt"])).answer
        }
        let adapted = try await ask(answerer)
        try damage(stored.weights, in: path)
        #expect(try library.adapter(for: "water", identity: model.vectorIdentity) == nil)
        #expect(try await ask(answerer) == adapted, "a loaded adapter is not loaded again")
        let plain = try await ask(Answerer(model: model, library: library))
        #expect(plain != adapted, "a new answerer detects the damage")
    }

    /// An adapter is identified by its weights and its configuration.
    @Test func theSameWeightsAtAnotherScaleAreAnotherAdapter() async throws {
        let library = try SQLiteLibrary.inMemory()
        try await fill(library)
        let stored = try CompressorFixture().adapter().checkpoint().encoded()
        var config = try #require(
            JSONSerialization.jsonObject(with: Data(stored.configuration.utf8)) as? [String: Any])
        let answerer = Answerer(model: model, library: library)
        var answers: [String] = []
        let alpha = try #require(config["lora_alpha"] as? Double)
        for scale in [1.0, 0, 1] {
            config["lora_alpha"] = alpha * scale + (scale == 0 ? 1e-6 : 0)
            try await library.saveAdapter(
                for: "water", identity: model.vectorIdentity,
                config: String(decoding: try JSONSerialization.data(withJSONObject: config), as: UTF8.self),
                weights: stored.weights)
            answers.append(try await answerer.answer(question, options(["river.txt"])).answer)
        }
        #expect(answers[0] == answers[2])
        #expect(answers[0] != answers[1])
    }

    /// Takes a second each on an idle machine; hours if the time were quadratic in the length.
    @Test(.timeLimit(.minutes(5))) func aQuestionOfAMegabyteIsRejectedBeforeTheSearch() async throws {
        let library = try SQLiteLibrary.inMemory()
        try await fill(library)
        let answerer = Answerer(model: model, library: library)
        for part in ["river ", "a", "a\u{903}", "\u{301}", "中"] {
            let long = String(repeating: part, count: (1 << 20) / part.utf8.count)
            let line = await laterMessage { _ = try await answerer.answer(long, options(["river.txt"])) }
            #expect(line?.contains("window holds 512") == true, "\(line ?? "no error")")
        }
        // A question that fits the window but not the search: the truncation is reported.
        let words = (0..<70).map { String(UnicodeScalar(UInt8(97 + $0 % 26))) + "\($0)" }.joined(separator: " ")
        let answer = try await answerer.answer(words, options(["river.txt"]))
        #expect(answer.omissions.contains { $0.contains("too long for the search") })
    }

    /// Flips bytes of a stored value in the file and marks the file as changed, like another writer.
    private func damage(_ value: Data, in path: String) throws {
        let url = URL(fileURLWithPath: path)
        var file = try Data(contentsOf: url)
        // A value spans several pages: find a part of it that lies on one page.
        var place: Range<Int>?
        for start in stride(from: value.startIndex, to: value.endIndex - 48, by: 48) where place == nil {
            place = file.range(of: value[start..<start + 48])
        }
        for offset in try #require(place) { file[offset] ^= 0xFF }
        // SQLite's change counter tells a connection that its page cache is outdated.
        file[27] &+= 1
        let handle = try FileHandle(forWritingTo: url)
        try handle.write(contentsOf: file)
        try handle.close()
    }
}
