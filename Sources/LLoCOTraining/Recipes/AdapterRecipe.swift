/// The fields that the recipes of all trainings of an adapter have. Their ranges stand here; each recipe says its defaults.
protocol AdapterRecipe {
    /// 1...4096
    var rank: Int { get }
    /// More than 0
    var alpha: Double { get }
    /// 0...0.99
    var dropout: Double { get }
    /// More than 0
    var learningRate: Double { get }
    /// More than 0
    var clipNorm: Double { get }
    /// At most `maximumRatio`
    var minimumRatio: Double { get }
    /// 1,000,000 at most
    var maximumRatio: Double { get }
}

extension CompressorRecipe: AdapterRecipe {}
extension FinetuningRecipe: AdapterRecipe {}
