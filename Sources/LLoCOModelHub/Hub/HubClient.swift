import AsyncHTTPClient
import Foundation
import LLoCOBase
import LLoCOModelFiles
import NIOCore
import NIOHTTP1

/// A client of a model hub's HTTP API, for the list of a repository's files and their addresses.
///
///     GET /api/models/OWNER/REPO                          commit and licence
///     GET /api/models/OWNER/REPO/tree/COMMIT?recursive=true    files with sizes and digests, paginated
///     GET /OWNER/REPO/resolve/COMMIT/FILE                 a file, often after a redirect
struct HubClient {
    let transport: HubTransport
    private var settings: HubSettings { transport.settings }

    private static let maximumDescriptionBytes = 8 << 20
    private static let maximumPageBytes = 16 << 20
    private static let maximumPages = 20
    private static let maximumFiles = 20_000
    /// 4 TiB; no file is larger.
    private static let maximumFileBytes = 1 << 42

    init(_ transport: HubTransport) {
        self.transport = transport
    }

    /// The files of a repository at its current commit.
    ///
    /// - Throws: ``HubError``
    func listing(of repository: HubRepository) async throws -> HubListing {
        let description = try await json(
            at: "api/models/\(repository)", of: repository, limit: Self.maximumDescriptionBytes
        ).value
        func fault(_ found: String) -> HubError {
            HubError(.damaged, "\(origin): the answer about \(repository): \(found)")
        }
        guard let commit = description.object?["sha"]?.string, case .gitObject? = ContentDigest(hexadecimal: commit)
        else {
            throw fault("no commit, expected \"sha\" of 40 hexadecimal digits")
        }
        var files: [HubFile] = []
        var names: Set<String> = []
        var page: String? = "api/models/\(repository)/tree/\(commit)?recursive=true"
        var pages = 0
        while let path = page {
            pages += 1
            guard pages <= Self.maximumPages else { throw fault("more than \(Self.maximumPages) pages of files") }
            let (value, next) = try await json(at: path, of: repository, limit: Self.maximumPageBytes)
            guard let entries = value.array else { throw fault("\(value.kind), expected a list of files") }
            for entry in entries {
                guard let entry = entry.object, entry["type"]?.string == "file" else { continue }
                let file = try file(entry, fault)
                guard names.insert(file.name).inserted else { throw fault("\(file.name) is listed twice") }
                files.append(file)
                guard files.count <= Self.maximumFiles else { throw fault("more than \(Self.maximumFiles) files") }
            }
            page = next
        }
        return HubListing(commit: commit, licence: Self.licence(description), files: files)
    }

    private func file(_ entry: JSONObject, _ fault: (String) -> HubError) throws -> HubFile {
        guard let name = entry["path"]?.string else { throw fault("a file without a path") }
        let shown = "\"\(name.printable(limit: 120))\""
        guard FileName.isInside(name) else { throw fault("the file name \(shown), expected a path inside a folder") }
        let large = entry["lfs"]?.object
        guard let bytes = (large?["size"] ?? entry["size"])?.integer, 0...Self.maximumFileBytes ~= bytes else {
            throw fault("no valid size of \(shown), expected 0 to \(Self.maximumFileBytes) bytes")
        }
        // A large file's git object is only a pointer, so the digest of the content comes first.
        guard let digits = (large?["oid"] ?? large?["sha256"] ?? entry["oid"])?.string,
            let digest = ContentDigest(hexadecimal: digits.replacing("sha256:", with: ""))
        else { throw fault("no valid digest of \(shown), expected SHA-256 or SHA-1") }
        return HubFile(name: name, bytes: bytes, digest: digest)
    }

    /// The licence in the model card, else in the tags.
    private static func licence(_ description: JSONValue) -> String? {
        let card = description.object?["cardData"]?.object
        let named = card?["license"]?.string == "other" ? card?["license_name"]?.string ?? "other" : nil
        let tag = description.object?["tags"]?.array?.compactMap(\.string).first { $0.hasPrefix("license:") }
        return (named ?? card?["license"]?.string ?? tag.map { String($0.dropFirst("license:".count)) })?
            .printable(limit: 80)
    }

    /// The address of a file.
    func address(of file: String, in repository: HubRepository, at revision: String) throws -> URL {
        try address("\(repository)/resolve/\(revision)/\(Self.escaped(file))")
    }

    private var origin: String { HubTransport.origin(of: settings.endpoint) }

    private func address(_ path: String) throws -> URL {
        guard let url = URL(string: "\(settings.endpoint.absoluteString)/\(path)") else {
            throw HubError(.invalid, "\(origin): \(path.printable(limit: 200)) does not make a valid URL")
        }
        return url
    }

    /// A path with all characters escaped that have a meaning in a URL.
    private static func escaped(_ path: String) -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
        return path.addingPercentEncoding(withAllowedCharacters: plain) ?? path
    }

    // MARK: - Answers

    /// A JSON value of up to `limit` bytes, and the path of the next page if there is one.
    private func json(
        at path: String, of repository: HubRepository, limit: Int
    ) async throws -> (value: JSONValue, next: String?) {
        let url = try address(path)
        return try await transport.retrying {
            let answer = try await transport.get(url)
            try check(answer, requested: repository.description, repository: repository)
            var bytes: [UInt8] = []
            do {
                var rate = TransferRate(settings)
                for try await piece in answer.body {
                    guard bytes.count + piece.readableBytes <= limit else {
                        throw HubError(
                            .damaged, "\(answer.origin): the answer about \(repository) has more than \(limit) bytes")
                    }
                    bytes.append(contentsOf: piece.readableBytesView)
                    try rate.add(piece.readableBytes, from: answer.origin)
                }
            } catch { throw transport.failure(error, of: answer.origin) }
            do {
                return (try JSONParser.parse(bytes), try nextPage(answer))
            } catch let error as JSONError {
                throw HubError(
                    .damaged,
                    "\(answer.origin): the answer about \(repository) is not JSON (\(error)); is it a model hub?")
            }
        }
    }

    /// The path of the next page in the header `Link`. A page on another host is refused.
    private func nextPage(_ answer: HubTransport.Answer) throws -> String? {
        guard let link = answer.header("link"), let match = link.firstMatch(of: /<([^<>]*)>\s*;\s*rel="?next"?/) else {
            return nil
        }
        let target = String(match.1)
        let prefix = settings.endpoint.absoluteString + "/"
        guard target.hasPrefix(prefix) else {
            throw HubError(.damaged, "\(answer.origin): the next page of files is elsewhere, expected below \(prefix)")
        }
        return String(target.dropFirst(prefix.count))
    }

    /// Checks that an answer's status is a success.
    ///
    /// - Parameters:
    ///   - requested: the requested repository or file, for messages
    ///   - repository: the repository whose licence the user may have to accept
    /// - Throws: ``HubError`` for any other status, with a suggested fix.
    func check(_ answer: HubTransport.Answer, requested: String, repository: HubRepository) throws {
        if 200...299 ~= answer.status { return }
        let address = "\(settings.endpoint.absoluteString)/\(repository)"
        let status = answer.status
        let code = answer.header("x-error-code") ?? ""
        let token =
            settings.token == nil
            ? "set HF_TOKEN to a token of an account there" : "replace HF_TOKEN, which was not accepted"
        switch status {
        case 401 where code != "GatedRepo":
            throw HubError(
                .notFound,
                "\(requested): not available from \(origin) (401): it does not exist or is private; "
                    + "check its name, or \(token)")
        case 401:
            throw HubError(
                .invalid,
                "\(requested): its licence must be accepted (401): accept it at \(address), then \(token)")
        case 403:
            throw HubError(
                .invalid,
                "\(requested): refused by \(origin) (403): accept its licence at \(address)"
                    + (settings.token == nil
                        ? " and set HF_TOKEN to a token of your account" : " with the account of HF_TOKEN"))
        case 404: throw HubError(.notFound, "\(requested): not found at \(origin) (404); check its name")
        case 408, 425, 429, 500...599:
            let text = status == 429 ? "too many requests" : "temporarily unavailable"
            throw HubError(
                .failed, "\(answer.origin): \(text) (\(status)) for \(requested)", isTransient: true,
                retryAfter: answer.header("retry-after").flatMap { Int($0) })
        default: throw HubError(.failed, "\(answer.origin): status \(status) for \(requested), expected 200")
        }
    }
}
