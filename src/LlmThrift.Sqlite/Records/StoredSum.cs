using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.Records;

/// <summary>Sums in the form in which they are kept: one blob, since money is exact only as a decimal, which SQLite cannot add up.</summary>
internal static class StoredSum
{
    public static void Write(BlobWriter writer, CostSum sum)
    {
        writer.Clear();
        writer.Write(sum.Calls);
        writer.Write(sum.Failed);
        writer.Write(sum.Unpriced);
        writer.Write(sum.Estimated);
        writer.Write(sum.InputTokens);
        writer.Write(sum.OutputTokens);
        writer.Write(sum.BaselineInputTokens);
        writer.Write(sum.BaselineOutputTokens);
        writer.Write(sum.Baseline);
        writer.Write(sum.Actual);
        writer.Write(sum.Stages.Count);
        foreach (var stage in sum.Stages)
        {
            writer.Write(stage.Stage);
            writer.Write(stage.Saving);
            writer.Write(stage.Served);
        }
    }

    public static CostSum Read(ReadOnlySpan<byte> blob)
    {
        var reader = new BlobReader(blob);
        var sum = new CostSum
        {
            Calls = reader.ReadInteger(),
            Failed = reader.ReadInteger(),
            Unpriced = reader.ReadInteger(),
            Estimated = reader.ReadInteger(),
            InputTokens = reader.ReadInteger(),
            OutputTokens = reader.ReadInteger(),
            BaselineInputTokens = reader.ReadInteger(),
            BaselineOutputTokens = reader.ReadInteger(),
            Baseline = reader.ReadDecimal(),
            Actual = reader.ReadDecimal(),
        };
        for (var left = reader.ReadInteger(); left > 0; left--)
        {
            sum.AddStage(reader.ReadText(), reader.ReadDecimal(), reader.ReadInteger());
        }

        return sum;
    }
}
