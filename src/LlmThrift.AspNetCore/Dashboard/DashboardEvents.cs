using System.Text;
using LlmThrift.Metering;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace LlmThrift.AspNetCore.Dashboard;

/// <summary>Tells open pages when there is something new, as server-sent events. What is new they ask for themselves.</summary>
internal sealed class DashboardEvents(
    CallRecordStoreSink? sink,
    TimeProvider clock,
    CostDashboardOptions options,
    IHostApplicationLifetime? lifetime
)
{
    /// <summary>The browser comes back by itself: whoever may no longer look is found out then.</summary>
    private static readonly TimeSpan LongestConnection = TimeSpan.FromMinutes(10);

    /// <summary>A store may be filled by other processes as well; and proxies close connections on which nothing happens.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    public async Task ServeAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        using var end = new CancellationTokenSource(LongestConnection, clock);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted,
            end.Token,
            lifetime?.ApplicationStopping ?? CancellationToken.None
        );
        try
        {
            await SendAsync(response, "retry: 3000\n\n", any.Token).ConfigureAwait(false);
            var (written, silence) = (Written, TimeSpan.Zero);
            while (true)
            {
                await Task.Delay(options.UpdateInterval, clock, any.Token).ConfigureAwait(false);
                silence += options.UpdateInterval;
                if (Written != written || silence >= LongestSilence)
                {
                    (written, silence) = (Written, TimeSpan.Zero);
                    await SendAsync(response, "event: change\ndata:\n\n", any.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The page was closed, the app ends, or the time is up.
        }
    }

    private long Written => sink?.GetStatistics().Written ?? 0;

    private static async Task SendAsync(HttpResponse response, string text, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
        await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
