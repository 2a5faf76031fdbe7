namespace LlmThrift.TestKit.Gguf;

/// <summary>A place in a written file, so that tests can damage just that.</summary>
/// <param name="Kind">What is there.</param>
/// <param name="Name">The key or tensor that it belongs to; empty in the header.</param>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">How many bytes it takes.</param>
public sealed record GgufField(GgufFieldKind Kind, string Name, int Offset, int Length);
