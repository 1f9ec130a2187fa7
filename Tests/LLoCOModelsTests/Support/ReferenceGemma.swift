import Foundation
import LLoCOCheckpoints
import LLoCOTorch

/// A reference implementation of the Gemma 3 decoder in Doubles, for one sequence. Some positions may be keys and
/// values of another text's positions: layers without a window have them, layers with a window have nothing there.
struct ReferenceGemma {
    /// An element of the sequence.
    enum Element {
        case token(Int)
        /// The keys and values of the text's position.
        case vector(position: Int)
    }

    private struct Description: Decodable {
        struct Rope: Decodable {
            let ropeTheta: Double
            let factor: Double?
        }

        let hiddenSize: Int
        let headDim: Int
        let numAttentionHeads: Int
        let numKeyValueHeads: Int
        let numHiddenLayers: Int
        let layerTypes: [String]
        let slidingWindow: Int
        let queryPreAttnScalar: Double
        let rmsNormEps: Double
        let ropeParameters: [String: Rope]
    }

    private let description: Description
    private let checkpoint: any Checkpoint

    init(_ folder: URL) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        // The strategy also converts dictionary keys.
        description = try decoder.decode(
            Description.self, from: Data(contentsOf: folder.appending(path: "config.json")))
        checkpoint = try CheckpointLoader.open(folder)
    }

    /// A layer's unrotated keys and values at each position; nil where it has none.
    private typealias LayerCache = [(key: [Double], value: [Double])?]

    /// The logits of every token position, row by row.
    ///
    /// - Parameter text: the text of the vectors, processed separately
    func scores(_ elements: [Element], text: [Int] = []) throws -> [Double] {
        let texts = text.isEmpty ? [] : try run(text.map { .token($0) }, vectors: []).cache
        return try run(elements, vectors: texts).scores
    }

    /// - Parameter vectors: for each layer, the text's keys and values
    private func run(_ elements: [Element], vectors: [LayerCache]) throws -> (scores: [Double], cache: [LayerCache]) {
        let hidden = description.hiddenSize
        let table = try values("model.embed_tokens")
        let scale = Double(hidden).squareRoot()
        var x: [Int: [Double]] = [:]
        for case (let position, .token(let id)) in elements.enumerated() {
            x[position] = table[id * hidden..<(id + 1) * hidden].map { $0 * scale }
        }
        let tokens = x.keys.sorted()
        var all: [LayerCache] = []
        for layer in 0..<description.numHiddenLayers {
            let name = "model.layers.\(layer)"
            let normed = try x.mapValues { try norm($0, "\(name).input_layernorm") }
            var queries: [Int: [Double]] = [:]
            let isGlobal = description.layerTypes[layer] == "full_attention"
            let cache: LayerCache = try elements.enumerated().map { position, element in
                guard let own = normed[position] else {
                    guard isGlobal, case .vector(let source) = element else { return nil }
                    return vectors[layer][source]
                }
                queries[position] = try heads(linear(own, "\(name).self_attn.q_proj"), "\(name).self_attn.q_norm")
                return (
                    try heads(linear(own, "\(name).self_attn.k_proj"), "\(name).self_attn.k_norm"),
                    try linear(own, "\(name).self_attn.v_proj")
                )
            }
            for position in tokens {
                let mixed = attention(queries[position]!, at: position, cache, isGlobal: isGlobal)
                var own = sum(
                    x[position]!,
                    try norm(linear(mixed, "\(name).self_attn.o_proj"), "\(name).post_attention_layernorm"))
                let input = try norm(own, "\(name).pre_feedforward_layernorm")
                let inner = try zip(linear(input, "\(name).mlp.gate_proj"), linear(input, "\(name).mlp.up_proj")).map {
                    gelu($0) * $1
                }
                own = sum(own, try norm(linear(inner, "\(name).mlp.down_proj"), "\(name).post_feedforward_layernorm"))
                x[position] = own
            }
            all.append(cache)
        }
        let scores = try tokens.flatMap { try linear(norm(x[$0]!, "model.norm"), "model.embed_tokens") }
        return (scores, all)
    }

    /// The attention of a query at a position. A layer with a window attends to its own position and those right before
    /// it, whether the layer has them or not.
    private func attention(_ query: [Double], at position: Int, _ cache: LayerCache, isGlobal: Bool) -> [Double] {
        let size = description.headDim
        let share = description.numAttentionHeads / description.numKeyValueHeads
        let first = isGlobal ? 0 : max(0, position - description.slidingWindow + 1)
        let visible = (first...position).filter { cache[$0] != nil }
        let rotatedQuery = rotated(query, at: position, isGlobal: isGlobal)
        let keys = visible.map { rotated(cache[$0]!.key, at: $0, isGlobal: isGlobal) }
        return (0..<description.numAttentionHeads).flatMap { head -> [Double] in
            let (q, k) = (head * size, head / share * size)
            let weights = keys.map { key in
                exp(
                    (0..<size).reduce(0.0) { $0 + rotatedQuery[q + $1] * key[k + $1] }
                        / description.queryPreAttnScalar.squareRoot())
            }
            let total = weights.reduce(0, +)
            return (0..<size).map { e in
                zip(weights, visible).reduce(0.0) { $0 + $1.0 / total * cache[$1.1]!.value[k + e] }
            }
        }
    }

    private func rotated(_ x: [Double], at position: Int, isGlobal: Bool) -> [Double] {
        let (size, half) = (description.headDim, description.headDim / 2)
        let rope = description.ropeParameters[isGlobal ? "full_attention" : "sliding_attention"]!
        var result = x
        for start in stride(from: 0, to: x.count, by: size) {
            for i in 0..<half {
                let angle =
                    Double(position) / (rope.factor ?? 1) * pow(rope.ropeTheta, -2 * Double(i) / Double(size))
                let (a, b) = (x[start + i], x[start + half + i])
                result[start + i] = a * cos(angle) - b * sin(angle)
                result[start + half + i] = b * cos(angle) + a * sin(angle)
            }
        }
        return result
    }

    /// Norms each head separately.
    private func heads(_ x: [Double], _ name: String) throws -> [Double] {
        try stride(from: 0, to: x.count, by: description.headDim).flatMap {
            try norm(Array(x[$0..<$0 + description.headDim]), name)
        }
    }

    private func norm(_ x: [Double], _ name: String) throws -> [Double] {
        let mean = x.reduce(0.0) { $0 + $1 * $1 } / Double(x.count)
        let scale = 1 / (mean + description.rmsNormEps).squareRoot()
        return try zip(x, values(name)).map { $0 * scale * (1 + $1) }
    }

    private func gelu(_ x: Double) -> Double {
        x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    private func linear(_ x: [Double], _ name: String) throws -> [Double] {
        let matrix = try values(name)
        return (0..<matrix.count / x.count).map { row in
            var sum = 0.0
            for column in x.indices { sum += matrix[row * x.count + column] * x[column] }
            return sum
        }
    }

    private func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }

    private func values(_ name: String) throws -> [Double] {
        try checkpoint.tensor("\(name).weight", as: .float32).array(of: Double.self)
    }
}
