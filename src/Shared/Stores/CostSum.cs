using LlmThrift.Metering;

namespace LlmThrift.Stores;

/// <summary>What calls add up to, as stores keep it for each span of time. Not safe for concurrent use.</summary>
internal sealed class CostSum
{
    private readonly List<StageSum> _stages = [];

    public long Calls { get; set; }

    public long Failed { get; set; }

    public long Unpriced { get; set; }

    public long Estimated { get; set; }

    public long InputTokens { get; set; }

    public long OutputTokens { get; set; }

    public long BaselineInputTokens { get; set; }

    public long BaselineOutputTokens { get; set; }

    public decimal Baseline { get; set; }

    public decimal Actual { get; set; }

    /// <summary>There are a handful of stages: a list is walked faster than names are hashed.</summary>
    public IReadOnlyList<StageSum> Stages => _stages;

    /// <summary>Adds a call, by the rules of <see cref="CostReport"/>.</summary>
    public void Add(StoredCall call)
    {
        Calls += call.IsUpkeep ? 0 : 1;
        Failed += call.Outcome == CallOutcome.Failed ? 1 : 0;
        Estimated += call is { IsEstimated: true, IsUpkeep: false } ? 1 : 0;
        InputTokens += call.InputTokens;
        OutputTokens += call.OutputTokens;
        BaselineInputTokens += call.BaselineInputTokens;
        BaselineOutputTokens += call.BaselineOutputTokens;
        if (call.ServedBy is { } stage)
        {
            AddStage(stage, 0, 1);
        }

        if (call is not { BaselineCost: { } baseline, ActualCost: { } actual })
        {
            Unpriced += call.IsUpkeep ? 0 : 1;
            return;
        }

        Baseline += baseline;
        Actual += actual;
        foreach (var part in call.SavingByStage)
        {
            AddStage(part.Stage, part.Saving, 0);
        }
    }

    public void Add(CostSum other)
    {
        Calls += other.Calls;
        Failed += other.Failed;
        Unpriced += other.Unpriced;
        Estimated += other.Estimated;
        InputTokens += other.InputTokens;
        OutputTokens += other.OutputTokens;
        BaselineInputTokens += other.BaselineInputTokens;
        BaselineOutputTokens += other.BaselineOutputTokens;
        Baseline += other.Baseline;
        Actual += other.Actual;
        foreach (var stage in other._stages)
        {
            AddStage(stage.Stage, stage.Saving, stage.Served);
        }
    }

    public void AddStage(string stage, decimal saving, long served)
    {
        for (var index = 0; index < _stages.Count; index++)
        {
            if (_stages[index].Stage == stage)
            {
                _stages[index] = new StageSum(stage, _stages[index].Saving + saving, _stages[index].Served + served);
                return;
            }
        }

        _stages.Add(new StageSum(stage, saving, served));
    }

    public CostTotals ToTotals() =>
        new()
        {
            Calls = Calls,
            FailedCalls = Failed,
            UnpricedCalls = Unpriced,
            EstimatedCalls = Estimated,
            BaselineCost = Baseline,
            ActualCost = Actual,
            InputTokens = InputTokens,
            OutputTokens = OutputTokens,
            BaselineInputTokens = BaselineInputTokens,
            BaselineOutputTokens = BaselineOutputTokens,
            SavingByStage = _stages.ToDictionary(stage => stage.Stage, stage => stage.Saving),
            CallsServedByStage = _stages.Where(stage => stage.Served > 0).ToDictionary(stage => stage.Stage, stage => stage.Served),
        };
}
