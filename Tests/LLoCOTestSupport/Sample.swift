/// Sample texts for libraries in tests.
package enum Sample {
    /// Paragraphs that differ from each other and from those of other topics.
    package static func text(_ topic: String, paragraphs: Int = 12) -> String {
        (0..<paragraphs).map { paragraph in
            (0..<8).map { "The \(topic) of chapter \(paragraph) has item number \(paragraph * 8 + $0) in it." }
                .joined(separator: " ")
        }.joined(separator: "\n\n")
    }
}
