namespace LlmThrift.Metering;

/// <summary>What calls of one slot of time add up to, by the rules of <see cref="CostReport"/>. Not safe for concurrent use.</summary>
internal sealed class CostSum
{
    // There are a handful of stages: walking a list of them beats hashing their names.
    private readonly List<(string Name, decimal Saving, long Served)> _stages = [];
    private long _failed;
    private long _unpriced;
    private long _estimated;
    private decimal _baseline;
    private long _inputTokens;
    private long _outputTokens;
    private long _baselineInputTokens;
    private long _baselineOutputTokens;

    public long Calls { get; private set; }

    public decimal Actual { get; private set; }

    public void Add(StoredCall call)
    {
        Calls += call.IsUpkeep ? 0 : 1;
        _failed += call.Outcome == CallOutcome.Failed ? 1 : 0;
        _estimated += call is { IsEstimated: true, IsUpkeep: false } ? 1 : 0;
        _inputTokens += call.InputTokens;
        _outputTokens += call.OutputTokens;
        _baselineInputTokens += call.BaselineInputTokens;
        _baselineOutputTokens += call.BaselineOutputTokens;
        if (call.ServedBy is { } stage)
        {
            AddStage(stage, 0m, 1);
        }

        if (call is not { BaselineCost: { } baseline, ActualCost: { } actual })
        {
            _unpriced += call.IsUpkeep ? 0 : 1;
            return;
        }

        _baseline += baseline;
        Actual += actual;
        foreach (var part in call.SavingByStage)
        {
            AddStage(part.Stage, part.Saving, 0);
        }
    }

    public void Add(CostSum other)
    {
        Calls += other.Calls;
        Actual += other.Actual;
        _failed += other._failed;
        _unpriced += other._unpriced;
        _estimated += other._estimated;
        _baseline += other._baseline;
        _inputTokens += other._inputTokens;
        _outputTokens += other._outputTokens;
        _baselineInputTokens += other._baselineInputTokens;
        _baselineOutputTokens += other._baselineOutputTokens;
        foreach (var (name, saving, served) in other._stages)
        {
            AddStage(name, saving, served);
        }
    }

    public CostTotals ToTotals() =>
        new()
        {
            Calls = Calls,
            FailedCalls = _failed,
            UnpricedCalls = _unpriced,
            EstimatedCalls = _estimated,
            BaselineCost = _baseline,
            ActualCost = Actual,
            InputTokens = _inputTokens,
            OutputTokens = _outputTokens,
            BaselineInputTokens = _baselineInputTokens,
            BaselineOutputTokens = _baselineOutputTokens,
            SavingByStage = _stages.ToDictionary(stage => stage.Name, stage => stage.Saving),
            CallsServedByStage = _stages.Where(stage => stage.Served > 0).ToDictionary(stage => stage.Name, stage => stage.Served),
        };

    private void AddStage(string name, decimal saving, long served)
    {
        for (var index = 0; index < _stages.Count; index++)
        {
            if (_stages[index].Name == name)
            {
                _stages[index] = (name, _stages[index].Saving + saving, _stages[index].Served + served);
                return;
            }
        }

        _stages.Add((name, saving, served));
    }
}
