import LLoCOBase
public import LLoCOModels

/// A compression method with its settings.
public enum CompressionMethod: Sendable, Hashable {
    /// Hidden states at summary positions, computed in one forward pass with the text, as in AutoCompressor and LLoCO
    case autoCompressor
    /// Keys and values, or hidden states, at summary positions, computed in a second forward pass behind the text
    case summary(SummaryVectors)
    /// Keys and values of the text's tokens
    case attended(AttendedKeysAndValues)

    /// The implementation.
    package var segmentCompressor: any SegmentCompressor {
        switch self {
        case .autoCompressor: AutoCompressor()
        case .summary(let method): method
        case .attended(let method): method
        }
    }
}

/// The encoding of a method in files and descriptions: three fields. Not every combination is a method.
extension CompressionMethod {
    /// The input embedding of a summary position.
    public enum SummaryInput: String, Sendable, Codable, CaseIterable {
        /// Its own learned embedding
        case learned
        /// The embedding of one of the segment's tokens
        case picked
        /// None: the method has no summary positions and keeps some of the segment's positions
        case attended
    }

    /// Creates a method from its encoded fields.
    ///
    /// - Throws: `ModelError` if the combination is not a method.
    public init(
        form: VectorForm, summaryInput: SummaryInput, adapterScope: AdapterScope, selection: HeadSelection? = nil
    ) throws {
        guard selection == nil || summaryInput == .attended else {
            throw ModelError(
                .invalid, "summaryInput \(summaryInput.rawValue) with a head selection, expected summaryInput attended")
        }
        func summary(_ input: SummaryVectors.Input) -> CompressionMethod {
            switch form {
            case .embeddings:
                SummaryVectors(embeddings: input, adapterScope: adapterScope).map(CompressionMethod.summary)
                    ?? .autoCompressor
            case .keysAndValues: .summary(SummaryVectors(input, adapterScope: adapterScope))
            }
        }
        switch summaryInput {
        case .learned: self = summary(.learned)
        case .picked: self = summary(.picked)
        case .attended:
            guard form == .keysAndValues else {
                throw ModelError(.invalid, "summaryInput attended needs the form keys-and-values")
            }
            self = .attended(AttendedKeysAndValues(adapterScope: adapterScope, selection: selection))
        }
    }
}
