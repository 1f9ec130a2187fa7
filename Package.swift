// swift-tools-version: 6.2
import PackageDescription

// libtorch's headers and libraries: `$LIBTORCH`, else where `Scripts/bootstrap` puts them.
let given = Context.environment["LIBTORCH"] ?? ""
let libtorch = given.isEmpty ? "\(Context.packageDirectory)/.deps/libtorch" : given

// Where changes are judged, a warning is an error.
let warnings: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let swiftSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + warnings

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], fixtures: Bool = false) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: fixtures ? ["Fixtures"] : [],
        swiftSettings: swiftSettings)
}

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "lloco",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "lloco", targets: ["Command"]),
        .library(name: "LLoCO", targets: ["LLoCO"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Layers: arrows point down only. See Docs/architecture.md.
        // The product is `lloco`; a target of that name would collide with `LLoCO` where file names ignore case.
        .executableTarget(
            name: "Command",
            dependencies: [
                "LLoCO", "Evaluation", "Models", "Tokenizers", "Checkpoints", "Torch", "JSON", "CStartup", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),
        library("Evaluation", ["LLoCO", "Models", "Tokenizers", "Checkpoints", "Torch", "JSON"]),
        library(
            "LLoCO",
            [
                "Models", "Tokenizers", "Checkpoints", "JSON", "Torch", log,
                "CZlib", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        library("Models", ["Tokenizers", "Checkpoints", "Torch"]),
        library("Checkpoints", ["JSON", "Torch"]),
        library("Tokenizers", ["JSON"]),
        library("JSON"),
        library("Torch", ["CTorch"]),
        .target(
            name: "CTorch",
            cxxSettings: [
                .unsafeFlags([
                    "-isystem\(libtorch)/include", "-isystem\(libtorch)/include/torch/csrc/api/include",
                    "-O2", "-fno-math-errno",
                ])
            ],
            linkerSettings: [
                .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
                .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
            ]),
        .target(name: "CStartup"),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        // What the tests of several modules read.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests("Torch"),
        tests("JSON"),
        tests("Checkpoints", ["JSON", "Torch"], fixtures: true),
        tests("Tokenizers", ["TestSupport"], fixtures: true),
        tests("Models", ["Tokenizers", "Checkpoints", "Torch", "TestSupport"]),
        tests("LLoCO", ["Models", "Tokenizers", "Checkpoints", "Torch"]),
        tests("Evaluation", ["LLoCO", "Models", "Tokenizers", "Checkpoints", "Torch"], fixtures: true),
        // The command as its users meet it: a process, its output, its exit code.
        tests("Command", ["LLoCO", "TestSupport"]),
    ],
    cxxLanguageStandard: .cxx20
)
