/// A training step's line of `--json`.
struct StepLine: Encodable {
    let step: Int
    /// mean -log p, nats
    let loss: Double
    let tokensPerSecond: Double

    enum CodingKeys: String, CodingKey {
        case step, loss
        case tokensPerSecond = "tokens_per_second"
    }
}
