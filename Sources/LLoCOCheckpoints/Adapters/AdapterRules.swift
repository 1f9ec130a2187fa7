import LLoCOBase

/// The content of an `adapter_config.json`: settings, and the names and expressions that select layers.
///
/// The tensors decide which layers exist; ``configuration(for:file:)`` applies the rules to them.
struct AdapterRules {
    /// The modules that a key selects.
    enum Modules {
        /// Path suffixes.
        case named([String])
        case matching(ModulePattern, text: String)
        /// Every linear layer except the output head.
        case allLinear
    }

    /// The keys of its rank and alpha patterns may be expressions.
    let settings: AdapterConfiguration
    let targets: Modules
    let excluded: Modules?
    /// Layer indices; nil for all layers.
    let layers: [Int]?
    let ranks: [(key: ModulePattern, value: Int)]
    let alphas: [(key: ModulePattern, value: Double)]

    /// Applies the rules to the layers of an adapter.
    ///
    /// - Parameters:
    ///   - paths: the layers' paths in the model that the adapter was trained on: `model.layers.0.self_attn.q_proj`, or
    ///     `layers.0.self_attn.q_proj` for a model without a head
    ///   - file: the weights' file, for errors
    /// - Returns: the unchanged settings if path suffixes express the rules, otherwise settings that list every layer
    /// - Throws: `CheckpointError` if the rules do not select a layer.
    func configuration(for paths: [AdapterTarget: String], file: String) throws -> AdapterConfiguration {
        var ranks: [AdapterTarget: Int] = [:]
        var alphas: [AdapterTarget: Double] = [:]
        for (target, path) in paths.sorted(by: { $0.key < $1.key }) {
            do {
                if let expected = try expectation(violatedBy: path, layer: target.layer) {
                    throw CheckpointError(.mismatch, file: file, found: "the tensor \(path)", expected: expected)
                }
                ranks[target] = try self.ranks.first { try $0.key.matchesEnd(of: path) }?.value ?? settings.rank
                alphas[target] = try self.alphas.first { try $0.key.matchesEnd(of: path) }?.value ?? settings.alpha
            } catch let fault as ModulePattern.Fault {
                throw CheckpointError(
                    .unsupported, file: file, found: "a regular expression in the configuration: \(fault.reason)")
            }
        }
        if case .named(let modules) = targets, excluded == nil {
            for module in modules where !paths.values.contains(where: { AdapterConfiguration.path($0, endsIn: module) })
            {
                throw CheckpointError(
                    .mismatch, file: file, found: "no tensor for the target module \(module)",
                    expected: "lora_A and lora_B of each target module")
            }
        }
        var hasOnlySuffixes = layers == nil && (self.ranks.map(\.key) + self.alphas.map(\.key)).allSatisfy(\.isPlain)
        if case .named = targets {} else { hasOnlySuffixes = false }
        if hasOnlySuffixes,
            paths.keys.allSatisfy({
                settings.names($0) && settings.rank(of: $0) == ranks[$0] && settings.alpha(of: $0) == alphas[$0]
            })
        {
            return settings
        }
        var explicit = settings
        let layers = paths.keys.sorted()
        explicit.targetModules = layers.map(\.path)
        explicit.rankPattern = layers.filter { ranks[$0] != settings.rank }.map {
            .init(suffix: $0.path, value: ranks[$0]!)
        }
        explicit.alphaPattern = layers.filter { alphas[$0] != settings.alpha }.map {
            .init(suffix: $0.path, value: alphas[$0]!)
        }
        return explicit
    }

    /// The `expected` part of the error for a layer that the rules do not select; nil for a selected layer.
    private func expectation(violatedBy path: String, layer: Int) throws -> String? {
        if let excluded, try excluded.contains(path) { return "no module in exclude_modules" }
        if try !targets.contains(path) {
            switch targets {
            case .named(let modules): return "only the target_modules \(modules.joined(separator: ", "))"
            case .matching(_, let text): return "only the target_modules \"\(text)\""
            case .allLinear: return "only linear layers"
            }
        }
        if let layers, !layers.contains(layer) {
            return "only layers_to_transform \(layers.map(String.init).joined(separator: ", "))"
        }
        return nil
    }
}

extension AdapterRules.Modules {
    func contains(_ path: String) throws(ModulePattern.Fault) -> Bool {
        switch self {
        case .named(let modules): modules.contains { AdapterConfiguration.path(path, endsIn: $0) }
        case .matching(let pattern, _): try pattern.matches(path)
        case .allLinear: true
        }
    }
}
