namespace LlmThrift.AspNetCore;

/// <summary>Options of the dashboard of costs. Every one has a default that works.</summary>
public sealed class CostDashboardOptions
{
    /// <summary>What the page is called. Default: "LLM costs".</summary>
    public string Title { get; set; } = "LLM costs";

    /// <summary>The policy that whoever looks must fulfil. Default: null, the app's default policy, which asks for someone who is signed in.</summary>
    public string? AuthorizationPolicy { get; set; }

    /// <summary>
    /// True lets anyone look while the environment is Development; in every other environment it changes nothing. Default: false. To open the dashboard elsewhere, say
    /// <c>.AllowAnonymous()</c> on what <c>MapCostDashboard</c> returns.
    /// </summary>
    public bool AllowAnonymousInDevelopment { get; set; }

    /// <summary>True shows and exports the users that calls are tagged with. Default: false, as these may be people.</summary>
    public bool ShowUsers { get; set; }

    /// <summary>How often open pages are told of new calls at most. Default: 2 seconds.</summary>
    public TimeSpan UpdateInterval { get; set; } = TimeSpan.FromSeconds(2);

    internal void Validate(string parameter)
    {
        if (UpdateInterval < TimeSpan.FromMilliseconds(100) || UpdateInterval > TimeSpan.FromHours(1))
        {
            throw new ArgumentException(
                $"UpdateInterval of the dashboard is {UpdateInterval}: allowed is from 100 ms to an hour.",
                parameter
            );
        }

        if (string.IsNullOrWhiteSpace(Title))
        {
            throw new ArgumentException("Title of the dashboard is empty: leave it, or name the page.", parameter);
        }
    }
}
