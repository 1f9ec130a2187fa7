import Foundation
import LLoCOTestSupport
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Commands that are killed at random moments (SIGKILL): finished work is kept, the same command completes the rest,
/// and the result equals that of an uninterrupted command.
@Suite(.serialized) struct KillTests {
    private static let names = (0..<6).map { "chapter\($0).txt" }

    /// Samples the moments of the kills, the same on every run.
    private struct Moments {
        var state: UInt64

        /// 0 ..< 1
        mutating func next() -> Double {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return Double((value ^ value >> 31) >> 11) / Double(1 << 53)
        }

        mutating func next(below count: Int) -> Int { Int(next() * Double(count)) }
    }

    /// The number of kills, by their moment.
    private struct Tally {
        var kills = 0
        /// those between the first and the last stored piece of work
        var amidWork = 0
    }

    /// Starts a command and kills it after `lines` lines and a share of the time for another line.
    ///
    /// Lines do not depend on the machine's load. Returns false if the command had ended before.
    private func killed(
        _ place: Workplace, _ arguments: [String], afterLines lines: Int, pause: Double
    ) async throws -> Bool {
        let command = try await place.start(arguments)
        while command.isRunning, command.printedLines < lines { try await Task.sleep(for: .milliseconds(2)) }
        try await Task.sleep(for: .seconds(pause))
        command.send(SIGKILL)
        let outcome = try await command.end()
        if outcome.signal == nil { outcome.expectSuccess() }
        return outcome.signal == SIGKILL
    }

    @Test func add() async throws {
        func prepared() throws -> Workplace {
            let place = try Workplace()
            for (index, name) in Self.names.enumerated() {
                try place.write(name, text: Sample.text("chapter\(index)", sentences: 8 + index))
            }
            return place
        }
        let command = ["add"] + Self.names + ["--group", "g", "--json"] + Sample.segment
        let whole = try prepared()
        var pace = try await whole.run(command).expectSuccess().seconds / Double(Self.names.count)
        let expected = try await LibraryContent(of: whole)
        #expect(expected.documents(finished: true).count == Self.names.count)
        let segments = expected.documents().values.reduce(0) { $0 + $1.segments.count }

        var moments = Moments(state: 11)
        var tally = Tally()
        for round in 0..<48 where tally.kills < 12 {
            let place = try prepared()
            for _ in 0..<3 {
                let lines = moments.next(below: Self.names.count - 1)
                guard try await killed(place, command, afterLines: lines, pause: pace * moments.next()) else {
                    // The machine is faster than when the pace was measured, beside other tests.
                    pace /= 2
                    break
                }
                tally.kills += 1
                guard TestFiles.exists(place.folder.appending(path: "library.lloco")) else { continue }
                // The next start of the command must find a sound library.
                try await place.run("list", "--json").expectSuccess()
                let left = try await LibraryContent(of: place)
                #expect(left.faults == [])
                for (name, document) in left.documents() {
                    let reference = try #require(expected.documents()[name])
                    if document.isFinished {
                        #expect(document.agrees(with: reference), "\(name) is finished in round \(round)")
                    } else {
                        #expect(document.text == reference.text)
                        #expect(document.hasVectors(near: reference.vectors), "\(name) as far as it was made")
                    }
                }
                let done = left.documents().values.reduce(0) { $0 + $1.segments.count }
                if !left.documents().isEmpty, done < segments || left.embeddedPassages < expected.passages {
                    tally.amidWork += 1
                }
            }
            try await place.run(command).expectSuccess()
            let end = try await LibraryContent(of: place)
            #expect(end.faults == [])
            #expect(end.documents().keys == expected.documents().keys, "round \(round)")
            for (name, document) in end.documents() {
                let reference = try #require(expected.documents()[name])
                #expect(document.agrees(with: reference), "\(name) in round \(round)")
            }
            #expect(end.embeddedPassages == expected.passages && end.passages == expected.passages)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: place.folder.path).filter { $0.contains("lloco") }
                    == ["library.lloco"])
        }
        #expect(tally.kills >= 12, "\(tally)")
        #expect(tally.amidWork >= 6, "\(tally)")
    }

    @Test func finetune() async throws {
        let command =
            [
                "finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "recipe.json5", "--epochs",
                "12",
                "--seed", "5", "--save-every", "0.02", "--json",
            ] + Sample.segment
        let whole = try await Workplace.furnished()
        let before = try await LibraryContent(of: whole)
        let run = try await whole.run(command).expectSuccess()
        let steps = try run.objects().count - 1
        var pace = run.seconds / Double(steps)
        let adapters = try await LibraryContent(of: whole).adapters
        #expect(adapters["g"]?.count == 2)

        var moments = Moments(state: 23)
        var tally = Tally()
        for round in 0..<48 where tally.kills < 10 {
            let place = try await Workplace.furnished()
            var left = steps
            for _ in 0..<3 {
                let lines = moments.next(below: left)
                guard try await killed(place, command, afterLines: lines, pause: 2 * pace * moments.next()) else {
                    pace /= 2
                    break
                }
                tally.kills += 1
                // The next run prints about as many steps as this one has not saved.
                left = max(1, left - lines)
                try await place.run("list", "--json").expectSuccess()
                let content = try await LibraryContent(of: place)
                #expect(content.faults == [])
                #expect(content.documents() == before.documents())
                if content.adapters != before.adapters {
                    #expect(content.adapters == adapters, "killed on its way out")
                    break
                }
                if content.unfinishedRuns > 0 { tally.amidWork += 1 }
            }
            // A run that stored its adapter before the kill is finished; the command would train another.
            if try await LibraryContent(of: place).adapters["g"]?.count == 1 {
                let rest = try await place.run(command).expectSuccess().objects()
                #expect(rest.count - 1 <= steps)
                #expect(rest.last?["adapter"] as? String == adapters["g"]?[0])
                #expect(rest.last?["steps"] as? Int == steps)
            }
            let end = try await LibraryContent(of: place)
            #expect(end.adapters == adapters, "round \(round)")
            #expect(end.faults == [] && end.unfinishedRuns == 0)
            #expect(end.documents() == before.documents())
        }
        #expect(tally.kills >= 10, "\(tally)")
        #expect(tally.amidWork >= 5, "\(tally)")
    }

    /// Ctrl-C and SIGTERM end a training with a checkpoint, whenever the next one was due.
    @Test(arguments: [SIGTERM, SIGINT]) func aTrainingEndsWithACheckpoint(signal: Int32) async throws {
        let place = try Workplace()
        try place.write("text.txt", text: Sample.text("river", sentences: 30))
        let long = Sample.recipe.replacing("steps: 6", with: "steps: 100000")
        try place.write("recipe.json5", text: long.replacing("checkpointSteps: 2", with: "checkpointSteps: 100000"))
        let command = [
            "train-compressor", "--text", "text.txt", "--out", "mine", "--recipe", "recipe.json5", "--model",
            TestFiles.fixtures.appending(path: "llama-rope3").path, "--json",
        ]
        let process = try await place.start(command)
        while process.isRunning, process.printedLines < 2 { try await Task.sleep(for: .milliseconds(5)) }
        process.send(signal)
        let outcome = try await process.end()
        #expect(outcome.status == 128 + signal, "\(outcome)")
        #expect(outcome.errorText.contains("the same command resumes from the checkpoint"))
        let made = try place.objects("mine/training.jsonl").count
        #expect(made == outcome.outputText.split(separator: "\n").count)
        let next = try await place.run(command + ["--minutes", "0.0001"]).expectSuccess()
        #expect(next.errorText.contains("from step \(made)\n"), "\(next)")
    }

    @Test func trainCompressor() async throws {
        func prepared() throws -> Workplace {
            let place = try Workplace()
            try place.write("text.txt", text: Sample.text("river", sentences: 30))
            try place.write("recipe.json5", text: Sample.recipe.replacing("steps: 6", with: "steps: 12"))
            return place
        }
        let command = [
            "train-compressor", "--text", "text.txt", "--out", "mine", "--recipe", "recipe.json5", "--model",
            TestFiles.fixtures.appending(path: "llama-rope3").path, "--json",
        ]
        /// The compressor's files without the digests in its description, and each step's loss.
        func outcome(_ place: Workplace) throws -> ([Data], [NSDictionary]) {
            let files = try ["embed_summary.safetensors", "adapter_model.safetensors", "compressor.json"].map {
                try place.bytes("mine/\($0)")
            }
            let log = try place.bytes("mine/training.jsonl").split(separator: UInt8(ascii: "\n")).map {
                try #require(JSONSerialization.jsonObject(with: $0) as? [String: Any])
                    .filter { $0.key != "tokens_per_second" } as NSDictionary
            }
            return (files, log)
        }
        let whole = try prepared()
        var pace = try await whole.run(command).expectSuccess().seconds / 12
        let expected = try outcome(whole)
        #expect(expected.1.map { $0["step"] as? Int } == Array(1...12))

        var moments = Moments(state: 31)
        var tally = Tally()
        for round in 0..<48 where tally.kills < 8 {
            let place = try prepared()
            for _ in 0..<3 {
                guard
                    try await killed(
                        place, command, afterLines: moments.next(below: 8), pause: 2 * pace * moments.next())
                else {
                    pace /= 2
                    break
                }
                tally.kills += 1
                if TestFiles.exists(place.folder.appending(path: "mine/training-state.safetensors")) {
                    tally.amidWork += 1
                }
            }
            try await place.run(command).expectSuccess()
            let end = try outcome(place)
            #expect(end.0 == expected.0 && end.1 == expected.1, "round \(round)")
            #expect(!TestFiles.exists(place.folder.appending(path: "mine/training.lock")))
        }
        #expect(tally.kills >= 8 && tally.amidWork >= 3, "\(tally)")
    }
}
