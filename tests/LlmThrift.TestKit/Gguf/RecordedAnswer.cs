namespace LlmThrift.TestKit.Gguf;

/// <summary>A prompt and the text that follows it.</summary>
public sealed record RecordedAnswer(string Prompt, string Text);
