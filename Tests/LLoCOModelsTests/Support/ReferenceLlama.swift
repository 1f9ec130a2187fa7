import Foundation
import LLoCOCheckpoints
import LLoCOTokenizers
import LLoCOTorch

/// A reference implementation of the Llama decoder in Doubles, for one sequence: no batches, no cache, no rope scaling.
struct ReferenceLlama {
    let configuration: LlamaConfiguration
    private let weights: [String: (values: [Double], shape: [Int])]

    init(_ model: TinyModel) throws {
        configuration = model.configuration
        weights = try model.tensors.mapValues { (try $0.array(of: Double.self), $0.shape) }
    }

    /// The logits of every position, row by row.
    ///
    /// - Parameter onLayer: called with the input of each layer's attention
    func scores(_ ids: [Int], onLayer: (_ layer: Int, _ normed: [[Double]]) -> Void = { _, _ in }) -> [Double] {
        let hidden = configuration.hiddenSize
        let table = values("model.embed_tokens.weight")
        var x = ids.map { Array(table[$0 * hidden..<($0 + 1) * hidden]) }
        for layer in 0..<configuration.layerCount {
            let name = "model.layers.\(layer)"
            let normed = x.map { norm($0, "\(name).input_layernorm.weight") }
            onLayer(layer, normed)
            for (t, mixed) in attention(normed, "\(name).self_attn").enumerated() {
                x[t] = sum(x[t], linear(mixed, "\(name).self_attn.o_proj"))
            }
            for t in x.indices {
                let input = norm(x[t], "\(name).post_attention_layernorm.weight")
                let (gate, up) = (linear(input, "\(name).mlp.gate_proj"), linear(input, "\(name).mlp.up_proj"))
                let inner = zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
                x[t] = sum(x[t], linear(inner, "\(name).mlp.down_proj"))
            }
        }
        let head = configuration.tiedEmbeddings ? "model.embed_tokens" : "lm_head"
        return x.flatMap { linear(norm($0, "model.norm.weight"), head) }
    }

    /// The positions from `start` on that each layer's key heads keep, in order: those that every fourth query, rotated
    /// to a position after the text, attends to most, by the root of the mean square times the value's length.
    func attended(_ ids: [Int], from start: Int, kept: Int) -> [[[Int]]] {
        let size = configuration.headSize
        let share = configuration.headCount / configuration.keyValueHeadCount
        var places: [[[Int]]] = []
        _ = scores(ids) { layer, x in
            let name = "model.layers.\(layer).self_attn"
            let keys = x.enumerated().map { rotated(linear($1, "\(name).k_proj"), position: $0) }
            let contents = x.map { linear($0, "\(name).v_proj") }
            let asked = stride(from: start, to: ids.count, by: 4).map {
                rotated(linear(x[$0], "\(name).q_proj"), position: ids.count + (37 * ($0 - start)) % 640)
            }
            places.append(
                (0..<configuration.keyValueHeadCount).map { group -> [Int] in
                    var squares = Array(repeating: 0.0, count: ids.count)
                    for query in asked {
                        for head in group * share..<(group + 1) * share {
                            let weights = keys.map { weight(query, head * size, $0, group * size) }
                            let total = weights.reduce(0, +)
                            for place in ids.indices {
                                squares[place] += (weights[place] / total) * (weights[place] / total)
                            }
                        }
                    }
                    let worth = (start..<ids.count).map { place -> Double in
                        let length = contents[place][group * size..<(group + 1) * size].reduce(0.0) { $0 + $1 * $1 }
                        return (squares[place] * length).squareRoot()
                    }
                    return Array(worth.indices.sorted { worth[$0] > worth[$1] }.prefix(kept))
                })
        }
        return places
    }

    private func attention(_ x: [[Double]], _ name: String) -> [[Double]] {
        let size = configuration.headSize
        let share = configuration.headCount / configuration.keyValueHeadCount
        let queries = x.enumerated().map { rotated(linear($1, "\(name).q_proj"), position: $0) }
        let keys = x.enumerated().map { rotated(linear($1, "\(name).k_proj"), position: $0) }
        let contents = x.map { linear($0, "\(name).v_proj") }
        return x.indices.map { t in
            (0..<configuration.headCount).flatMap { head -> [Double] in
                let (q, k) = (head * size, head / share * size)
                let weights = (0...t).map { weight(queries[t], q, keys[$0], k) }
                let total = weights.reduce(0, +)
                return (0..<size).map { e in (0...t).reduce(0.0) { $0 + weights[$1] / total * contents[$1][k + e] } }
            }
        }
    }

    /// The attention score before the softmax, of the heads that begin at `q` and `k`.
    private func weight(_ query: [Double], _ q: Int, _ key: [Double], _ k: Int) -> Double {
        let size = configuration.headSize
        return exp((0..<size).reduce(0.0) { $0 + query[q + $1] * key[k + $1] } / Double(size).squareRoot())
    }

    private func rotated(_ x: [Double], position: Int) -> [Double] {
        let (size, half) = (configuration.headSize, configuration.headSize / 2)
        var result = x
        for start in stride(from: 0, to: x.count, by: size) {
            for i in 0..<half {
                let angle = Double(position) * pow(configuration.ropeTheta, -2 * Double(i) / Double(size))
                let (a, b) = (x[start + i], x[start + half + i])
                result[start + i] = a * cos(angle) - b * sin(angle)
                result[start + half + i] = b * cos(angle) + a * sin(angle)
            }
        }
        return result
    }

    private func linear(_ x: [Double], _ name: String) -> [Double] {
        let matrix = values("\(name).weight")
        let bias = weights["\(name).bias"]?.values
        return (0..<matrix.count / x.count).map { row -> Double in
            var sum = bias?[row] ?? 0
            for column in x.indices { sum += matrix[row * x.count + column] * x[column] }
            return sum
        }
    }

    private func norm(_ x: [Double], _ name: String) -> [Double] {
        let mean = x.reduce(0.0) { $0 + $1 * $1 } / Double(x.count)
        let scale = 1 / (mean + configuration.rmsNormEpsilon).squareRoot()
        return zip(x, values(name)).map { $0 * scale * $1 }
    }

    private func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }

    private func values(_ name: String) -> [Double] { weights[name]?.values ?? [] }
}
