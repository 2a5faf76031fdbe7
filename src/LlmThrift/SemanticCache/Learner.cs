using LlmThrift.Internal;
using LlmThrift.Vectors;

namespace LlmThrift.SemanticCache;

/// <summary>
/// What happens when the model has answered and the caller has the answer: it is compared with the answers of similar questions, the policy is
/// told, and the question joins those that have its answer.
/// </summary>
internal sealed class Learner(SemanticCacheState state, IServingPolicy policy, SemanticPersistence? persistence)
{
    /// <summary>With how many different answers a new one is compared.</summary>
    private const int MaxComparisons = 3;

    /// <summary>What is less likely than this to have the same answer is not worth a comparison, which may cost money.</summary>
    private const float MinScore = 0.05f;

    private static readonly TimeSpan ComparisonTimeout = TimeSpan.FromSeconds(60);

    public async Task LearnAsync(SemanticTrail trail, RecordedResponse recorded, CallContext call)
    {
        var startedAt = state.Clock.GetUtcNow();
        var ledger = call.ForUpkeep();
        try
        {
            var embedded = await EmbeddedAsync(trail, ledger).ConfigureAwait(false);
            if (embedded.Vector is not { } vector)
            {
                return;
            }

            var candidates = trail.Candidates ?? state.FindCandidates(trail.ScopeKey, vector);
            state.Score(candidates, trail.Question, vector);
            if ((trail.Kept ??= state.Keep(trail, vector, recorded, call)) is not { } entry)
            {
                return;
            }

            // The group of the entry that would have been served comes first, and may change while others learn.
            var first = trail.Decision?.Entry?.Group;
            var verdicts = await CompareAsync(entry, candidates, first, ledger).ConfigureAwait(false);
            var same = Array.Find(verdicts, verdict => verdict.IsSame == true).Group ?? state.Entries.FindSameText(entry);
            if (same is { } group)
            {
                state.Entries.Join(entry, group);
            }

            if (SemanticEntries.IsPresent(entry))
            {
                persistence?.Save(entry, state.Embedder.Model);
            }

            Tell(trail, entry, first, verdicts);
        }
        finally
        {
            ledger.Meter?.CloseUpkeep(ledger, startedAt);
        }
    }

    private async ValueTask<EmbeddedText> EmbeddedAsync(SemanticTrail trail, CallContext ledger)
    {
        var embedded = await (trail.Embedding ??= state.Embedder.Begin(trail.Question)).ConfigureAwait(false);
        if (!trail.IsEmbeddingBilled)
        {
            trail.IsEmbeddingBilled = true;
            state.Embedder.Bill(embedded, ledger);
        }

        return embedded;
    }

    private void Tell(SemanticTrail trail, SemanticEntry kept, AnswerGroup? first, GroupVerdict[] verdicts)
    {
        if (trail.Decision is not { } decision)
        {
            return;
        }

        var wasRight = first is null ? null : Array.Find(verdicts, verdict => verdict.Group == first).IsSame;
        policy.Learn(decision.Trace, decision.Choice, wasRight, verdicts, kept);
        if (trail.IsShadow && decision.Choice == ServingChoice.Serve && wasRight is { } right)
        {
            state.Shadow.AddComparison(right);
        }
    }

    /// <summary>Compares with the answers of the candidates, best first, until one is the same.</summary>
    private async ValueTask<GroupVerdict[]> CompareAsync(
        SemanticEntry entry,
        Candidate[] candidates,
        AnswerGroup? first,
        CallContext ledger
    )
    {
        var verdicts = new List<GroupVerdict>(MaxComparisons);
        foreach (var candidate in candidates.OrderByDescending(c => c.Entry.Group == first).ThenByDescending(c => c.Similarity))
        {
            var group = candidate.Entry.Group;
            if (candidate.Score < MinScore || group == entry.Group || verdicts.Exists(verdict => verdict.Group == group))
            {
                continue;
            }

            var pair = new AnswerPair(entry.Question, entry.Group.Answer.Text, candidate.Entry.Question, group.Answer.Text);
            var isSame = await CompareAsync(pair, ledger).ConfigureAwait(false);
            verdicts.Add(new GroupVerdict(group, isSame));
            if (isSame == true || verdicts.Count == MaxComparisons)
            {
                break;
            }
        }

        return [.. verdicts];
    }

    private async ValueTask<bool?> CompareAsync(AnswerPair pair, CallContext ledger)
    {
        try
        {
            using var cancellation = new CancellationTokenSource(ComparisonTimeout, state.Clock);
            var comparing = state.Options.AnswerComparer is IBilledAnswerComparer billed
                ? billed.AreSameAsync(pair, ledger, state.Embedder, cancellation.Token)
                : state.Options.AnswerComparer.AreSameAsync(pair, cancellation.Token);
            return await comparing.AsTask().WaitAsync(cancellation.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            state.Failures.Report("answer comparer", exception);
            return null;
        }
    }
}
