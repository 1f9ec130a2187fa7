extension HelpTopic {
    static let groups = HelpTopic(
        name: "groups", summary: "documents that share an adapter",
        page: """
            GROUPS: documents that share an adapter

            A group is a name for documents that belong together. Every document is in one
            group: the one of 'lloco add --group', else its former one, else "default".
            Adding a document with another --group moves it.

              lloco add contracts/ --group contracts
              lloco list --group contracts

            An adapter is a small set of weights (LoRA) with which the model reads the
            vectors of a group. 'lloco finetune' trains it on your questions and answers.
            Without --questions the model asks and answers its own.

              lloco finetune --group contracts --questions questions.jsonl

            A group without an adapter of its own is read with the general adapter for the
            model, if one is installed. --no-adapter reads without any.

            'lloco ask' searches the documents of the group and reads the best one.
            --documents reads more, --document names them. Without --group it searches the
            whole library. An answer uses one adapter, so it reads documents of one group.

              lloco ask "Who may end the lease early?" --group contracts
              lloco ask "Who signed?" --group contracts --document lease.pdf

            On a server a group is a model. GROUP:MODE asks it in another mode, and keys say
            which groups a client may ask.

              lloco ask "Who signed?" --group contracts --server http://127.0.0.1:8321

            See also: 'lloco help modes', Docs/answering.md, Docs/study.md.
            """)
}
