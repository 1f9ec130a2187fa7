// Re-exports the modules in this module's public signatures, so that `import LLoCO` is enough.
@_exported public import LLoCOBase
@_exported public import LLoCOCheckpoints
@_exported public import LLoCOCompression
@_exported public import LLoCODocuments
@_exported public import LLoCOLibrary
@_exported public import LLoCOModelFiles
@_exported public import LLoCOModels
@_exported public import LLoCOTokenizers
@_exported public import LLoCOTorch
@_exported public import LLoCOTraining

@_exported public import struct Logging.Logger
