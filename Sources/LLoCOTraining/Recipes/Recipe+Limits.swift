import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOTorch

extension Recipe {
    /// Checks that training can run with the recipe's values.
    ///
    /// - Parameter source: the recipe's name in errors
    /// - Throws: `TrainingError` naming the first field with an invalid value.
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
        // With a jitter of 1 a segment could be empty.
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
                "\(source): compressor.adapterScope: summaries would train nothing with summaryInput attended, "
                    + "which has no summary positions, expected compressing or everywhere")
        }
        if compressor.minimumRatio > 0, compressor.summaryInput == .learned {
            let maximum = Double(compressor.segmentTokens) / compressor.minimumRatio
            guard maximum <= Double(compressor.summaryTokens) else {
                throw TrainingError(
                    .invalid,
                    "\(source): compressor.minimumRatio: \(compressor.minimumRatio) makes \(Int(maximum)) vectors of a "
                        + "segment, expected at most summaryTokens, \(compressor.summaryTokens), with summaryInput "
                        + "learned")
            }
            guard compressor.continuation == 0 || scheme.publishedContinuation == nil else {
                throw TrainingError(
                    .invalid,
                    "\(source): compressor.minimumRatio: ratios are not sampled in the published continuation, which "
                        + "has summaryTokens vectors per segment: set continuation or minimumRatio to 0")
            }
        }
        guard compressor.readerRank == 0 || compressor.answering > 0 else {
            throw TrainingError(
                .invalid,
                "\(source): compressor.readerRank: \(compressor.readerRank), but the objective answering, which trains "
                    + "the reader adapter, has share 0: set answering to more than 0 or readerRank to 0")
        }
        guard compressor.objectives > 0 else {
            throw TrainingError(
                .invalid,
                "\(source): compressor: all objectives have share 0, expected more than 0 for one of continuation, "
                    + "distillation, reconstruction, answering")
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
                "\(source): finetuning.prefersText: true needs mixtures, but finetuning.hybridShare is 0, "
                    + "expected more than 0")
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
