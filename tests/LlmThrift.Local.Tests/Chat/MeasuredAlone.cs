using Xunit;

namespace LlmThrift.Local.Tests.Chat;

/// <summary>Tests that measure the process's memory run alone.</summary>
[CollectionDefinition("Memory", DisableParallelization = true)]
public sealed class MeasuredAlone;
