extension HelpTopic {
    static let modes = HelpTopic(
        name: "modes", summary: "what the model reads to answer",
        page: """
            MODES: what the model reads before it answers a question

            'ask' and 'chat' take --mode, 'evaluate' takes --modes, and a server takes
            GROUP:MODE as the name of a model.

              hybrid      some of the documents' vectors and pieces of their text (default)
              compressed  all vectors of the documents, no text
              retrieval   the best passages of the text, no vectors
              full        the whole text; its middle is cut where the window is too small
              none        the question alone

            A vector stands for about 30 tokens of a document. Vectors carry what a document
            is about. Text carries the detail: names, numbers, wording.

            Which mode for which question:

              a fact, a number, a name        hybrid
              what a document is about        hybrid, compressed
              a document that fits the window full: slower, reads every word
              what the model knows itself     none

            hybrid and compressed use an adapter: the group's, else the general adapter for
            the model, else none. The other modes use none, unless --adapter names one.

              lloco ask "When does the lease end?" --group work
              lloco ask "When does the lease end?" --group work --mode full
              lloco evaluate questions.jsonl --modes hybrid,compressed,full,none

            Every answer names its mode, its documents and the number of positions that it
            took for them. Compare the modes on your own questions with 'lloco evaluate'.

            See also: 'lloco help budgets', 'lloco help groups', Docs/answering.md.
            """)
}
