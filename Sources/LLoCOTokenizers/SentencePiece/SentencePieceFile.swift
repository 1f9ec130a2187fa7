/// A `tokenizer.model` file: the messages of sentencepiece_model.proto that byte-pair models need.
struct SentencePieceFile {
    var model: SentencePieceModel
    var beginningOfText = 1
    var endOfText = 2

    private var modelType = 1
    private let location: String

    /// - Throws: ``TokenizerError`` for a truncated or malformed file, and for other kinds of models.
    init(_ bytes: [UInt8], location: String) throws(TokenizerError) {
        self.location = location
        model = SentencePieceModel(location: location)
        // Defaults of the .proto file.
        model.options.removesExtraWhitespace = true
        var reader = ProtobufReader(bytes[...], location: location)
        while let (number, value) = try reader.next() {
            switch number {
            case 1: model.pieces.append(try piece(try message(value, "piece")))
            case 2: try readTrainer(try message(value, "trainer_spec"))
            case 3: try readNormalizer(try message(value, "normalizer_spec"))
            default: break
            }
        }
        guard !model.pieces.isEmpty else { throw .malformed(location, "not a SentencePiece model: no pieces") }
        guard modelType == 2 else {
            let names = [1: "unigram", 3: "word", 4: "char"]
            throw .unsupported(
                location, "model type \(names[modelType] ?? "\(modelType)") is not supported, expected bpe")
        }
        if model.options.prefix == .never, !model.options.removesExtraWhitespace {
            model.options.dropsLeadingSpace = false
        }
    }

    private func message(_ value: ProtobufReader.Value, _ name: String) throws(TokenizerError) -> ArraySlice<UInt8> {
        guard let message = value.message else { throw mismatch(name) }
        return message
    }

    private func mismatch(_ name: String) -> TokenizerError {
        .malformed(location, "not a SentencePiece model: \(name) has the wrong type")
    }

    private func piece(_ bytes: ArraySlice<UInt8>) throws(TokenizerError) -> SentencePieceModel.Piece {
        var piece = SentencePieceModel.Piece(text: "", score: 0, type: .normal)
        var reader = ProtobufReader(bytes, location: location)
        while let (number, value) = try reader.next() {
            switch number {
            case 1:
                guard let text = value.string else { throw mismatch("a piece's text") }
                piece.text = text
            case 2:
                guard let score = value.float else { throw mismatch("a piece's score") }
                piece.score = score
            case 3:
                guard let raw = value.int32, let type = SentencePieceModel.PieceType(rawValue: raw) else {
                    throw mismatch("a piece's type")
                }
                piece.type = type
            default:
                break
            }
        }
        guard !piece.text.isEmpty else {
            throw .malformed(location, "not a SentencePiece model: a piece without text")
        }
        return piece
    }

    private mutating func readTrainer(_ bytes: ArraySlice<UInt8>) throws(TokenizerError) {
        var reader = ProtobufReader(bytes, location: location)
        while let (number, value) = try reader.next() {
            switch number {
            case 3: modelType = try integer(value, "model_type")
            case 24:
                guard try !flag(value, "treat_whitespace_as_suffix") else {
                    throw .unsupported(location, "treat_whitespace_as_suffix is not supported")
                }
            case 41: beginningOfText = try integer(value, "bos_id")
            case 42: endOfText = try integer(value, "eos_id")
            case 44:
                guard let surface = value.string else { throw mismatch("unk_surface") }
                model.unknownSurface = surface
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ bytes: ArraySlice<UInt8>) throws(TokenizerError) {
        var name = ""
        var reader = ProtobufReader(bytes, location: location)
        while let (number, value) = try reader.next() {
            switch number {
            case 1: name = value.string ?? ""
            case 2:
                guard try message(value, "precompiled_charsmap").isEmpty else {
                    throw .unsupported(
                        location,
                        "normalization \(TokenizerError.quoted(name)) is not supported, expected identity")
                }
            case 3: model.options.prefix = try flag(value, "add_dummy_prefix") ? .everySegment : .never
            case 4: model.options.removesExtraWhitespace = try flag(value, "remove_extra_whitespaces")
            case 5:
                guard try flag(value, "escape_whitespaces") else {
                    throw .unsupported(location, "escape_whitespaces = false is not supported")
                }
            default: break
            }
        }
    }

    private func integer(_ value: ProtobufReader.Value, _ name: String) throws(TokenizerError) -> Int {
        guard let integer = value.int32 else { throw mismatch(name) }
        return integer
    }

    private func flag(_ value: ProtobufReader.Value, _ name: String) throws(TokenizerError) -> Bool {
        guard let flag = value.bool else { throw mismatch(name) }
        return flag
    }
}
