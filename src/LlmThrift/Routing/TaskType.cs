namespace LlmThrift.Routing;

/// <summary>What kind of work a question asks for, as far as its wording tells.</summary>
public enum TaskType
{
    /// <summary>None of the others stands out.</summary>
    Other,

    /// <summary>A short question about a fact, such as opening hours.</summary>
    Faq,

    /// <summary>Fields to be taken out of a text.</summary>
    Extraction,

    /// <summary>One label out of a few.</summary>
    Classification,

    /// <summary>A letter, a message or another text for use.</summary>
    Drafting,

    /// <summary>Program code to be written, explained or mended.</summary>
    Code,

    /// <summary>A text to be shortened.</summary>
    Summary,

    /// <summary>Mathematics, logic, or several steps to think through.</summary>
    Reasoning,

    /// <summary>A story, a poem, ideas.</summary>
    Creative,
}
