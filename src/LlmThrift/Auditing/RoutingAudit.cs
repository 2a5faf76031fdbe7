using System.Globalization;
using LlmThrift.Auditing.Reviewing;
using LlmThrift.Auditing.Running;
using LlmThrift.Internal;
using LlmThrift.Routing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Auditing;

/// <summary>
/// Finds out which calls of an app a cheaper tier answers as well: draws requests from a log, asks both tiers, judges the answers, and writes a policy and a report. Everything is on the disk before it
/// goes on, so that an audit that is ended at any point goes on where it was, without asking or paying twice.
/// </summary>
/// <remarks>
/// The folder has <c>sample.jsonl</c> (the requests), <c>journal.jsonl</c> (what was asked and answered), <c>ratings.csv</c> (what people said), <c>policy.json</c>,
/// <c>report.md</c> and <c>report.html</c>. What a judge asks of models by <see cref="AnswersToJudge.AskAsync"/> is remembered and counted; what it does besides is done again by each run. Not
/// safe for concurrent use; one process at a time.
/// </remarks>
public sealed class RoutingAudit
{
    private const string SampleFile = "sample.jsonl";
    private const string JournalFile = "journal.jsonl";
    private const string RatingsFile = "ratings.csv";

    /// <summary>So many requests fail in a row where nothing works.</summary>
    private const int MostFailuresInARow = 10;

    private readonly RoutingAuditOptions _options;
    private readonly AuditTier _weak;
    private readonly AuditTier _strong;

    /// <summary>Prepares an audit.</summary>
    /// <param name="options">What to audit. Not to be changed afterwards.</param>
    /// <exception cref="ArgumentException">The options are wrong; the message names all that is.</exception>
    public RoutingAudit(RoutingAuditOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var problems = new OptionsProblems();
        options.Validate(problems);
        problems.ThrowIfAny();
        (_options, _weak, _strong) = (options, options.Weak!, options.Strong!);
    }

    /// <summary>Runs the audit, or goes on with it.</summary>
    /// <param name="log">The app's requests: <see cref="AuditLog.Read"/>. Read once, by the first run; later runs go on with what was drawn then.</param>
    /// <param name="progress">Told after each request; null for nobody.</param>
    /// <param name="cancellationToken">Ends the run: requests that were sent are waited for, and no others are.</param>
    /// <returns>What was found out, as far as it is known.</returns>
    /// <exception cref="InvalidOperationException">The first requests all failed, or the log is empty.</exception>
    /// <exception cref="InvalidDataException">A file of the folder is damaged, or of another audit.</exception>
    /// <exception cref="IOException">The folder cannot be written, or another process has it.</exception>
    public async Task<AuditResult> RunAsync(
        IEnumerable<AuditPrompt> log,
        IProgress<AuditProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(log);
        Directory.CreateDirectory(_options.Folder);
        using var journal = OpenJournal();
        var prompts = Sample(log);
        var ratings = Ratings(prompts);
        var limit = new SpendingLimit(_options.MaxCost, journal.Spent);
        var asker = new AuditAsker(_options, journal, limit);
        var trials = new Trial[prompts.Count];
        var failures = 0;
        var done = 0;
        await Parallel
            .ForAsync(
                0,
                prompts.Count,
                new ParallelOptions { MaxDegreeOfParallelism = _options.MaxParallel, CancellationToken = cancellationToken },
                async (index, cancellation) =>
                {
                    var trial = await TryAsync(prompts[index], ratings, asker, cancellation).ConfigureAwait(false);
                    trials[index] = trial;
                    if (trial.Stop != AuditStop.Failed)
                    {
                        Volatile.Write(ref failures, 0);
                    }
                    else if (Interlocked.Increment(ref failures) >= MostFailuresInARow)
                    {
                        throw new InvalidOperationException(
                            $"{MostFailuresInARow} requests in a row failed, the last one of \"{trial.Step}\" ({trial.Failure!.GetType().Name}: {trial.Failure.Message}). What was answered is kept; "
                                + "mend the cause and run the audit again.",
                            trial.Failure
                        );
                    }

                    progress?.Report(new AuditProgress(Interlocked.Increment(ref done), prompts.Count, limit.Spent, limit.Limit));
                }
            )
            .ConfigureAwait(false);
        var result = await ResultAsync(trials, limit, cancellationToken).ConfigureAwait(false);
        Write(result);
        return result;
    }

    /// <summary>Writes what people are to rate: the requests with two answers and no rating yet, the answers in an order of chance.</summary>
    /// <param name="path">A file: <c>.html</c> for a page that is opened in a browser, <c>.csv</c> for a table.</param>
    /// <returns>How many there are to rate.</returns>
    /// <exception cref="ArgumentException">The file is neither.</exception>
    public int WriteReview(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var extension = Path.GetExtension(path).ToUpperInvariant();
        if (extension is not (".HTML" or ".CSV"))
        {
            throw new ArgumentException($"\"{path}\" is neither a .html nor a .csv file.", nameof(path));
        }

        List<ReviewItem> items = [];
        using (var journal = OpenJournal())
        {
            var asker = new AuditAsker(_options, journal, new SpendingLimit(limit: 0, spent: 0));
            var prompts = Sample([]);
            var ratings = Ratings(prompts);
            foreach (var prompt in prompts.Where(prompt => !ratings.ContainsKey(prompt.Id)))
            {
                if (
                    asker.Find(Name(prompt, _weak), _weak, prompt.Messages) is { } weak
                    && asker.Find(Name(prompt, _strong), _strong, prompt.Messages) is { } strong
                )
                {
                    items.Add(new ReviewItem(prompt.Id, prompt.Question, weak.Text, strong.Text));
                }
            }
        }

        File.WriteAllText(path, extension == ".CSV" ? ReviewCsv.Write(items) : ReviewPage.Write(Path.GetFullPath(_options.Folder), items));
        return items.Count;
    }

    /// <summary>Takes over what people rated; a rating outweighs the judge and an earlier rating. Run the audit again afterwards: that asks nothing twice.</summary>
    /// <param name="path">The table: its columns <c>id</c> and <c>verdict</c> (BOTH, 1, 2 or NONE; empty for not rated).</param>
    /// <returns>How many ratings there are now in all.</returns>
    /// <exception cref="InvalidDataException">The file is no table of ratings of this audit; the message says why.</exception>
    public int ReadReview(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var prompts = Sample([]);
        var ids = prompts.Select(prompt => prompt.Id).ToHashSet(StringComparer.Ordinal);
        Dictionary<string, AnswerJudgement> read;
        try
        {
            read = ReviewCsv.Read(File.ReadAllText(path), ids);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{path} cannot be read: {exception.Message}", exception);
        }

        var ratings = Ratings(prompts);
        foreach (var (id, judged) in read)
        {
            ratings[id] = judged;
        }

        var target = Path.Combine(_options.Folder, RatingsFile);
        File.WriteAllText(target + ".part", ReviewCsv.Write(ratings));
        File.Move(target + ".part", target, overwrite: true);
        return ratings.Count;
    }

    private static string Name(AuditPrompt prompt, AuditTier tier) => $"{prompt.Id}/{tier.Name}";

    private AuditJournal OpenJournal() =>
        AuditJournal.Open(
            Path.Combine(_options.Folder, JournalFile),
            $"{_weak.Name} ({_weak.Model ?? "?"}) and {_strong.Name} ({_strong.Model ?? "?"})"
        );

    /// <summary>What was drawn; drawn now if this is the first run.</summary>
    private List<AuditPrompt> Sample(IEnumerable<AuditPrompt> log)
    {
        var path = Path.Combine(_options.Folder, SampleFile);
        if (File.Exists(path))
        {
            return [.. AuditLog.Read(path)];
        }

        var drawn = AuditSample.Draw(log, _options.Prompts, _options.Seed);
        if (drawn.Count == 0)
        {
            throw new InvalidOperationException("The log has no requests, and nothing was drawn before: give RunAsync the app's requests.");
        }

        if (drawn.GroupBy(prompt => prompt.Id, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InvalidOperationException(
                $"The log has {twice.Count()} requests with the id \"{twice.Key}\": give each an id of its own, or none."
            );
        }

        using (var file = new FileStream(path + ".part", FileMode.Create, FileAccess.Write))
        {
            foreach (var prompt in drawn)
            {
                file.Write(AuditLog.ToJson(prompt));
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".part", path);
        return drawn;
    }

    private Dictionary<string, AnswerJudgement> Ratings(List<AuditPrompt> prompts)
    {
        var path = Path.Combine(_options.Folder, RatingsFile);
        return File.Exists(path)
            ? ReviewCsv.Read(File.ReadAllText(path), prompts.Select(prompt => prompt.Id).ToHashSet(StringComparer.Ordinal))
            : new Dictionary<string, AnswerJudgement>(StringComparer.Ordinal);
    }

    private async Task<Trial> TryAsync(
        AuditPrompt prompt,
        Dictionary<string, AnswerJudgement> ratings,
        AuditAsker asker,
        CancellationToken cancellationToken
    )
    {
        var step = _weak.Name;
        try
        {
            var weak = await asker.AskAsync(Name(prompt, _weak), _weak, prompt.Messages, cancellationToken).ConfigureAwait(false);
            step = _strong.Name;
            var strong = await asker.AskAsync(Name(prompt, _strong), _strong, prompt.Messages, cancellationToken).ConfigureAwait(false);
            step = "judge";
            var isRated = ratings.TryGetValue(prompt.Id, out var rating);
            var judged = isRated
                ? rating
                : await JudgeAsync(prompt, weak.Text, strong.Text, asker, cancellationToken).ConfigureAwait(false);
            return new Trial(
                judged is not { } judgement
                    ? null
                    : new AuditedPrompt
                    {
                        Prompt = prompt,
                        Task = TaskTypes.Of(prompt.Question),
                        WeakAnswer = weak.Text,
                        StrongAnswer = strong.Text,
                        Judgement = judgement,
                        IsByPerson = isRated,
                        WeakCost = weak.Cost,
                        StrongCost = strong.Cost,
                    }
            );
        }
        catch (AuditStopException exception)
        {
            return new Trial(null, exception.Stop, step, exception.InnerException);
        }
    }

    private async ValueTask<AnswerJudgement?> JudgeAsync(
        AuditPrompt prompt,
        string weak,
        string strong,
        AuditAsker asker,
        CancellationToken cancellationToken
    )
    {
        if (_options.Judge is not { } judge)
        {
            return null;
        }

        var number = 0;
        var answers = new AnswersToJudge(
            prompt.Question,
            weak,
            strong,
            async (client, messages, options, cancellation) =>
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{prompt.Id}/judge/{number++}");
                var (text, _) = await asker.AskAsync(name, client, messages, options, cancellation).ConfigureAwait(false);
                return new ChatResponse(new ChatMessage(ChatRole.Assistant, text));
            }
        );
        try
        {
            var judged = await judge.JudgeAsync(answers, cancellationToken).ConfigureAwait(false);
            return judged is { WeakQuality: >= 0 and <= 1, StrongQuality: >= 0 and <= 1 } ? judged : null;
        }
        catch (Exception exception)
            when (exception is not AuditStopException
                && (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            )
        {
            throw new AuditStopException(AuditStop.Failed, exception);
        }
    }

    private async Task<AuditResult> ResultAsync(Trial[] trials, SpendingLimit limit, CancellationToken cancellationToken)
    {
        List<AuditedPrompt> judged = [.. trials.Select(trial => trial.Audited).OfType<AuditedPrompt>()];
        var weak = new PolicyTier(_weak.Name, _weak.Model, MeanOf(judged, one => one.WeakCost));
        var strong = new PolicyTier(_strong.Name, _strong.Model, MeanOf(judged, one => one.StrongCost));
        var policy =
            _options.EmbeddingGenerator is { } generator && judged.Count >= RoutingPolicy.MinPrompts
                ? await RoutingPolicy
                    .FitAsync(
                        weak,
                        strong,
                        judged.ConvertAll(one => new JudgedPrompt(
                            one.Prompt.Question,
                            one.Judgement.WeakQuality,
                            one.Judgement.StrongQuality
                        )),
                        generator,
                        _options.Clock,
                        cancellationToken
                    )
                    .ConfigureAwait(false)
                : null;
        int Count(AuditStop stop) => trials.Count(trial => trial.Stop == stop);
        return new AuditResult
        {
            Weak = weak,
            Strong = strong,
            Prompts = judged,
            Policy = policy,
            Target = _options.Target,
            At = _options.Clock.GetUtcNow(),
            CallsPerMonth = _options.CallsPerMonth,
            Sampled = trials.Length,
            Failed = Count(AuditStop.Failed),
            Interrupted = Count(AuditStop.Interrupted),
            Unasked = Count(AuditStop.Money),
            Unjudged = trials.Count(trial => trial is { Audited: null, Stop: null }),
            Spent = limit.Spent,
        };
    }

    private static decimal? MeanOf(List<AuditedPrompt> judged, Func<AuditedPrompt, decimal?> cost) =>
        judged.Count > 0 && judged.TrueForAll(one => cost(one) is not null) ? judged.Average(cost) : null;

    private void Write(AuditResult result)
    {
        result.Policy?.Save(Path.Combine(_options.Folder, "policy.json"));
        File.WriteAllText(Path.Combine(_options.Folder, "report.md"), AuditReport.ToMarkdown(result));
        File.WriteAllText(Path.Combine(_options.Folder, "report.html"), AuditReport.ToHtml(result));
    }

    /// <summary>What came of a request.</summary>
    private sealed record Trial(AuditedPrompt? Audited, AuditStop? Stop = null, string? Step = null, Exception? Failure = null);
}
