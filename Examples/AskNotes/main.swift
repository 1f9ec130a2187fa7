// Adds a file, answers a question about it, and fine-tunes the group's adapter if a file of questions is given.
//
//     swift run LLoCOAskNotes report.pdf "What was decided?" [questions.jsonl]
import LLoCO

let arguments = CommandLine.arguments
guard arguments.count >= 3 else { fatalError("usage: LLoCOAskNotes FILE QUESTION [QUESTIONS.jsonl]") }

let lloco = try await Engine.load(for: "notes.lloco")
let library = try await lloco.library(at: "notes.lloco")
try await library.add(contentsOf: [arguments[1]], to: "work") { progress in
    print("\(progress.path): \(progress.doneTokens) of \(progress.totalTokens) tokens")
}
let answer = library.ask(arguments[2], in: "work")
for try await piece in answer { print(piece, terminator: "") }
print(try await answer.result.passages)
if arguments.count > 3 {
    try await library.finetune("work", questions: arguments[3])
}
