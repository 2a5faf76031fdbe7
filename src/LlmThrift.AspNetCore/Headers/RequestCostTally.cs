using LlmThrift.Metering;

namespace LlmThrift.AspNetCore.Headers;

/// <summary>Adds up the calls of one request. It flows with the request's own work, into calls in other threads as well. Safe for concurrent use.</summary>
internal sealed class RequestCostTally
{
    private static readonly AsyncLocal<RequestCostTally?> Flowing = new();

    private readonly Lock _gate = new();
    private RequestCosts _costs = new()
    {
        Calls = 0,
        ServedCalls = 0,
        UnpricedCalls = 0,
        BaselineCost = 0m,
        ActualCost = 0m,
        Duration = TimeSpan.Zero,
    };

    public static RequestCostTally? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    public RequestCosts Costs
    {
        get
        {
            lock (_gate)
            {
                return _costs;
            }
        }
    }

    public void Add(CallRecord record)
    {
        var call = record.IsUpkeep ? 0 : 1;
        var isPriced = record is { BaselineCost: not null, ActualCost: not null };
        lock (_gate)
        {
            _costs = new RequestCosts
            {
                Calls = _costs.Calls + call,
                ServedCalls = _costs.ServedCalls + (record.ServedBy is null ? 0 : call),
                UnpricedCalls = _costs.UnpricedCalls + (isPriced ? 0 : call),
                BaselineCost = _costs.BaselineCost + (isPriced ? record.BaselineCost!.Value : 0m),
                ActualCost = _costs.ActualCost + (isPriced ? record.ActualCost!.Value : 0m),
                Duration = _costs.Duration + (record.IsUpkeep ? TimeSpan.Zero : record.Duration),
            };
        }
    }
}
