using System.Globalization;
using LlmThrift.Budgets;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmThrift.AspNetCore.Budgets;

/// <summary>Answers with 429 when a call did not fit into a budget.</summary>
internal sealed partial class BudgetExceededHandler(
    IProblemDetailsService problems,
    ILogger<BudgetExceededHandler> logger,
    IServiceProvider services
) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (Find(exception) is not { } exceeded)
        {
            return false;
        }

        LogRefusal(logger, exceeded.Budget, exceeded.Group, exceeded.Spent, exceeded.Reserved, exceeded.Limit, exceeded.FreesAt);
        var response = httpContext.Response;
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        if (exceeded.FreesAt is { } time)
        {
            var now = (services.GetService<TimeProvider>() ?? TimeProvider.System).GetUtcNow();
            var seconds = Math.Max(1, (long)Math.Ceiling((time - now).TotalSeconds));
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var problem = new ProblemDetails
        {
            Status = StatusCodes.Status429TooManyRequests,
            Title = "A budget is used up.",
            Detail = "This request would cost more than is left of a budget at the moment.",
        };
        var isWritten = await problems
            .TryWriteAsync(
                new ProblemDetailsContext
                {
                    HttpContext = httpContext,
                    ProblemDetails = problem,
                    Exception = exceeded,
                }
            )
            .ConfigureAwait(false);
        if (!isWritten)
        {
            // Whoever takes no problems takes a line of text.
            response.ContentType = "text/plain; charset=utf-8";
            await response.WriteAsync(problem.Title, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Tools and parallel work put exceptions into others.</summary>
    private static BudgetExceededException? Find(Exception? exception) =>
        exception switch
        {
            BudgetExceededException exceeded => exceeded,
            AggregateException several => several.InnerExceptions.Select(Find).FirstOrDefault(found => found is not null),
            { InnerException: { } inner } => Find(inner),
            _ => null,
        };

    [LoggerMessage(
        121,
        LogLevel.Information,
        "A request was refused: budget {Budget} {Group} has {Spent} spent and {Reserved} held of {Limit}, and frees at {FreesAt:u}."
    )]
    private static partial void LogRefusal(
        ILogger logger,
        string budget,
        string group,
        decimal spent,
        decimal reserved,
        decimal limit,
        DateTimeOffset? freesAt
    );
}
