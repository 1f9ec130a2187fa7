import LLoCOLibrary
import LLoCOTorch

extension TeacherTargets {
    /// Token ids [A, K] int64 and probabilities [A, K] float32
    func tensors() throws -> (tokens: Tensor, shares: Tensor) {
        let shape = [answer.count, width]
        return (try Tensor(tokens.map { Int($0) }, shape: shape), try Tensor(shares, shape: shape))
    }
}
