import AsyncHTTPClient
import Foundation
import LLoCOBase
import LLoCOModelFiles
import NIOCore
import NIOHTTP1

/// The download of one file from a hub to a partial file.
struct Download {
    let client: HubClient
    let repository: HubRepository
    let revision: String
    let file: HubFile
    let part: URL

    /// Completes the part and checks its digest. An existing part is resumed; if the digest then differs, the part
    /// belonged to another file, and the whole file is downloaded again.
    ///
    /// - Parameter progress: gets the number of bytes of the file so far
    /// - Returns: the file's SHA-256
    /// - Throws: ``HubError``; `ModelFileError` if the part cannot be written, or if the content has another digest
    ///   than the hub announced, after the part is removed; errors of `progress`.
    func run(progress: (Int) throws -> Void) async throws -> String {
        var out = try PartFile(part)
        if out.bytes > file.bytes { try out.truncate() }
        var hasher = ContentHasher(for: file.digest, bytes: file.bytes)
        try out.hash(into: &hasher)
        while true {
            try progress(out.bytes)
            try await complete(&out, &hasher, progress)
            try out.flush()
            let found = hasher.digest()
            if found == file.digest { return hasher.sha256Digits() }
            // The repository may have changed since the part was started.
            guard out.isResumed else {
                try? FileManager.default.removeItem(at: part)
                throw ModelFileError(
                    .damaged, "\(file.name) of \(repository): \(found), expected \(file.digest): refused and removed")
            }
            try out.truncate()
            hasher = ContentHasher(for: file.digest, bytes: file.bytes)
        }
    }

    /// Downloads the missing bytes, in one request or more.
    private func complete(
        _ out: inout PartFile, _ hasher: inout ContentHasher, _ progress: (Int) throws -> Void
    ) async throws {
        let url = try client.address(of: file.name, in: repository, at: revision)
        let (transport, settings) = (client.transport, client.transport.settings)
        var attempt = 1
        while out.bytes < file.bytes {
            let before = out.bytes
            do {
                try await transfer(url, to: &out, &hasher, progress)
            } catch let error as HubError where error.isTransient {
                // Attempts are unlimited as long as each one transfers enough bytes.
                attempt = out.bytes - before >= settings.minimumBytes ? 1 : attempt + 1
                guard attempt <= settings.attempts else {
                    throw out.bytes == 0
                        ? error
                        : HubError(
                            error.errorCode,
                            "\(error); \(out.bytes) of \(file.bytes) bytes of \(file.name) are kept; "
                                + "retry to resume from there")
                }
                try await transport.pause(after: attempt - 1, error)
            }
        }
    }

    /// One request for the missing bytes.
    private func transfer(
        _ url: URL, to out: inout PartFile, _ hasher: inout ContentHasher, _ progress: (Int) throws -> Void
    ) async throws {
        let answer = try await client.transport.get(url, from: out.bytes)
        func fault(_ found: String) -> HubError {
            HubError(.damaged, "\(answer.origin): \(file.name) of \(repository): \(found)")
        }
        if answer.status == 416 {
            // The server's file is shorter than the part, so the part belongs to another file.
            let offset = out.bytes
            try out.truncate()
            hasher = ContentHasher(for: file.digest, bytes: file.bytes)
            throw HubError(
                .damaged, "\(answer.origin): \(file.name) has no byte \(offset), expected \(file.bytes) bytes",
                isTransient: true)
        }
        try client.check(answer, requested: "\(repository):\(file.name)", repository: repository)
        try checkAnnounced(answer, fault)
        if answer.status == 206 {
            let range = answer.header("content-range") ?? ""
            guard let match = range.wholeMatch(of: /bytes (\d{1,18})-\d{1,18}\/(\d{1,18}|\*)/),
                Int(match.1) == out.bytes,
                match.2 == "*" || Int(match.2) == file.bytes
            else {
                throw fault(
                    "content-range \"\(range.printable(limit: 60))\", "
                        + "expected a range from byte \(out.bytes) of \(file.bytes)")
            }
        } else if out.bytes > 0 {
            // The server ignores the range and sends the whole file.
            try out.truncate()
            hasher = ContentHasher(for: file.digest, bytes: file.bytes)
        }
        if let text = answer.header("content-length"), let length = Int(text), length != file.bytes - out.bytes {
            throw fault("\(length) bytes, expected \(file.bytes - out.bytes)")
        }
        var rate = TransferRate(client.transport.settings)
        var pieces = answer.body.makeAsyncIterator()
        // Convert only errors of the connection, which are the hub's fault.
        func next() async throws -> ByteBuffer? {
            do { return try await pieces.next() } catch {
                throw client.transport.failure(error, of: answer.origin)
            }
        }
        while let piece = try await next() {
            guard piece.readableBytes <= file.bytes - out.bytes else {
                try out.truncate()
                throw fault("more than \(file.bytes) bytes, the announced size: stopped")
            }
            try piece.withUnsafeReadableBytes { bytes in
                let before = out.bytes
                defer { hasher.update(UnsafeRawBufferPointer(rebasing: bytes[..<(out.bytes - before)])) }
                try out.append(bytes)
            }
            try progress(out.bytes)
            try rate.add(piece.readableBytes, from: answer.origin)
            try Task.checkCancellation()
        }
        if out.bytes < file.bytes {
            throw HubError(
                .failed, "\(answer.origin): \(file.name) ended after \(out.bytes) of \(file.bytes) bytes",
                isTransient: true)
        }
    }

    /// Checks that the size and digest in a redirect's headers, for a large file, agree with the hub's list.
    private func checkAnnounced(_ answer: HubTransport.Answer, _ fault: (String) -> HubError) throws {
        let headers = answer.redirects.first ?? answer.headers
        if let text = headers.first(name: "x-linked-size"), let size = Int(text), size != file.bytes {
            throw fault("\(size) bytes (x-linked-size), expected \(file.bytes)")
        }
        if let tag = headers.first(name: "x-linked-etag"),
            let digest = ContentDigest(hexadecimal: tag.replacing("W/", with: "").replacing("\"", with: "")),
            case .sha256 = digest, case .sha256 = file.digest, digest != file.digest
        {
            throw fault("\(digest) (x-linked-etag), expected \(file.digest)")
        }
    }
}
