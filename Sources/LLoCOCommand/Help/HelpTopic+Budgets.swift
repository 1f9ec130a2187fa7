extension HelpTopic {
    static let budgets = HelpTopic(
        name: "budgets", summary: "how many positions the documents take",
        page: """
            BUDGETS: how many positions of the model's context the documents take

            A vector takes one position, and so does a token of text. --budget is the
            maximum number of positions for documents, in the modes hybrid, compressed and
            retrieval:

              --budget 2000    2000 positions
              --budget 1/30    one position for every 30 tokens of the documents

            Without --budget:

              hybrid       1/30
              compressed   all vectors of the documents
              retrieval    4 whole passages (--passages); with --budget pieces of text

            A small budget answers sooner, a large one holds more detail. On stories the
            default model answers better from 1/30 in mode hybrid than from the whole text
            without an adapter.

            In mode hybrid text comes first: all pieces that matter for a question about a
            detail, up to the whole budget. Vectors fill the rest. For a question about the
            whole document ("What is the plot?") at most a fifth is text, unless the text
            holds a code or number of the question. --text-share sets another maximum.

              lloco ask "What did the miller promise?" --budget 100
              lloco ask "What is the plot?" --budget 1/10 --text-share 0.5
              lloco evaluate questions.jsonl --modes hybrid,retrieval --budget 1/30

            In the context window a vector takes as many places as its largest head keeps:
            4.7 with the default model. Documents whose vectors do not fit are read in the
            modes hybrid, retrieval or full.

            See also: 'lloco help modes', Docs/answering.md, Docs/compressors.md.
            """)
}
