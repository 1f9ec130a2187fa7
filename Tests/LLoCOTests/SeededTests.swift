import Testing

/// Tests that draw from libtorch's generator. It is the process's own: two at once would take each other's numbers.
@Suite(.serialized) enum SeededTests {}
