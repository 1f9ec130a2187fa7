import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOTorch

extension Recipe {
    /// Checks that training can run with the values, whoever wrote them.
    ///
    /// - Parameter source: what the error names
    /// - Throws: `TrainingError` naming the first field that is out of its range.
    func checkLimits(source: String) throws {
        func check<Value: Comparable>(_ field: String, _ value: Value, _ range: ClosedRange<Value>) throws {
            guard range.contains(value) else {
                throw TrainingError(
                    .invalid, "\(source): \(field): \(value), expected \(range.lowerBound) to \(range.upperBound)")
            }
        }
        func positive(_ field: String, _ value: Double) throws {
            guard value > 0, value.isFinite else {
                throw TrainingError(.invalid, "\(source): \(field): \(value), expected more than 0")
            }
        }
        try check("compressor.summaryTokens", compressor.summaryTokens, 1...65_536)
        try check("compressor.segmentTokens", compressor.segmentTokens, 1...1_048_576)
        try check("compressor.rowTokens", compressor.rowTokens, 2...1_048_576)
        try check("compressor.substeps", compressor.substeps, 1...1024)
        try check("compressor.segmentsPerSubstep", compressor.segmentsPerSubstep, 1...1024)
        // Segments of a row keep a length: at 1 one of them could have none.
        try check("compressor.segmentJitter", compressor.segmentJitter, 0...0.9)
        try check("compressor.batchRows", compressor.batchRows, 1...65_536)
        try check("compressor.rowsPerPass", compressor.rowsPerPass, 1...65_536)
        try check("compressor.steps", compressor.steps, 1...1_000_000_000)
        try positive("compressor.summaryLearningRate", compressor.summaryLearningRate)
        try check("compressor.warmupSteps", compressor.warmupSteps, 0...1_000_000_000)
        try check("compressor.checkpointSteps", compressor.checkpointSteps, 1...1_000_000_000)
        try check("compressor.readingTokens", compressor.readingTokens, 2...1_048_576)
        try check("compressor.questionsPerRow", compressor.questionsPerRow, 1...65_536)
        try check("compressor.questionedSegments", compressor.questionedSegments, 0...1024)
        try check("compressor.minimumRatio", compressor.minimumRatio, 0...1_000_000)
        try check("compressor.readerRank", compressor.readerRank, 0...4096)
        try positive("compressor.readerAlpha", compressor.readerAlpha)
        try check("compressor.readerDropout", compressor.readerDropout, 0...0.99)
        try positive("compressor.readerLearningRate", compressor.readerLearningRate)
        try check("compressor.hybridShare", compressor.hybridShare, 0...1)
        try check("compressor.foreignShare", compressor.foreignShare, 0...1)
        for (field, share) in [
            ("continuation", compressor.continuation), ("distillation", compressor.distillation),
            ("reconstruction", compressor.reconstruction), ("answering", compressor.answering),
        ] {
            try check("compressor.\(field)", share, 0...1_000_000)
        }
        let scheme: CompressionScheme
        do { scheme = try compressor.scheme } catch { throw TrainingError(.invalid, "\(source): \(error)") }
        guard compressor.summaryInput != .attended || compressor.adapterScope != .summaries else {
            throw TrainingError(
                .invalid,
                "\(source): compressor: attended vectors have no summary positions, so that with adapterScope summaries "
                    + "nothing would learn")
        }
        if compressor.minimumRatio > 0, compressor.summaryInput == .learned {
            let maximum = Double(compressor.segmentTokens) / compressor.minimumRatio
            guard maximum <= Double(compressor.summaryTokens) else {
                throw TrainingError(
                    .invalid,
                    "\(source): compressor.minimumRatio: \(compressor.minimumRatio) makes \(Int(maximum)) vectors of a segment, "
                        + "with "
                        + "summaryInput learned there are summaryTokens, \(compressor.summaryTokens)")
            }
            guard compressor.continuation == 0 || scheme.publishedContinuation == nil else {
                throw TrainingError(
                    .invalid,
                    "\(source): compressor.minimumRatio: ratios are not drawn in the published continuation, which has "
                        + "summaryTokens vectors a segment")
            }
        }
        guard compressor.readerRank == 0 || compressor.answering > 0 else {
            throw TrainingError(
                .invalid,
                "\(source): compressor.readerRank: \(compressor.readerRank), but the objective answering has no share: "
                    + "nothing would learn to read")
        }
        guard compressor.objectives > 0 else {
            throw TrainingError(.invalid, "\(source): compressor: no objective has a share")
        }
        try check("selection.segmentTokens", selection.segmentTokens, 1...1_048_576)
        try check("selection.summaryTokens", selection.summaryTokens, 1...65_536)
        try check("selection.steps", selection.steps, 1...1_000_000_000)
        try check("selection.questionsPerStep", selection.questionsPerStep, 1...65_536)
        try check("selection.questionedSegments", selection.questionedSegments, 1...1024)
        try check("selection.warmupSteps", selection.warmupSteps, 0...1_000_000_000)
        try check("selection.checkpointSteps", selection.checkpointSteps, 1...1_000_000_000)
        for (field, value) in [
            ("shareLearningRate", selection.shareLearningRate), ("weightLearningRate", selection.weightLearningRate),
            ("directionLearningRate", selection.directionLearningRate), ("firstWidth", selection.firstWidth),
            ("lastWidth", selection.lastWidth), ("clipNorm", selection.clipNorm),
        ] {
            try positive("selection.\(field)", value)
        }
        try check("finetuning.warmupShare", finetuning.warmupShare, 0...1)
        try check("finetuning.epochs", finetuning.epochs, 1...10_000)
        try check("finetuning.batchSize", finetuning.batchSize, 1...65_536)
        try check("finetuning.documentsPerBatch", finetuning.documentsPerBatch, 1...65_536)
        try check("finetuning.hybridShare", finetuning.hybridShare, 0...1)
        if finetuning.prefersText, finetuning.hybridShare == 0 {
            throw TrainingError(
                .invalid,
                "\(source): finetuning.prefersText: it is about mixtures, of which there are none: hybridShare is 0")
        }
        try check("finetuning.minimumRatio", finetuning.minimumRatio, 1...1_000_000)
        try positive("finetuning.vectorLearningRate", finetuning.vectorLearningRate)
        try check("study.questionsPerPassage", study.questionsPerPassage, 1...1000)
        try check("study.temperature", study.temperature, 0...10)
        try check("study.topP", study.topP, 0.01...1)
        try check("study.excerptWords", study.excerptWords, 1...10_000)
        try check("study.teacherTokens", study.teacherTokens, 1...TeacherTargets.largestWidth)
        let recipes: [(String, any AdapterRecipe)] = [("compressor", compressor), ("finetuning", finetuning)]
        for (section, recipe) in recipes {
            try check("\(section).rank", recipe.rank, 1...4096)
            try positive("\(section).alpha", recipe.alpha)
            try check("\(section).dropout", recipe.dropout, 0...0.99)
            try positive("\(section).learningRate", recipe.learningRate)
            try positive("\(section).clipNorm", recipe.clipNorm)
            try check("\(section).maximumRatio", recipe.maximumRatio, recipe.minimumRatio...1_000_000)
        }
    }
}
