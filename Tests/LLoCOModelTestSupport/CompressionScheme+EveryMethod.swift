package import LLoCOCompression

extension CompressionScheme {
    /// Small schemes of every method and carry: segments of 20 tokens, 3 vectors each.
    package static let everyMethod: [CompressionScheme] = VectorForm.allCases.flatMap { form in
        CompressionMethod.SummaryInput.allCases.flatMap { input in
            AdapterScope.allCases.compactMap { scope in
                try? CompressionMethod(form: form, summaryInput: input, adapterScope: scope)
            }
        }
    }
    .flatMap { method in
        Carry.allCases.map { carry in
            CompressionScheme(segmentTokens: 20, summaryTokens: 3, carry: carry, method: method)
        }
    }
}
