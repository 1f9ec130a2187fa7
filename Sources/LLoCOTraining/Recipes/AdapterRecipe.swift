/// The common fields of recipes that train an adapter, with their ranges. Each recipe documents its defaults.
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
    /// At most 1,000,000
    var maximumRatio: Double { get }
}

extension CompressorRecipe: AdapterRecipe {}
extension FinetuningRecipe: AdapterRecipe {}
