using LlmThrift.Auditing;
using LlmThrift.Internal;

namespace Microsoft.Extensions.AI;

/// <summary>Adds the log of requests to a pipeline.</summary>
public static class AuditLogChatClientBuilderExtensions
{
    /// <summary>
    /// Writes requests to a file, with their text, from which an audit is drawn (<see cref="AuditLog.Read"/>). Requests with anything but text are left out. Call it before <c>UseCostControls()</c>, so
    /// that all requests are seen as the app sends them; after it, so that only those are that no cache answers, as they are sent.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="path">The file.</param>
    /// <param name="configure">Changes the options; null for the defaults.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>The file holds what users wrote: keep it as such, and delete it after the audit. A file that cannot be written fails no call.</remarks>
    /// <exception cref="ArgumentException">The options are wrong.</exception>
    public static ChatClientBuilder UseAuditLog(this ChatClientBuilder builder, string path, Action<AuditLogOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var shared = new PerContainer<AuditLogState>(services =>
        {
            var options = new AuditLogOptions { Path = path };
            configure?.Invoke(options);
            var problems = new OptionsProblems();
            options.Validate(problems);
            problems.ThrowIfAny();
            return new AuditLogState(options, new PipelineServices(services));
        });
        return builder.Use((inner, services) => new AuditLogChatClient(inner, shared.For(services)));
    }
}
