// swift-tools-version: 6.2
import PackageDescription

// libtorch's headers and libraries: `$LIBTORCH`, else where `Scripts/bootstrap` puts them. Where this package is a
// dependency, its folder is a checkout without them: the `.deps` of the package that builds is looked at too.
let requested = Context.environment["LIBTORCH"] ?? ""
let ownDependencies = "\(Context.packageDirectory)/.deps/libtorch"
let rootDependencies = Context.packageDirectory.split(separator: "/.build/", maxSplits: 1)
    .first.map { "\($0)/.deps/libtorch" }
let libtorch = requested.isEmpty ? [ownDependencies] + (rootDependencies.map { [$0] } ?? []) : [requested]

// Where changes are judged, a warning is an error.
let warnings: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let swiftSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + warnings

// Tests run once: what the optimizer saves them it takes several times over.
let testSettings = swiftSettings + [.unsafeFlags(["-Onone"])]

/// Targets of this package by what follows their prefix: `Base` is `LLoCOBase`.
func own(_ names: [String]) -> [Target.Dependency] { names.map { .byName(name: "LLoCO\($0)") } }

func library(
    _ name: String, _ layers: [String] = [], _ others: [Target.Dependency] = [], embedding files: [String] = []
) -> Target {
    .target(
        name: "LLoCO\(name)", dependencies: own(layers) + others, resources: files.map { .embedInCode($0) },
        swiftSettings: swiftSettings)
}

func tests(
    _ name: String, _ layers: [String] = [], _ others: [Target.Dependency] = [], fixtures: Bool = false,
    models: Bool = false
) -> Target {
    .testTarget(
        name: "LLoCO\(name)Tests",
        dependencies: own([name] + layers) + ["LLoCOTestSupport"] + others + (models ? ["LLoCOModelTestSupport"] : []),
        exclude: fixtures ? ["Fixtures"] : [], swiftSettings: testSettings)
}

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let digests: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

/// Layers, the lowest first: arrows point down only. See Docs/architecture.md.
let layers = [
    library("Base", [], ["CLLoCOZlib", digests]),
    library("ModelFiles", ["Base"], [digests], embedding: ["Catalogue/catalogue.json"]),
    library(
        "ModelHub", ["Base", "ModelFiles"],
        [
            digests, .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ], embedding: ["Pieces/pieces.py"]),
    library("Torch", ["Base"], ["CLLoCOTorch"]),
    library("Tokenizers", ["Base"], [log]),
    library("Checkpoints", ["Base", "Torch"]),
    library("Models", ["Base", "Torch", "Tokenizers", "Checkpoints"]),
    library("Documents", ["Base"]),
    library(
        "Library", ["Base", "Documents"],
        [
            log, .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
        ]),
    library("Compression", ["Base", "Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Library"], [log]),
    library(
        "Training", ["Base", "Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Library", "Compression"],
        [log]),
    library(
        "",
        [
            "Base", "Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Library", "Compression", "Training",
            "ModelFiles",
        ], [log]),
    library("DataSets", ["Base", "Tokenizers", "Documents"]),
    library("Reports", ["Base", "DataSets"]),
    library(
        "Evaluation",
        [
            "Base", "Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Library", "Compression", "Training",
            "",
            "DataSets", "Reports",
        ], [log]),
    library(
        "Server", ["Base", "Tokenizers", "Models", "Documents", "Library", "Compression", ""],
        [
            log, digests, .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            .product(name: "CoreMetrics", package: "swift-metrics"),
            .product(name: "Metrics", package: "swift-metrics"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        embedding: [
            "Page/page.html", "Page/adding.js", "Page/answers.js", "Page/api.js", "Page/ask.js", "Page/bytes.js",
            "Page/cards.js", "Page/choice.js", "Page/conversation.js", "Page/curve.js", "Page/dialogs.js",
            "Page/dom.js", "Page/failures.js", "Page/groups.js", "Page/history.js", "Page/jobforms.js",
            "Page/jobs.js", "Page/keys.js", "Page/library.js", "Page/main.js", "Page/page.css", "Page/panel.js",
            "Page/passages.js", "Page/questions.js", "Page/state.js", "Page/theme.js", "Page/tuning.js",
            "Page/words.js", "openapi.json",
        ]),
]

let package = Package(
    name: "lloco",
    platforms: [.macOS(.v15)],
    // Whatever stands in a public signature belongs to a product.
    products: [.executable(name: "lloco", targets: ["LLoCOCommand"])]
        + layers.map { .library(name: $0.name, targets: [$0.name]) },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: layers + [
        // The product is `lloco`; a target of that name would collide with `LLoCO` where file names ignore case.
        .executableTarget(
            name: "LLoCOCommand",
            dependencies: layers.map { .byName(name: $0.name) } + [
                "CLLoCOStartup", log, .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "LLoCOAskNotes", dependencies: ["LLoCO"], path: "Examples/AskNotes", swiftSettings: swiftSettings),
        .target(
            name: "CLLoCOTorch",
            cxxSettings: [
                .unsafeFlags(
                    libtorch.flatMap { ["-isystem\($0)/include", "-isystem\($0)/include/torch/csrc/api/include"] }
                        // A missing libtorch is told once a file.
                        + ["-O2", "-fno-math-errno", "-Wfatal-errors"])
            ],
            linkerSettings: [
                .unsafeFlags(libtorch.flatMap { ["-L\($0)/lib", "-Xlinker", "-rpath", "-Xlinker", "\($0)/lib"] }),
                .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
            ]),
        .target(name: "CLLoCOStartup"),
        .systemLibrary(
            name: "CLLoCOZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        // What the tests of several modules share: files and samples; tiny models.
        .target(
            name: "LLoCOTestSupport",
            dependencies: own(["Base", "ModelFiles", "Tokenizers", "Documents", "Library", "DataSets"]),
            path: "Tests/LLoCOTestSupport", swiftSettings: testSettings),
        .target(
            name: "LLoCOModelTestSupport",
            dependencies: own(["Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Compression"])
                + ["LLoCOTestSupport"],
            path: "Tests/LLoCOModelTestSupport", swiftSettings: testSettings),
        tests("Base"),
        tests("ModelFiles", ["Base"]),
        tests("ModelHub", ["Base", "ModelFiles"], fixtures: true),
        tests("Torch", ["Base"]),
        tests("Tokenizers", ["Base"], [log], fixtures: true),
        tests("Checkpoints", ["Base", "Torch"], fixtures: true),
        tests("Models", ["Base", "Torch", "Tokenizers", "Checkpoints"]),
        tests("Documents", ["Base"]),
        tests("Library", ["Base", "Documents"]),
        tests(
            "Compression", ["Base", "Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Library"],
            models: true),
        tests(
            "Training",
            ["Base", "Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Library", "Compression"],
            models: true),
        tests(
            "",
            [
                "Base", "Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Library", "Compression",
                "Training",
            ], models: true),
        tests("DataSets", ["Base", "Tokenizers", "Documents"], fixtures: true),
        tests("Reports", ["Base", "Tokenizers", "DataSets"]),
        tests(
            "Evaluation",
            [
                "Base", "Torch", "Tokenizers", "Checkpoints", "Models", "Documents", "Library", "Compression",
                "Training", "", "DataSets", "Reports",
            ]),
        tests(
            "Server", ["Base", "Library", "Compression", ""],
            [.product(name: "Metrics", package: "swift-metrics")], models: true),
        // The command as its users meet it: a process, its output, its exit code.
        tests(
            "Command",
            [
                "Base", "Checkpoints", "Tokenizers", "Models", "Torch", "Documents", "Library", "Compression",
                "Training", "", "DataSets", "Reports", "Evaluation",
            ], [digests]),
    ],
    cxxLanguageStandard: .cxx20
)

// Without libtorch what needs none of it is built and tested: everything but what stands on CLLoCOTorch.
if Context.environment["LLOCO_WITHOUT_LIBTORCH"] == "1" {
    func name(_ dependency: Target.Dependency) -> String {
        switch dependency {
        case .targetItem(let name, _), .byNameItem(let name, _), .productItem(let name, _, _, _): name
        @unknown default: ""
        }
    }
    var left: Set = ["CLLoCOTorch"]
    while let next = package.targets.first(where: { target in
        !left.contains(target.name) && target.dependencies.contains { left.contains(name($0)) }
    }) {
        left.insert(next.name)
    }
    package.targets.removeAll { left.contains($0.name) }
    package.products.removeAll { left.contains($0.name) || $0.name == "lloco" }
}
