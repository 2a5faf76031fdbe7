using ConsoleReplay.Banking;
using ConsoleReplay.Cli;
using ConsoleReplay.Live;
using ConsoleReplay.Logs;
using ConsoleReplay.Recorded;
using ConsoleReplay.Reporting;
using ConsoleReplay.Semantic;
using ConsoleReplay.Traffic;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace ConsoleReplay.Running;

/// <summary>One run of the program: traffic, provider, replay, report.</summary>
internal sealed class ReplayRun
{
    public const int Replayed = 0;
    public const int NothingReplayed = 1;
    public const int PartlyReplayed = 3;
    public const int Cancelled = 130;

    private const int LiveLimit = 50;

    private const string SemanticNote =
        "Semantic cache: wrong is an answer that belongs to another intent. Repeats of a question are served alike, so go by the line of "
        + "different questions. The cache learns while calls go on, so its figures vary from run to run. The encoder's times are real, on this "
        + "machine.";

    private readonly ReplaySettings _settings;
    private readonly IAnsiConsole _console;
    private readonly TextWriter _error;
    private readonly Func<string, string?> _environment;
    private readonly TimeProvider _time;

    /// <param name="settings">What to do.</param>
    /// <param name="console">Where the result goes.</param>
    /// <param name="error">Where problems go, and progress when the console is no terminal.</param>
    /// <param name="environment">Looks up a variable of the environment.</param>
    /// <param name="time">The clock.</param>
    public ReplayRun(ReplaySettings settings, IAnsiConsole console, TextWriter error, Func<string, string?> environment, TimeProvider time)
    {
        _settings = settings;
        _console = console;
        _error = error;
        _environment = environment;
        _time = time;
    }

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReplayAsync(cancellationToken);
        }
        catch (ReplayException problem)
        {
            await _error.WriteLineAsync(problem.Message);
            return NothingReplayed;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            await _error.WriteLineAsync($"A file cannot be read or written: {problem.Message}");
            return NothingReplayed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Cancelled;
        }
    }

    private async Task<int> ReplayAsync(CancellationToken cancellationToken)
    {
        var live = _settings.Live ? LiveProvider.Create(_environment, _settings.Provider, _settings.ModelId) : null;
        var (traffic, problems) = await LoadAsync(live, cancellationToken);
        if (traffic.Calls.Count == 0)
        {
            throw new ReplayException(
                problems.Count > 0 ? "No line of the log can be replayed." : "The log holds no request; it needs one JSON object a line."
            );
        }

        if (live is not null && !await ConfirmAsync(live, traffic, cancellationToken))
            return NothingReplayed;

        // Opened before anything is sent: a file that cannot be written must not cost a replay.
        await using var json = _settings.Json?.Create();
        var models = traffic
            .Calls.Select(call => call.Options.ModelId!)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToList();
        var provider = live?.Client ?? new RecordedChatClient(traffic.CreateAnswers(), models[0], _settings.Speed, _time);
        var latencies = live is null ? LatenciesOfProvider(traffic, models[0]) : null;
        using var semantic = _settings.Semantic ? new SemanticReplay(traffic.CreateAnswers(), _time) : null;
        using var app = new CostControlledApp(
            provider,
            traffic.MaxOutputTokens,
            latencies is null ? null : call => latencies[call],
            semantic
        );
        _console.Write(
            new Paragraph(
                $"Replaying {Format.Count(traffic.Calls.Count)} calls of {traffic.Title} against {live?.Description ?? "recorded answers"}.\n"
            )
        );
        var outcome = await ReplayProgress.RunAsync(
            _console,
            _error,
            traffic.Calls.Count,
            completed =>
                new Replayer(app.Client, app.OptionsOf, _settings.Concurrency, _time).RunAsync(traffic.Calls, completed, cancellationToken)
        );

        var report = new ReplayReport
        {
            Title = traffic.Title,
            Models = models,
            Notes = [.. traffic.Notes, ProviderNote(live), .. semantic is null ? Array.Empty<string>() : [SemanticNote]],
            Problems = problems,
            Figures = app.GetFigures() with { LatencyWithout = latencies is null ? null : LatencyFigures.Of([.. latencies.Values]) },
            Outcome = outcome,
            RepeatShare = traffic.RepeatShare,
            CallsPerMonth = _settings.CallsPerMonth,
            PricesAsOf = PriceBook.Embedded.AsOf,
        };
        ReportWriter.Write(_console, report);
        if (json is not null)
            await JsonReport.WriteAsync(json, report, CancellationToken.None);

        return outcome.IsCancelled ? Cancelled
            : outcome.Answered == 0 ? NothingReplayed
            : problems.Count > 0 || outcome.Failed > 0 ? PartlyReplayed
            : Replayed;
    }

    private async Task<(ReplayTraffic Traffic, IReadOnlyList<LogProblem> Problems)> LoadAsync(
        LiveProvider? live,
        CancellationToken cancellationToken
    )
    {
        var limit = _settings.Limit ?? (live is null ? int.MaxValue : LiveLimit);
        if (_settings.File is not { } file)
        {
            var calls = Math.Min(_settings.Calls, limit);
            // A short live run over thousands of questions would hardly ever ask one twice.
            var questions = _settings.Questions ?? (live is null ? int.MaxValue : Math.Max(1, calls * 2 / 5));
            var model = _settings.ModelId ?? live?.DefaultModelId ?? ReplaySettings.DefaultModelId;
            return (BankingTraffic.Build(calls, questions, _settings.Skew, _settings.Seed, model, _settings.Stream), []);
        }

        using var reader = file.OpenText();
        var log = await new TrafficLogReader(_settings.ModelId, _settings.Stream).ReadAsync(reader, file.Name, limit, cancellationToken);
        ReportWriter.WriteProblems(_error, log.Problems, log.Calls.Count);
        return (LogTraffic.Build(log, file.Name, live is null ? _settings.AssumedOutputTokens : null), log.Problems);
    }

    private async Task<bool> ConfirmAsync(LiveProvider live, ReplayTraffic traffic, CancellationToken cancellationToken)
    {
        var metadata = live.Client.GetService<ChatClientMetadata>();
        var estimate = CostEstimate.Of(
            traffic.Calls,
            metadata?.ProviderName,
            _settings.AssumedOutputTokens,
            traffic.MaxOutputTokens,
            PriceBook.Embedded,
            _time.GetUtcNow()
        );
        var cost =
            live.IsSelfHosted ? "A server of your own: list prices do not apply, unless it passes calls on to a paid service."
            : estimate.UnpricedModels.Count > 0
                ? $"The price of {string.Join(", ", estimate.UnpricedModels)} is not known, so neither is the cost."
            : $"At list prices about {Format.Money(estimate.Expected)}, at most {Format.Money(estimate.Most)}, less whatever is saved."
                + (
                    estimate.Unlimited > 0
                        ? $" {Format.Count(estimate.Unlimited)} calls set no limit on output tokens and may cost more."
                        : ""
                );
        _console.Write(
            new Paragraph(
                $"About to send up to {Format.Count(traffic.Calls.Count)} calls of {traffic.Title} to {live.Description}. {cost}\n"
            )
        );
        if (_settings.Yes)
            return true;
        if (!_console.Profile.Capabilities.Interactive)
            throw new ReplayException("Nothing was sent: without a terminal to ask in, --live needs --yes.");
        if (await new ConfirmationPrompt("Send them?") { DefaultValue = false }.ShowAsync(_console, cancellationToken))
            return true;

        await _error.WriteLineAsync("Nothing was sent.");
        return false;
    }

    private string ProviderNote(LiveProvider? live) =>
        live is not null
            ? $"Answers: from {live.Description}."
            : "Answers: recorded, not from a model. Waits: modelled on a hosted model; the replay ran "
                + (_settings.Speed == 1 ? "in real time." : FormattableString.Invariant($"{_settings.Speed:0.##} times faster."));

    /// <summary>What callers would wait for, had each call reached the provider.</summary>
    private Dictionary<ReplayCall, TimeSpan> LatenciesOfProvider(ReplayTraffic traffic, string modelId)
    {
        using var provider = new RecordedChatClient(traffic.CreateAnswers(), modelId, _settings.Speed, _time);
        var latencies = new Dictionary<ReplayCall, TimeSpan>(traffic.Calls.Count, ReferenceEqualityComparer.Instance);
        foreach (var call in traffic.Calls)
            latencies[call] = provider.LatencyOf(call).ToLastToken;
        return latencies;
    }
}
