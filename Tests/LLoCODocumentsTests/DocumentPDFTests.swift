import Foundation
import LLoCODocuments
import LLoCOTestSupport
import Testing

@Suite struct DocumentPDFTests {
    let folder: TemporaryFolder
    let file: String

    init() throws {
        folder = try TemporaryFolder()
        file = try folder.write("a.pdf", text: "%PDF-1.4\nsomething\n%%EOF\n")
    }

    /// A script in place of pdftotext.
    func program(_ script: String) throws -> String {
        let path = try folder.write("program-\(UUID().uuidString)", text: "#!/bin/sh\n\(script)\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    func refused(
        _ reader: DocumentReader, _ path: String, _ code: DocumentError.Code, _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: DocumentError.self, sourceLocation: sourceLocation) { try reader.read(path) }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        let line = error?.description ?? ""
        #expect(
            line.contains(path) && line.contains(words) && !line.contains("\n"), "\(line)",
            sourceLocation: sourceLocation)
    }

    @Test func textIsTheProgramsOutput() throws {
        let reader = DocumentReader(pdfProgram: try program("echo \"$@\"; printf 'p\\303\\244ge two\\f'"))
        let document = try reader.read(file)
        #expect(document.kind == .pdf)
        #expect(document.text == "-enc UTF-8 -eol unix \(file) -\npäge two\n\n")
        // The first bytes decide, not the name. A name that looks like an option is not one.
        let named = try folder.write("-opw.txt", text: "%PDF-1.4\n%%EOF")
        #expect(try reader.read(named).kind == .pdf)
    }

    @Test func missingProgramIsNamed() {
        let line = "apt-get install poppler-utils"
        refused(DocumentReader(pdfProgram: "/nonexistent/pdftotext"), file, .programMissing, line)
        refused(DocumentReader(pdfProgram: "no-such-program-\(UUID().uuidString)"), file, .programMissing, line)
    }

    @Test func failuresAreReported() throws {
        let failing = try program("echo 'Syntax Error: broken' >&2; echo more >&2; exit 3")
        refused(DocumentReader(pdfProgram: failing), file, .programFailed, "exit status 3): Syntax Error: broken")
        refused(DocumentReader(pdfProgram: try program("printf '\\377'")), file, .encoding, "UTF-8")
        refused(DocumentReader(pdfProgram: try program("printf '\\f \\n\\f'")), file, .empty, "scanned")
        refused(
            DocumentReader(pdfProgram: try program("exit 0")), try folder.write("b.pdf", text: "plain text"),
            .malformed,
            "%PDF-")
        refused(
            DocumentReader(pdfProgram: try program("echo text")), try folder.write("c.pdf", text: "%PDF-1.4 cut here"),
            .truncated, "%%EOF")
    }

    @Test func timeAndSizeAreLimited() throws {
        let started = ContinuousClock.now
        let slow = DocumentReader(pdfProgram: try program("exec sleep 30"), pdfTimeout: 0.4)
        refused(slow, file, .programFailed, "longer than")
        let stubborn = DocumentReader(pdfProgram: try program("trap '' TERM; sleep 8 & wait; sleep 8"), pdfTimeout: 0.3)
        refused(stubborn, file, .programFailed, "longer than")
        let endless = DocumentReader(
            sizeLimit: 100_000, pdfProgram: try program("while :; do echo 'a line of text that does not end'; done"))
        refused(endless, file, .tooLarge, "100000")
        #expect(ContinuousClock.now - started < .seconds(20))
    }

    /// The real program reads a generated page.
    @Test(.enabled(if: Programs.find("pdftotext") != nil, "no pdftotext: apt-get install poppler-utils"))
    func popplerReadsAPage() throws {
        let content = "BT /F1 24 Tf 72 700 Td (Compressed contexts) Tj ET"
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
                + "/Resources << /Font << /F1 5 0 R >> >> >>",
            "<< /Length \(content.utf8.count) >>\nstream\n\(content)\nendstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
        var pdf = "%PDF-1.4\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(pdf.utf8.count)
            pdf += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let table = pdf.utf8.count
        pdf += "xref\n0 6\n0000000000 65535 f \n"
        for offset in offsets { pdf += String(repeating: "0", count: 10 - "\(offset)".count) + "\(offset) 00000 n \n" }
        pdf += "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n\(table)\n%%EOF\n"
        let path = try folder.write("page.pdf", text: pdf)
        #expect(
            try DocumentReader().read(path).text.trimmingCharacters(in: .whitespacesAndNewlines)
                == "Compressed contexts")
    }
}
