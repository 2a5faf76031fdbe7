using System.Text.Json;

namespace LlmThrift.Local.Tools;

/// <summary>A call of an earlier turn.</summary>
internal sealed record ToolCall(string Id, string Name, JsonElement Arguments);

/// <summary>What came of a call, as text.</summary>
internal sealed record ToolResult(string CallId, string Text);
