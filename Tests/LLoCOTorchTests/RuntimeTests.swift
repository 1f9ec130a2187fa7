import Foundation
import LLoCOTorch
import Testing

@Suite struct RuntimeTests {
    // These settings are process-wide: a separate process keeps them apart from other suites.

    @Test func seedsDetermineRandomNumbers() async {
        await #expect(processExitsWith: .success) {
            func draws(_ seed: UInt64) throws -> [[UInt8]] {
                try Runtime.seed(seed)
                let x = try Tensor.ones([64])
                return [try Tensor.randn([64]).bytes(), try Tensor.rand([64]).bytes(), try x.dropout(0.5).bytes()]
            }
            let first = try draws(7)
            #expect(try draws(7) == first)
            let other = try draws(8)
            #expect(zip(first, other).allSatisfy { $0 != $1 })
            #expect(try Tensor.randn([64]).bytes() != first[0])
            _ = try draws(.max)
        }
    }

    @Test func threadsAreSet() async {
        await #expect(processExitsWith: .success) {
            let x = try Tensor.ones([300, 300])
            for count in [1, 2, 3] {
                try Runtime.setThreads(count)
                #expect(Runtime.threads == count)
                #expect(try x.matmul(x).sum().item() == 300 * 300 * 300)
            }
            for count in [0, -1, 5000, .max, .min] {
                #expect(throws: TorchError.self) { try Runtime.setThreads(count) }
            }
            #expect(Runtime.threads == 3)
        }
    }

    @Test func versionMatchesTheHeaders() {
        let parts = Runtime.version.split(separator: ".")
        #expect(parts.count >= 3 && Int(parts[0]) ?? 0 >= 2)
    }

    @Test func loadedVersionMatchesTheHeaders() throws {
        let loaded = try #require(Runtime.loadedVersion)
        #expect(loaded.prefix { $0 != "+" } == Runtime.version.prefix { $0 != "+" })
    }

    private static let processor = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)

    @Test(.enabled(if: processor != nil, "the processor's features are read from /proc/cpuinfo"))
    func processorFeaturesMatchTheSystem() throws {
        let words = Set(try #require(Self.processor).split(whereSeparator: \.isWhitespace))
        for feature in ["avx2", "avx512_bf16", "avx512_vnni", "amx_bf16", "bf16"] {
            #expect(Runtime.processorFeatures.contains(feature) == words.contains(Substring(feature)), "\(feature)")
        }
        #expect(Runtime.multipliesBFloat16 == !words.isDisjoint(with: ["avx512_bf16", "amx_bf16", "bf16"]))
    }

    /// The sets for this architecture that this processor does not support: no kernel test covers them.
    private static let untestedSets: [String] = {
        #if arch(x86_64)
            ["avx512bf16", "avx512", "avx2"].filter { !Runtime.kernelSets.contains($0) }
        #else
            []
        #endif
    }()

    @Test(.enabled(if: untestedSets.isEmpty, "this processor does not run the kernels for \(untestedSets.formatted())"))
    func allKernelsAreTestedHere() throws {
        for set in Runtime.kernelSets { #expect(try Runtime.withKernels(of: set) { Runtime.kernelSet } == set) }
    }

    @Test func storagesAreCounted() throws {
        let x = try Tensor.ones([4, 4])
        #expect(try Runtime.storagesMade { _ = try x[0].reshaped([2, 2]) } == 0)
        #expect(try Runtime.storagesMade { for _ in 0..<3 { _ = try x + x } } == 3)
        #expect(throws: TorchError.self) { try Runtime.storagesMade { _ = try x.matmul(x[0..<3]) } }
        #expect(try Runtime.storagesMade {} == 0)
    }

    @Test func deviceDescriptionsRoundTrip() throws {
        #expect(Device("cpu") == .cpu && Device("cuda") == Device(.cuda) && Device("cuda:3") == Device(.cuda, index: 3))
        for text in ["", ":", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1:2", "cuda:1000", "CPU"] {
            #expect(Device(text) == nil)
        }
        #expect(Device(.cuda, index: 2).description == "cuda:2" && Device.cpu.description == "cpu")
        #expect(Device.cpu.isAvailable)
        try Device.cpu.synchronize()
    }
}

@Suite struct RandomNumberTests {
    @Test func normalValues() throws {
        let x = try Tensor.randn([200, 100], dtype: .float64)
        #expect(x.shape == [200, 100] && x.dtype == .float64)
        // Six standard errors.
        #expect(try abs(x.mean().item()) < 6 / 20_000.0.squareRoot())
        #expect(try abs((x * x).mean().item() - 1) < 6 * (2 / 20_000.0).squareRoot())
    }

    @Test func uniformValues() throws {
        let x = try Tensor.rand([20_000])
        #expect(try x.min().item() >= 0 && x.max().item() < 1)
        #expect(try abs(x.mean().item() - 0.5) < 6 * (1 / 12.0 / 20_000).squareRoot())
    }

    @Test(arguments: [0.05, 0.5, 0.9]) func dropoutScalesKeptElements(_ probability: Double) throws {
        let x = try Tensor.full([20_000], 3, dtype: .float64)
        let y = try x.dropout(probability).array(of: Double.self)
        let kept = y.filter { $0 != 0 }
        #expect(kept.allSatisfy { abs($0 - 3 / (1 - probability)) < 1e-9 })
        let share = Double(kept.count) / 20_000
        #expect(abs(share - (1 - probability)) < 6 * (probability * (1 - probability) / 20_000).squareRoot())
    }

    @Test func dropoutOfZeroAndOne() throws {
        let x = try Tensor([1.0, 2, 3])
        try expect(x.dropout(0), [1, 2, 3], tolerance: 0)
        try expect(x.dropout(1), [0, 0, 0], tolerance: 0)
    }

    @Test func gradientsPassThroughKeptElements() throws {
        let x = try Tensor.ones([1000], dtype: .float64)
        try x.setRequiresGradient(true)
        let y = try x.dropout(0.25)
        try y.sum().backward()
        try expect(#require(try x.gradient), y.array(), tolerance: 0)
    }
}
