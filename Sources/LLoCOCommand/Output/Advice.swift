import LLoCO
import LLoCOBase
import LLoCOTokenizers

extension ErrorHint {
    /// The advice in terms of the command's options and subcommands.
    var advice: String {
        switch self {
        case .loadEmbedder: "name one with --embedder, or \(Installation.restore)"
        case .loadModel: "'lloco models pull' fetches one, --model names another"
        case .pullModel(let name): "'lloco models pull \(name)' fetches it, --model names another"
        case .computeInFloat32: "try --dtype float32"
        case .createLibrary: "'lloco add' creates it, --library FILE names another"
        case .chooseLibrary: "--library FILE names another"
        case .upgradeLibrary: "any 'lloco add' brings it up to date"
        case .listGroups: "'lloco list' shows the groups"
        case .addDocuments(let group): "add some with 'lloco add PATH --group \(group ?? "G")'"
        case .askWithoutAdapters: "ask about documents of one group, or without their adapters (--no-adapter)"
        case .nameTask: "give it with --task"
        case .chooseChatTemplate: "choose one with --chat-template \(ChatTemplate.Format.names)"
        case .scoreTokens(let count): "--tokens \(count) scores the first"
        case .startAnotherRun(let file, let setting):
            (setting.map { "it was started with \($0.another): " } ?? "")
                + "give another file than --run \(file), or remove it"
        case .trainElsewhere(let setting): "it was started with \(setting.another): give another --out"
        case .trainCompressorAgain: "the same 'lloco train-compressor' command writes the folder again"
        case .allowSteps(let count): "give --steps \(count) or more"
        case .showStudy: "'lloco show DOC --study' shows why"
        }
    }
}

extension Installation {
    /// How to bring back what was installed with the program.
    static var restore: String { isCheckout ? "run Scripts/bootstrap" : "install lloco again" }
}

extension ErrorHint.Setting {
    /// Words for another value of the setting, by its option.
    fileprivate var another: String {
        switch self {
        case .model: "another --model"
        case .compressor: "another --compressor"
        case .adapter: "another --adapter"
        case .embedder: "another --embedder"
        case .scheme: "another --segment or --ratio"
        case .modes: "other --modes"
        case .answerTokens: "another --max-tokens"
        case .dtype: "another --dtype"
        case .device: "another --device"
        case .decodeWeights: "other --decode-weights"
        case .chatTemplate: "another --chat-template"
        case .seed: "another --seed"
        case .texts: "another --text"
        case .questions: "other --questions"
        case .recipe: "another --recipe"
        case .start: "another --from"
        case .reader: "another --reader"
        }
    }
}
