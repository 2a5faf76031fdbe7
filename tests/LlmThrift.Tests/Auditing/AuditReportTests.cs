using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using LlmThrift.Auditing;
using LlmThrift.Auditing.Reporting;
using LlmThrift.Routing;
using Xunit;

namespace LlmThrift.Tests.Auditing;

public sealed partial class AuditReportTests
{
    private const string Hostile =
        "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>\n````\n# No heading\n| a | b |\n\"'&amp; \u202E\0\uD800";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static TheoryData<string> Cases =>
        ["saving", "no costs", "no saving", "few", "nothing", "hostile", "cheaper is dearer", "cannot be held"];

    /// <summary>But for the document type, elements without an end and entities that XML does not know, of which the report has none, a page is XML.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Html_is_well_formed_and_its_ids_are_its_own(string name)
    {
        var html = AuditReport.ToHtml(Of(name));

        var page = XDocument.Parse(MetaTag().Replace(html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), "$0</meta>"));

        var ids = page.Descendants().Select(element => (string?)element.Attribute("id")).OfType<string>().ToList();
        Assert.Equal(ids.Distinct(), ids);
        foreach (var element in page.Descendants())
        {
            Assert.All(((string?)element.Attribute("aria-labelledby") ?? ids[0]).Split(' '), id => Assert.Contains(id, ids));
            Assert.DoesNotContain(
                element.Attributes(),
                attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase)
            );
            Assert.DoesNotContain(element.Name.LocalName, (string[])["script", "link", "img", "iframe", "a", "form"]);
        }

        Assert.All(page.Descendants("table"), table => Assert.NotNull(table.Element("caption")));
        Assert.All(page.Descendants("th"), cell => Assert.NotNull(cell.Attribute("scope")));
        Assert.Contains(
            "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"",
            html,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", html, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Plots_have_a_title_a_description_and_finite_places_inside(string name)
    {
        var result = Of(name);
        var html = AuditReport.ToHtml(result);

        var plots = SvgElement().Matches(html).Select(match => XDocument.Parse(match.Value).Root!).ToList();

        Assert.Equal(
            result.Prompts.Count == 0 ? 0
                : result.Policy is null ? 1
                : 2,
            plots.Count
        );
        foreach (var plot in plots)
        {
            Assert.Equal("img", (string?)plot.Attribute("role"));
            Assert.NotEqual("", plot.Element(Svg + "title")!.Value);
            Assert.NotEqual("", plot.Element(Svg + "desc")!.Value);
            double[] size = [.. ((string?)plot.Attribute("viewBox"))!.Split(' ').Select(Parse)];
            foreach (var element in plot.Descendants())
            {
                double[] places =
                [
                    .. element
                        .Attributes()
                        .Where(attribute => attribute.Name.LocalName is "x" or "y" or "x1" or "y1" or "x2" or "y2" or "cx" or "cy")
                        .Select(attribute => Parse(attribute.Value)),
                    .. ((string?)element.Attribute("points") ?? "0,0").Split(' ', ',').Select(Parse),
                ];
                Assert.All(places, place => Assert.InRange(place, 0, Math.Max(size[2], size[3])));
            }
        }

        static double Parse(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Plot_marks_the_target_where_it_is()
    {
        var html = AuditReport.ToHtml(Of("saving"));

        var plot = XDocument.Parse(SvgElement().Match(html).Value).Root!;

        // The one in the plot, and the one in the legend.
        Assert.Equal(2, plot.Elements(Svg + "circle").Count(circle => (string?)circle.Attribute("class") == "target"));
        Assert.Contains(plot.Elements(Svg + "text"), text => text.Value == "Cost, USD per 1,000 calls");
        Assert.Contains(plot.Elements(Svg + "text"), text => text.Value == "Quality kept, % of the dearer tier's");
        Assert.Contains(
            plot.Elements(Svg + "text"),
            text => text.Value == "target strong share 0.2: 90 % for $3.00, 20 % to the dearer tier"
        );
    }

    [Fact]
    public void Plot_without_costs_goes_by_the_share_of_calls() =>
        Assert.Contains("Calls to the dearer tier, %</text>", AuditReport.ToHtml(Of("no costs")), StringComparison.Ordinal);

    [Fact]
    public void Hostile_text_is_shown_in_html_as_it_is()
    {
        var html = AuditReport.ToHtml(Of("hostile"));

        var page = XDocument.Parse(MetaTag().Replace(html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), "$0</meta>"));

        var texts = page.Descendants("pre").Select(element => element.Value).ToList();
        Assert.Equal(3, texts.Count);
        Assert.All(texts, text => Assert.Equal("\n" + ReportText.Clean(Hostile), text));
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\0', html);
        Assert.Contains(page.Descendants("th"), cell => cell.Value == ReportText.Clean(Hostile));
    }

    [Fact]
    public void Hostile_text_stays_in_its_place_in_markdown()
    {
        var lines = AuditReport.ToMarkdown(Of("hostile")).Split('\n');

        string? fence = null;
        var outside = new List<string>();
        var inside = new List<string>();
        foreach (var line in lines)
        {
            if (fence is null && line.StartsWith("```", StringComparison.Ordinal))
            {
                fence = line.TrimEnd("text".ToCharArray());
            }
            else if (fence is not null && line == fence)
            {
                fence = null;
            }
            else
            {
                (fence is null ? outside : inside).Add(line);
            }
        }

        Assert.Null(fence);
        Assert.Equal(3, inside.Count(line => line == "````"));
        Assert.Equal(3, inside.Count(line => line.Contains("<script>", StringComparison.Ordinal)));
        Assert.DoesNotContain(outside, line => UnescapedMarkup().IsMatch(line));
        Assert.DoesNotContain(outside, line => line.StartsWith("# No", StringComparison.Ordinal));

        // Each row of a table has as many cells as its head.
        foreach (var table in TablesOf(outside))
        {
            Assert.Single(table.Select(row => CellEnd().Count(row)).Distinct());
        }
    }

    [Fact]
    public void Markdown_tells_the_same_figures()
    {
        var markdown = AuditReport.ToMarkdown(Of("saving"));

        Assert.Contains("1,000 calls would cost **\\$3.00** instead of **\\$11.00**", markdown, StringComparison.Ordinal);
        Assert.Contains("| FAQ | 100 | 70 | 70.0 % | 60.4 to 78.1 % | |", markdown, StringComparison.Ordinal);
        Assert.Contains("| 20.0 % | 90.0 % | 84.1 to 95.9 % | \\$3.00 | target: strong share 0.2 |", markdown, StringComparison.Ordinal);
        Assert.Contains("worse in 30 of 100 requests, and better in 0. These are the 20 worst.", markdown, StringComparison.Ordinal);
        Assert.Contains("### 20. chat, FAQ", markdown, StringComparison.Ordinal);
        Assert.DoesNotContain("### 21.", markdown, StringComparison.Ordinal);
        Assert.Contains("2025-03-09 12:05 UTC", markdown, StringComparison.Ordinal);
        Assert.Contains("| SHA-256 of its data | 0f1e2d |", markdown, StringComparison.Ordinal);
    }

    [Fact]
    public void Sections_come_in_the_same_order_in_both()
    {
        var result = Of("hostile");
        string[] sections = ["Quality against cost", "By kind of task", "By feature", "The curve", "What went wrong", "How it was made"];

        var markdown = AuditReport
            .ToMarkdown(result)
            .Split('\n')
            .Where(line => line.StartsWith("## ", StringComparison.Ordinal))
            .Select(line => line[3..]);
        var html = Heading().Matches(AuditReport.ToHtml(result)).Select(match => match.Groups["text"].Value);

        Assert.Equal(sections, markdown);
        Assert.Equal(sections, html);
    }

    [Fact]
    public void Numbers_are_written_alike_in_every_culture()
    {
        var result = Of("saving") with { CallsPerMonth = 1_234_567, Sampled = 1_000, Failed = 900 };
        var (html, markdown) = (AuditReport.ToHtml(result), AuditReport.ToMarkdown(result));
        var before = CultureInfo.CurrentCulture;
        var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (strange.NumberFormat.NumberDecimalSeparator, strange.NumberFormat.NumberGroupSeparator) = (",", "'");
        (strange.NumberFormat.NegativeSign, strange.DateTimeFormat.DateSeparator, strange.DateTimeFormat.TimeSeparator) = ("~", "_", "h");
        try
        {
            CultureInfo.CurrentCulture = strange;

            Assert.Equal(html, AuditReport.ToHtml(result));
            Assert.Equal(markdown, AuditReport.ToMarkdown(result));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData(1, 11, 6, "0 2 4 6 8 10 12")]
    [InlineData(0, 1, 5, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(61.2, 101.3, 6, "60 70 80 90 100 110")]
    [InlineData(0.0004, 0.0012, 4, "0.0004 0.0006 0.0008 0.0010 0.0012")]
    [InlineData(3, 3, 5, "2.4 2.6 2.8 3.0 3.2 3.4 3.6")]
    public void Ticks_are_round_numbers_around_the_range(double low, double high, int intervals, string ticks)
    {
        var axis = PlotAxis.Of(low, high, intervals);

        Assert.Equal(ticks, string.Join(' ', axis.Ticks.Select(tick => ReportText.Number(tick, axis.Format))));
        Assert.True(axis.Low <= low && axis.High >= high);
    }

    private static AuditResult Of(string name)
    {
        var saving = SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.2));
        return name switch
        {
            "saving" => saving,
            "no costs" => saving with { Weak = new PolicyTier("small"), Strong = new PolicyTier("large") },
            "no saving" => saving with { Target = RoutingTarget.Quality(1) },
            "few" => SampleAudits.Few(SampleAudits.Prompt(1, 0, 1), SampleAudits.Prompt(2, 1, 1)),
            "nothing" => SampleAudits.Few(),
            "cheaper is dearer" => saving with { Weak = saving.Strong, Strong = saving.Weak },
            "cannot be held" => saving with { Target = RoutingTarget.CostPer1000Calls(0.5m) },
            _ => saving with
            {
                Weak = new PolicyTier(Hostile, "m" + Hostile, 0.001m),
                Strong = new PolicyTier("large", Hostile, 0.011m),
                Prompts =
                [
                    .. Enumerable.Range(0, 60).Select(i => SampleAudits.Prompt(i, 1, 1)),
                    SampleAudits.Prompt(1, 0, 1, feature: Hostile, question: Hostile, weakAnswer: Hostile, strongAnswer: Hostile),
                ],
            },
        };
    }

    private static IEnumerable<List<string>> TablesOf(List<string> lines)
    {
        List<string> table = [];
        foreach (var line in lines.Append(""))
        {
            if (line.StartsWith('|'))
            {
                table.Add(line);
            }
            else if (table.Count > 0)
            {
                yield return table;
                table = [];
            }
        }
    }

    [GeneratedRegex("<meta[^>]*>", RegexOptions.None, 1_000)]
    private static partial Regex MetaTag();

    [GeneratedRegex("<svg.*?</svg>", RegexOptions.Singleline, 1_000)]
    private static partial Regex SvgElement();

    [GeneratedRegex("<h2[^>]*>(?<text>[^<]*)</h2>", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"(?<!\\)[<`\]]", RegexOptions.None, 1_000)]
    private static partial Regex UnescapedMarkup();

    [GeneratedRegex(@"(?<!\\)\|", RegexOptions.None, 1_000)]
    private static partial Regex CellEnd();
}
