using System.Globalization;
using System.Text;

namespace LlmThrift.AspNetCore.Dashboard;

/// <summary>Calls as comma-separated values (RFC 4180), with names that a spreadsheet does not take for formulas.</summary>
internal static class CallCsv
{
    private const string NewLine = "\r\n";

    public static void WriteHeader(StringBuilder text, bool showUsers) =>
        text.Append("id,started_at,duration_ms,outcome,error_type,tenant,feature,")
            .Append(showUsers ? "user," : "")
            .Append("provider,requested_model,model,tier,served_by,is_upkeep,is_streaming,is_estimated,")
            .Append("input_tokens,output_tokens,baseline_input_tokens,baseline_output_tokens,")
            .Append("baseline_cost_usd,actual_cost_usd,saving_usd,saving_by_stage")
            .Append(NewLine);

    public static void Write(StringBuilder text, ShownCall call, bool showUsers)
    {
        text.Append(CultureInfo.InvariantCulture, $"{call.Id},{call.StartedAt.UtcDateTime:O},{call.DurationMs:0.###},{call.Outcome},");
        Name(text, call.ErrorType);
        Name(text, call.Tenant);
        Name(text, call.Feature);
        if (showUsers)
        {
            Name(text, call.User);
        }

        Name(text, call.Provider);
        Name(text, call.RequestedModel);
        Name(text, call.Model);
        Name(text, call.Tier);
        Name(text, call.ServedBy);
        text.Append(Flag(call.IsUpkeep)).Append(',').Append(Flag(call.IsStreaming)).Append(',').Append(Flag(call.IsEstimated)).Append(',');
        text.Append(
            CultureInfo.InvariantCulture,
            $"{call.InputTokens},{call.OutputTokens},{call.BaselineInputTokens},{call.BaselineOutputTokens},{call.BaselineCost},{call.ActualCost},{call.Saving},"
        );
        Field(
            text,
            string.Join("; ", call.SavingByStage.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Stage} {part.Saving}")))
        );
        text.Append(NewLine);
    }

    private static string Flag(bool value) => value ? "true" : "false";

    private static void Name(StringBuilder text, string? value)
    {
        Field(text, value ?? "");
        text.Append(',');
    }

    /// <summary>A name that a spreadsheet might calculate gets an apostrophe in front (OWASP, "CSV Injection"). Numbers are written as numbers.</summary>
    internal static void Field(StringBuilder text, string value)
    {
        if (value.Length > 0 && value[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' or '＝' or '＋' or '－' or '＠')
        {
            value = "'" + value;
        }

        if (value.AsSpan().IndexOfAny(",\"\r\n") < 0)
        {
            text.Append(value);
            return;
        }

        text.Append('"').Append(value.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }
}
