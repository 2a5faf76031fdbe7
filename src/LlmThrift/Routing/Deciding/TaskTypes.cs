using System.Text.RegularExpressions;

namespace LlmThrift.Routing;

/// <summary>Tells kinds of work apart by wording: English verbs and nouns of the request, and marks that are the same in every language.</summary>
internal static partial class TaskTypes
{
    /// <summary>What is asked stands at the beginning or at the end; a document in between says nothing about it.</summary>
    private const int Edge = 400;

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>Milliseconds: none of the patterns takes a thousandth of that on so short a text.</summary>
    private const int Timeout = 1_000;

    /// <summary>Longer questions about a fact are rare.</summary>
    private const int FaqCharacters = 160;

    public static TaskType Of(string question)
    {
        var asked =
            question.Length <= 2 * Edge ? question : string.Concat(question.AsSpan(0, Edge), "\n", question.AsSpan(question.Length - Edge));
        if (Summary().IsMatch(asked))
        {
            return TaskType.Summary;
        }

        if (Classification().IsMatch(asked))
        {
            return TaskType.Classification;
        }

        if (Extraction().IsMatch(asked))
        {
            return TaskType.Extraction;
        }

        if (Code().IsMatch(asked))
        {
            return TaskType.Code;
        }

        if (Creative().IsMatch(asked))
        {
            return TaskType.Creative;
        }

        if (Reasoning().IsMatch(asked) || (asked.EndsWith('?') && Number().Count(asked) > 2))
        {
            return TaskType.Reasoning;
        }

        if (Drafting().IsMatch(asked))
        {
            return TaskType.Drafting;
        }

        return question.Length is > 0 and <= FaqCharacters && question.AsSpan().TrimEnd() is [.., '?' or '？' or '؟']
            ? TaskType.Faq
            : TaskType.Other;
    }

    [GeneratedRegex(
        @"\b(summari[sz]e|summary|tl;?dr|key (points|takeaways)|shorten (this|the)|in (one|two|three) sentences?)\b",
        Options,
        Timeout
    )]
    private static partial Regex Summary();

    [GeneratedRegex(
        @"\b(classify|categori[sz]e|sentiment|label (this|the|each)|which (category|label|class)|(positive|spam|true) or (negative|ham|false|not))\b",
        Options,
        Timeout
    )]
    private static partial Regex Classification();

    [GeneratedRegex(
        @"\b(extract|parse|pull out|find all|list all|fill in|named entities|as json|into json|return json)\b",
        Options,
        Timeout
    )]
    private static partial Regex Extraction();

    [GeneratedRegex(
        @"```|\b(function|method|class|regex|sql|query|script|code|bug|stack trace|exception|compile|refactor|unit test|python|javascript|typescript|java|c\+\+|c#|rust|bash|html|css)\b|#include|\bdef \w+\(|;\s*\n|=>|\(\)\s*\{",
        Options,
        Timeout
    )]
    private static partial Regex Code();

    [GeneratedRegex(
        @"\b(story|poem|haiku|song|lyrics|novel|joke|brainstorm|imagine|slogan|tagline|creative|role-?play)\b",
        Options,
        Timeout
    )]
    private static partial Regex Creative();

    [GeneratedRegex(
        @"\b(prove|proof|derive|solve|calculate|compute|how (many|much) .{0,200}\b(if|after|left|altogether|total|each)\b|step by step|theorem|equation|probability|integral|what is the (value|sum|product|remainder)|puzzle|trade-?offs?|why does|compare)\b",
        Options | RegexOptions.Singleline,
        Timeout
    )]
    private static partial Regex Reasoning();

    [GeneratedRegex(
        @"\b(write|draft|compose|reply to|rewrite|rephrase|proofread|translate|e-?mail|letter|message|post|announcement|report|article|blog)\b",
        Options,
        Timeout
    )]
    private static partial Regex Drafting();

    [GeneratedRegex(@"\d+([.,]\d+)?", Options, Timeout)]
    private static partial Regex Number();
}
