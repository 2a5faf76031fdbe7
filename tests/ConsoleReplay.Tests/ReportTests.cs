using System.Text.Json;
using ConsoleReplay.Logs;
using ConsoleReplay.Reporting;
using ConsoleReplay.Running;
using ConsoleReplay.Semantic;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class ReportTests
{
    [Fact]
    public void Write_plain_output_fits_80_columns_and_has_no_escape_sequences()
    {
        var text = Render(Report());

        Assert.DoesNotContain('\u001b', text);
        Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
    }

    [Fact]
    public void Write_shows_costs_savings_by_stage_and_notes()
    {
        var text = Render(Report());

        Assert.Contains("$12.50", text, StringComparison.Ordinal);
        Assert.Contains("$5.00", text, StringComparison.Ordinal);
        Assert.Contains("$7.50", text, StringComparison.Ordinal);
        Assert.Contains("60.0 %", text, StringComparison.Ordinal);
        Assert.Contains("exact cache", text, StringComparison.Ordinal);
        Assert.Contains("output limits", text, StringComparison.Ordinal);
        Assert.Contains("priced as gpt-4o", text, StringComparison.Ordinal);
        Assert.Contains("built, not measured", text, StringComparison.Ordinal);
        Assert.Contains("1.50 s", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_semantic_figures_are_shown_and_in_the_json()
    {
        var report = Report();
        report = report with
        {
            Figures = report.Figures with
            {
                Semantic = new SemanticFigures
                {
                    MaxErrorRate = 0.01,
                    Calls = new CheckedHits(400, 3),
                    Questions = new CheckedHits(200, 1),
                    EncodedTexts = 1_600,
                    EncoderMedian = TimeSpan.FromMilliseconds(1.5),
                    EncoderTotal = TimeSpan.FromSeconds(2.5),
                    Audits = 12,
                    AuditCost = 0.03m,
                    Decisions = new Dictionary<string, long>(StringComparer.Ordinal)
                    {
                        ["served"] = 400,
                        ["disagreement"] = 700,
                        ["error_limit"] = 600,
                    },
                },
            },
        };

        var text = Render(report);
        using var stream = new MemoryStream();
        await JsonReport.WriteAsync(stream, report, CancellationToken.None);
        var json = JsonElement.Parse(stream.ToArray()).GetProperty("semantic");

        Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
        Assert.Contains("0.75 %", text, StringComparison.Ordinal);
        Assert.Contains("0.50 %", text, StringComparison.Ordinal);
        Assert.Contains("1,600 questions, 1.50 ms each (median), 2.50 s in all", text, StringComparison.Ordinal);
        Assert.Contains("12 calls, $0.0300", text, StringComparison.Ordinal);
        Assert.Contains("Not served: disagreement 700, error limit 600.", text, StringComparison.Ordinal);
        Assert.Equal(3, json.GetProperty("calls").GetProperty("falseHits").GetInt32());
        Assert.Equal(0.005, json.GetProperty("questions").GetProperty("falseHitShare").GetDouble());
        Assert.Equal(1.5, json.GetProperty("encoder").GetProperty("medianMilliseconds").GetDouble());
        Assert.Equal(0.03m, json.GetProperty("audits").GetProperty("cost").GetDecimal());
    }

    [Fact]
    public void Write_month_is_called_an_extrapolation()
    {
        var text = Render(Report()).ReplaceLineEndings(" ");

        Assert.Contains("Extrapolated to 1,000,000 calls a month", text, StringComparison.Ordinal);
        Assert.Contains("$2,500", text, StringComparison.Ordinal);
        Assert.Contains("$1,000 with", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_unpriced_calls_are_told_and_are_not_taken_for_free()
    {
        var report = Report();
        report = report with { Figures = report.Figures with { UnpricedCalls = 1_000 } };

        Assert.Equal(12.5m / 4_000 * 1_000_000, report.MonthWithout);
        Assert.Contains("1,000 calls of a model without a known price", Render(report), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_nothing_priced_shows_no_month_and_no_zero()
    {
        var report = Report();
        report = report with
        {
            Figures = report.Figures with { UnpricedCalls = 5_000, BaselineCost = 0, ActualCost = 0, Stages = [], Features = [] },
        };

        var text = Render(report);

        Assert.DoesNotContain("Extrapolated", text, StringComparison.Ordinal);
        Assert.Contains("not known", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_titles_and_notes_are_not_read_as_markup()
    {
        var report = Report() with { Title = "[red]log[/]", Notes = ["A [bold] note [/"] };

        var text = Render(report);

        Assert.Contains("[red]log[/]", text, StringComparison.Ordinal);
        Assert.Contains("A [bold] note [/", text, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteProblems_shows_the_first_and_counts_the_rest()
    {
        using var writer = new StringWriter();
        var problems = Enumerable.Range(1, 25).Select(line => new LogProblem("traffic.jsonl", line, "broken")).ToList();

        ReportWriter.WriteProblems(writer, problems, calls: 3);

        var text = writer.ToString();
        Assert.Contains("traffic.jsonl:10: broken", text, StringComparison.Ordinal);
        Assert.DoesNotContain("traffic.jsonl:11", text, StringComparison.Ordinal);
        Assert.Contains("and 15 more", text, StringComparison.Ordinal);
        Assert.Contains("25 lines are left out, 3 are replayed.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_holds_the_same_figures()
    {
        using var stream = new MemoryStream();

        await JsonReport.WriteAsync(stream, Report() with { Problems = [new LogProblem("a.jsonl", 3, "broken")] }, CancellationToken.None);

        var json = JsonElement.Parse(stream.ToArray());
        Assert.Equal(12.5m, json.GetProperty("without").GetProperty("cost").GetDecimal());
        Assert.Equal(5m, json.GetProperty("with").GetProperty("cost").GetDecimal());
        Assert.Equal(0.6m, json.GetProperty("saving").GetProperty("share").GetDecimal());
        Assert.Equal("exact_cache", json.GetProperty("saving").GetProperty("stages")[0].GetProperty("name").GetString());
        Assert.Equal(2_500m, json.GetProperty("extrapolatedMonth").GetProperty("without").GetDecimal());
        Assert.Equal(1_500, json.GetProperty("without").GetProperty("latency").GetProperty("medianMilliseconds").GetDouble());
        Assert.Equal(3, json.GetProperty("problems")[0].GetProperty("line").GetInt32());
    }

    [Fact]
    public async Task Progress_without_a_terminal_writes_a_line_each_tenth()
    {
        using var output = new StringWriter();
        using var plain = new StringWriter();

        var result = await ReplayProgress.RunAsync(
            ReplayConsole.CreatePlain(output),
            plain,
            calls: 50,
            completed =>
            {
                for (var call = 0; call < 50; call++)
                    completed();
                return Task.FromResult(1);
            }
        );

        Assert.Equal(1, result);
        Assert.Empty(output.ToString());
        var lines = plain.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(10, lines.Length);
        Assert.Equal("   10 %  5 of 50 calls", lines[0]);
        Assert.Equal("  100 %  50 of 50 calls", lines[^1]);
    }

    [Theory]
    [InlineData(0, "$0.00")]
    [InlineData(0.0000125, "$0.000013")]
    [InlineData(0.0525, "$0.0525")]
    [InlineData(12.345, "$12.35")]
    [InlineData(87_123.4, "$87,123")]
    [InlineData(-2.5, "-$2.50")]
    public void Money_small_sums_have_more_digits(double dollars, string expected)
    {
        Assert.Equal(expected, Format.Money((decimal)dollars));
    }

    [Fact]
    public void Percentiles_are_nearest_rank()
    {
        var figures = LatencyFigures.Of([.. Enumerable.Range(1, 100).Reverse().Select(value => TimeSpan.FromSeconds(value))]);

        Assert.Equal(new LatencyFigures(TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(95)), figures);
        Assert.Null(LatencyFigures.Of([]));
    }

    private static ReplayReport Report() =>
        new()
        {
            Title = "a bank's support chat",
            Models = ["gpt-4o"],
            Notes =
            [
                "Repetition: built, not measured. Zipf with exponent 0.8, seed 42; 60.0 % of the calls repeat an earlier one word for word.",
            ],
            Figures = new ReplayFigures
            {
                Calls = 5_000,
                ProviderCalls = 2_000,
                BaselineCost = 12.5m,
                ActualCost = 5m,
                BaselineInputTokens = 4_000_000,
                BaselineOutputTokens = 500_000,
                InputTokens = 1_600_000,
                OutputTokens = 200_000,
                Stages = [new StageFigures("exact_cache", 3_000, 7.5m), new StageFigures("output_limits", 0, 0m)],
                Features = [new GroupFigures("cards", 3_000, 0, 7m, 3m), new GroupFigures("transfers", 2_000, 0, 5.5m, 2m)],
                LatencyWithout = new LatencyFigures(TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(2.5)),
                LatencyWith = new LatencyFigures(TimeSpan.FromMilliseconds(0.05), TimeSpan.FromSeconds(2.2)),
            },
            Outcome = new ReplayOutcome
            {
                Answered = 5_000,
                Failures = new Dictionary<string, int>(),
                Elapsed = TimeSpan.FromSeconds(8),
            },
            RepeatShare = 0.6,
            PricesAsOf = new DateOnly(2026, 9, 23),
        };

    private static string Render(ReplayReport report)
    {
        using var writer = new StringWriter();
        ReportWriter.Write(ReplayConsole.CreatePlain(writer), report);
        return writer.ToString();
    }
}
