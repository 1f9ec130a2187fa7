import LLoCOTorch

#if os(Linux)
    import Foundation
    import LLoCOTestSupport
    import Testing

    /// Finding a GPU on a machine without one: a library replaces libtorch's part for CUDA and reports one GPU.
    @Suite struct DeviceTests {
        private static let libtorch =
            ProcessInfo.processInfo.environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 }
            ?? TestFiles.dependencies.appending(path: "libtorch").path

        private static let isPossible =
            !TestFiles.exists(URL(filePath: libtorch).appending(path: "lib/libtorch_cuda.so"))
            && (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/clang++")
            }

        private static let library = """
            #include <ATen/detail/CUDAHooksInterface.h>

            struct CUDAHooks : at::CUDAHooksInterface {
                explicit CUDAHooks(at::CUDAHooksArgs) {}
                bool hasCUDA() const override { return true; }
                c10::DeviceIndex deviceCount() const override { return 1; }
            };
            namespace at {
            REGISTER_CUDA_HOOKS(CUDAHooks)
            }
            """

        /// libtorch caches its answer about CUDA, so it must not be asked before its part for CUDA is loaded. A seed,
        /// which a command sets first, must not ask it either.
        @Test(.enabled(if: isPossible, "needs clang++ and a libtorch for the processor alone"))
        func cudaIsFound() async throws {
            let place = try Workplace()
            try place.write("gpu.cpp", text: Self.library)
            let include = "-I'\(Self.libtorch)/include' -I'\(Self.libtorch)/include/torch/csrc/api/include'"
            let made = try await place.shell(
                "mkdir lib && clang++ -shared -fPIC -std=c++20 -w \(include) -o lib/libtorch_cuda.so gpu.cpp")
            try #require(made.status == 0, "\(made)")
            let lacking = "this libtorch and this machine have none"
            let without = try await place.run("generate", "A river", "--device", "cuda")
            #expect(without.status == 1 && without.errorText.contains(lacking))
            let with = try await place.shell(
                "LD_LIBRARY_PATH=\"$PWD/lib:$LD_LIBRARY_PATH\" \"$LLOCO\" generate 'A river' --device cuda")
            // The replacement cannot compute.
            #expect(with.status == 1 && !with.errorText.contains(lacking) && with.errorText.contains("CUDA"), "\(with)")
            let found = try await place.shell(
                "LD_LIBRARY_PATH=\"$PWD/lib:$LD_LIBRARY_PATH\" \"$LLOCO\" doctor --json")
            #expect(found.outputText.contains(#""check":"cuda","detail":"available""#), "\(found)")
        }
    }
#endif
