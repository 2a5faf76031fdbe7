using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>
/// The question "is this stage further in?", asked while a pipeline is built: each decorator answers
/// <see cref="IChatClient.GetService"/> for this type under the name of its stage, and passes other names on.
/// </summary>
internal sealed class PipelineStage
{
    public const string Meter = "meter";

    /// <summary>A stage that makes several requests for one and bills each: a meter around it would bill them again.</summary>
    public const string Attempts = "attempts";

    private static readonly PipelineStage Yes = new();

    private PipelineStage() { }

    public static bool IsIn(IChatClient client, string stage) => client.GetService(typeof(PipelineStage), stage) is not null;

    /// <summary>The answer of the decorator of <paramref name="stage"/>; null when it was asked for something else.</summary>
    public static object? Answer(string stage, Type serviceType, object? serviceKey) =>
        serviceType == typeof(PipelineStage) && stage.Equals(serviceKey) ? Yes : null;
}
