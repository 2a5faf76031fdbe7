using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace LlmThrift.AspNetCore.Headers;

/// <summary>Writes what the calls of a request cost: as headers where that is known when the response begins, as trailers where it goes on.</summary>
internal sealed class CostHeaderMiddleware(RequestDelegate next, CostHeaderOptions options)
{
    public const string Cost = "LlmThrift-Cost";
    public const string Saving = "LlmThrift-Saving";
    public const string Calls = "LlmThrift-Calls";
    public const string Unpriced = "LlmThrift-Unpriced-Calls";
    public const string ServerTiming = "Server-Timing";

    public async Task InvokeAsync(HttpContext context)
    {
        var tally = new RequestCostTally();
        RequestCostTally.Current = tally;
        context.Features.Set(tally);
        if (!options.ShouldWrite(context))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        RequestCosts? sent = null;
        context.Response.OnStarting(() =>
        {
            var costs = tally.Costs;
            if (costs.Calls > 0)
            {
                sent = costs;
                Write(costs, (name, value) => context.Response.Headers[name] = value);
            }

            if (context.Response.SupportsTrailers())
            {
                foreach (var name in Names())
                {
                    context.Response.DeclareTrailer(name);
                }
            }

            return Task.CompletedTask;
        });
        await next(context).ConfigureAwait(false);

        // A response that has not begun gets headers, and its beginning comes after this.
        if (context.Response.HasStarted && context.Response.SupportsTrailers() && tally.Costs is { Calls: > 0 } final && final != sent)
        {
            Write(final, context.Response.AppendTrailer);
        }
    }

    private IEnumerable<string> Names() =>
        options.WriteServerTiming ? [Cost, Saving, Calls, Unpriced, ServerTiming] : [Cost, Saving, Calls, Unpriced];

    private void Write(RequestCosts costs, Action<string, Microsoft.Extensions.Primitives.StringValues> write)
    {
        write(Cost, Money(costs.ActualCost));
        write(Saving, Money(costs.Saving));
        write(Calls, costs.Calls.ToString(CultureInfo.InvariantCulture));
        if (costs.UnpricedCalls > 0)
        {
            write(Unpriced, costs.UnpricedCalls.ToString(CultureInfo.InvariantCulture));
        }

        if (options.WriteServerTiming)
        {
            write(ServerTiming, string.Create(CultureInfo.InvariantCulture, $"llm;dur={costs.Duration.TotalMilliseconds:0.#}"));
        }
    }

    /// <summary>Without the zeros that sums of decimals gather at their end.</summary>
    private static string Money(decimal amount) => amount.ToString("0.############################", CultureInfo.InvariantCulture);
}
