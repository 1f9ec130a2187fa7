// The parts of a tokenizer that decide its ids, spelled out for a digest.

extension BytePairModel {
    func forEachIdentityPiece(_ body: ([UInt8]) -> Void) {
        vocabulary.forEachIdentityPiece(body)
        for (left, right, merge) in merges.ordered {
            body(Array("\(left) \(right) \(merge.rank) \(merge.merged)".utf8))
        }
        body(Array("unknown=\(unknown ?? -1) fuse=\(fusesUnknown) bytes=\(byteFallback != nil)".utf8))
    }
}

extension Vocabulary {
    func forEachIdentityPiece(_ body: ([UInt8]) -> Void) {
        for id in 0..<count {
            body(Array(text(of: id)))
        }
    }
}

extension TokenMarkers {
    func forEachIdentityPiece(_ body: ([UInt8]) -> Void) {
        for token in roles.added.sorted(by: { $0.id < $1.id }) {
            let flags = [token.isSpecial, token.stripsLeft, token.stripsRight, token.isSingleWord]
            body(Array("\(token.id) \(token.text) \(flags)".utf8))
        }
        body(Array("bos=\(roles.beginningOfText ?? -1) eos=\(roles.endOfText ?? -1)".utf8))
    }
}

extension PreTokenizer {
    var identity: String {
        let names = stages.map { stage in
            switch stage {
            case .digits(let individual): "digits(\(individual))"
            case .pattern(.gpt2): "gpt2"
            case .pattern(.llama3(let digits)): "llama3(\(digits))"
            }
        }
        return names.joined(separator: ",") + (addsPrefixSpace ? ",prefix" : "")
    }
}
