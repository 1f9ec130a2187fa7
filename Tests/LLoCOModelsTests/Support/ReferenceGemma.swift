import Foundation
import LLoCOCheckpoints
import LLoCOTorch

/// The Gemma 3 decoder written out in loops over Doubles, for one sequence, some places of which may be keys and values of
/// another text's positions: layers that see all positions hold them, layers with a window hold nothing there.
struct ReferenceGemma {
    /// What stands at a place of the sequence.
    enum Place {
        case token(Int)
        /// Position `position` of the text
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
        // The strategy turns keys of dictionaries too.
        description = try decoder.decode(
            Description.self, from: Data(contentsOf: folder.appending(path: "config.json")))
        checkpoint = try CheckpointLoader.open(folder)
    }

    /// A layer's keys, not turned, and values at each place; nil where it holds none.
    private typealias Held = [(key: [Double], value: [Double])?]

    /// The scores of every place that is a token, row after row.
    ///
    /// - Parameter text: what vectors are of, read for itself
    func scores(_ places: [Place], text: [Int] = []) throws -> [Double] {
        let texts = text.isEmpty ? [] : try run(text.map { .token($0) }, vectors: []).held
        return try run(places, vectors: texts).scores
    }

    /// - Parameter vectors: for each layer, the text's keys and values
    private func run(_ places: [Place], vectors: [Held]) throws -> (scores: [Double], held: [Held]) {
        let hidden = description.hiddenSize
        let table = try values("model.embed_tokens")
        let scale = Double(hidden).squareRoot()
        var x: [Int: [Double]] = [:]
        for case (let place, .token(let id)) in places.enumerated() {
            x[place] = table[id * hidden..<(id + 1) * hidden].map { $0 * scale }
        }
        let tokens = x.keys.sorted()
        var all: [Held] = []
        for layer in 0..<description.numHiddenLayers {
            let name = "model.layers.\(layer)"
            let normed = try x.mapValues { try norm($0, "\(name).input_layernorm") }
            var queries: [Int: [Double]] = [:]
            let isGlobal = description.layerTypes[layer] == "full_attention"
            let held: Held = try places.enumerated().map { place, what in
                guard let own = normed[place] else {
                    guard isGlobal, case .vector(let position) = what else { return nil }
                    return vectors[layer][position]
                }
                queries[place] = try heads(linear(own, "\(name).self_attn.q_proj"), "\(name).self_attn.q_norm")
                return (
                    try heads(linear(own, "\(name).self_attn.k_proj"), "\(name).self_attn.k_norm"),
                    try linear(own, "\(name).self_attn.v_proj")
                )
            }
            for place in tokens {
                let mixed = attention(queries[place]!, at: place, held, isGlobal: isGlobal)
                var own = sum(
                    x[place]!,
                    try norm(linear(mixed, "\(name).self_attn.o_proj"), "\(name).post_attention_layernorm"))
                let input = try norm(own, "\(name).pre_feedforward_layernorm")
                let inner = try zip(linear(input, "\(name).mlp.gate_proj"), linear(input, "\(name).mlp.up_proj")).map {
                    gelu($0) * $1
                }
                own = sum(own, try norm(linear(inner, "\(name).mlp.down_proj"), "\(name).post_feedforward_layernorm"))
                x[place] = own
            }
            all.append(held)
        }
        let scores = try tokens.flatMap { try linear(norm(x[$0]!, "model.norm"), "model.embed_tokens") }
        return (scores, all)
    }

    /// What a query at a place mixes: a layer with a window sees its own place and those right before it, held or not.
    private func attention(_ query: [Double], at place: Int, _ held: Held, isGlobal: Bool) -> [Double] {
        let size = description.headDim
        let share = description.numAttentionHeads / description.numKeyValueHeads
        let first = isGlobal ? 0 : max(0, place - description.slidingWindow + 1)
        let seen = (first...place).filter { held[$0] != nil }
        let turned = rotated(query, at: place, isGlobal: isGlobal)
        let keys = seen.map { rotated(held[$0]!.key, at: $0, isGlobal: isGlobal) }
        return (0..<description.numAttentionHeads).flatMap { head -> [Double] in
            let (q, k) = (head * size, head / share * size)
            let weights = keys.map { key in
                exp(
                    (0..<size).reduce(0.0) { $0 + turned[q + $1] * key[k + $1] }
                        / description.queryPreAttnScalar.squareRoot())
            }
            let total = weights.reduce(0, +)
            return (0..<size).map { e in
                zip(weights, seen).reduce(0.0) { $0 + $1.0 / total * held[$1.1]!.value[k + e] }
            }
        }
    }

    private func rotated(_ x: [Double], at place: Int, isGlobal: Bool) -> [Double] {
        let (size, half) = (description.headDim, description.headDim / 2)
        let rope = description.ropeParameters[isGlobal ? "full_attention" : "sliding_attention"]!
        var result = x
        for start in stride(from: 0, to: x.count, by: size) {
            for i in 0..<half {
                let angle =
                    Double(place) / (rope.factor ?? 1) * pow(rope.ropeTheta, -2 * Double(i) / Double(size))
                let (a, b) = (x[start + i], x[start + half + i])
                result[start + i] = a * cos(angle) - b * sin(angle)
                result[start + half + i] = b * cos(angle) + a * sin(angle)
            }
        }
        return result
    }

    /// Each head normed by itself.
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
