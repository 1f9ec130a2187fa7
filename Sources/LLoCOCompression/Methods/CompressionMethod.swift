import LLoCOBase
public import LLoCOModels

/// A method of compression with its choices.
public enum CompressionMethod: Sendable, Hashable {
    /// hidden states at summary positions, read in one pass with the text: the AutoCompressor's way, and LLoCO's
    case autoCompressor
    /// keys and values, or hidden states, of summary positions that are read behind the text
    case summary(SummaryVectors)
    /// the text's own keys and values
    case attended(AttendedKeysAndValues)

    /// What does it.
    package var segmentCompressor: any SegmentCompressor {
        switch self {
        case .autoCompressor: AutoCompressor()
        case .summary(let method): method
        case .attended(let method): method
        }
    }
}

/// How files and descriptions spell a method: by three fields, of which not all combinations are one.
extension CompressionMethod {
    /// What a summary position is given.
    public enum SummaryInput: String, Sendable, Codable, CaseIterable {
        /// an embedding of its own
        case learned
        /// the embedding of one of the segment's tokens
        case picked
        /// there are no summary positions: the segment's own are chosen from
        case attended
    }

    /// - Throws: `ModelError` where no method is spelled so.
    public init(
        form: VectorForm, summaryInput: SummaryInput, adapterScope: AdapterScope, selection: HeadSelection? = nil
    ) throws {
        guard selection == nil || summaryInput == .attended else {
            throw ModelError(.invalid, "a selection of heads needs the summaryInput attended")
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
